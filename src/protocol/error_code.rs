//! The error codes: the draft's table (section 7.11) and those known from practice.

/// Where a code is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// In the draft's table.
    Draft,
    /// Seen on the deployed service, not in the draft.
    Practice,
}

/// One error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode {
    /// The three digits, as a number.
    pub code: u16,
    /// The same as they are written.
    pub digits: &'static str,
    /// The draft's name for it, in words where the draft has none.
    pub name: &'static str,
    /// What it is for, as far as anybody knows.
    pub cause: &'static str,
    /// Where it is known from.
    pub origin: Origin,
}

impl ErrorCode {
    /// Looks a code up.
    #[must_use]
    pub fn find(code: u16) -> Option<&'static Self> {
        CODES.iter().find(|known| known.code == code)
    }

    /// The code of a word such as `911`: exactly three digits.
    #[must_use]
    pub fn parse_word(word: &[u8]) -> Option<u16> {
        if word.len() != 3 || !word.iter().all(u8::is_ascii_digit) {
            return None;
        }
        Some(
            word.iter()
                .fold(0, |code, digit| code * 10 + u16::from(digit - b'0')),
        )
    }
}

/// All known codes, in rising order.
#[must_use]
pub fn error_codes() -> &'static [ErrorCode] {
    CODES
}

macro_rules! codes {
    ($($code:literal $origin:ident $name:literal $cause:literal;)*) => {
        static CODES: &[ErrorCode] = &[$(
            ErrorCode { code: $code, digits: stringify!($code), name: $name, cause: $cause, origin: Origin::$origin },
        )*];
    };
}

codes! {
    200 Draft "ERR_SYNTAX_ERROR" "a line that does not parse; never seen on the service";
    201 Draft "ERR_INVALID_PARAMETER" "ADD of a malformed handle, CHG FLN, a bad search";
    205 Draft "ERR_INVALID_USER" "ADD of a well-formed handle without an account";
    206 Draft "ERR_FQDN_MISSING" "a login handle without a domain";
    207 Draft "ERR_ALREADY_LOGIN" "USR after login";
    208 Draft "ERR_INVALID_USERNAME" "CAL of a malformed handle";
    209 Draft "ERR_INVALID_FRIENDLY_NAME" "REA with a forbidden name";
    210 Draft "ERR_LIST_FULL" "ADD to a full list";
    215 Draft "ERR_ALREADY_THERE" "ADD of an entry that is there, CAL of a participant";
    216 Draft "ERR_NOT_ON_LIST" "REM of an entry that is not there";
    217 Practice "not online" "CAL of a user who is offline, hidden, unknown or blocking";
    218 Draft "ERR_ALREADY_IN_THE_MODE" "GTC or BLP with the present value";
    219 Draft "ERR_ALREADY_IN_OPPOSITE_LIST" "ADD AL of a user on BL, or the reverse";
    223 Practice "too many groups" "groups, MSNP7 and later";
    224 Practice "no such group" "groups, MSNP7 and later";
    225 Practice "not in the group" "groups, MSNP7 and later";
    229 Practice "group name too long" "groups, MSNP7 and later";
    230 Practice "the group cannot be removed" "groups, MSNP7 and later";
    280 Draft "ERR_SWITCHBOARD_FAILED" "no switchboard to be had";
    281 Draft "ERR_NOTIFY_XFR_FAILED" "the referral failed";
    282 Practice "message refused" "a malformed MSG of mode D, MSNP9 and later";
    300 Draft "ERR_REQUIRED_FIELDS_MISSING" "a parameter is missing";
    301 Practice "too many hits" "FND found too much";
    302 Draft "ERR_NOT_LOGGED_IN" "a command that needs a login, before it";
    420 Practice "unknown client" "CVR of an unknown client";
    500 Draft "ERR_INTERNAL_SERVER" "trouble inside the server";
    501 Draft "ERR_DB_SERVER" "trouble with the database";
    502 Practice "command disabled" "FND after 2003";
    503 Practice "malformed invitation" "SND with bad parameters";
    510 Draft "ERR_FILE_OPERATION" "trouble with a file";
    520 Draft "ERR_MEMORY_ALLOC" "out of memory";
    540 Practice "challenge failed" "a wrong QRY, MSNP6 and later";
    600 Draft "ERR_SERVER_BUSY" "the server is busy";
    601 Draft "ERR_SERVER_UNAVAILABLE" "the server is not available";
    602 Draft "ERR_PEER_NS_DOWN" "the other user's notification server is down";
    603 Draft "ERR_DB_CONNECT" "the database cannot be reached";
    604 Draft "ERR_SERVER_GOING_DOWN" "the server is going down";
    707 Draft "ERR_CREATE_CONNECTION" "a connection could not be made";
    710 Practice "bad client parameters" "CVR with a bad locale";
    711 Draft "ERR_BLOCKING_WRITE" "a write would block";
    712 Draft "ERR_SESSION_OVERLOAD" "the session is overloaded";
    713 Draft "ERR_USER_TOO_ACTIVE" "the sixth failing CAL in a row";
    714 Draft "ERR_TOO_MANY_SESSIONS" "too many sessions";
    715 Draft "ERR_NOT_EXPECTED" "a login command at the wrong time";
    717 Draft "ERR_BAD_FRIEND_FILE" "the stored lists are damaged";
    731 Practice "malformed CVR" "CVR out of turn or malformed";
    800 Practice "changing too rapidly" "too many REA";
    910 Practice "too busy to authenticate" "login under load";
    911 Draft "ERR_AUTHENTICATION_FAILED" "a failed login, a refused cookie";
    913 Draft "ERR_NOT_ALLOWED_WHEN_OFFLINE" "XFR SB while hidden or before the first CHG";
    917 Practice "invalid domain" "login with a foreign domain";
    920 Draft "ERR_NOT_ACCEPTING_NEW_USERS" "no new users at the moment";
    921 Practice "too busy to authenticate" "login under load";
    922 Practice "too busy to authenticate" "login under load";
    923 Practice "child account" "MSNP4 and later";
    924 Practice "unverified account" "MSNP5 and later";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_rise() {
        assert!(CODES.is_sorted_by(|a, b| a.code < b.code));
    }

    #[test]
    fn only_three_digits_are_a_code() {
        assert_eq!(ErrorCode::parse_word(b"911"), Some(911));
        assert_eq!(ErrorCode::parse_word(b"91"), None);
        assert_eq!(ErrorCode::parse_word(b"9a1"), None);
        assert_eq!(ErrorCode::parse_word(b"9110"), None);
    }
}
