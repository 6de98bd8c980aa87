//! The refusals whose codes clauses name.

use super::outcome::Refusal;
use crate::protocol::ClauseId;

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident $clause:ident $code:literal [$($other:literal)*] $breach:literal;)*) => {
        $(
            $(#[$doc])*
            pub static $name: Refusal = Refusal {
                clause: ClauseId::$clause,
                code: $code,
                others: &[$($other),*],
                breach: $breach,
            };
        )*

        #[cfg(test)]
        static ALL: &[&Refusal] = &[$(&$name),*];
    };
}

refusals! {
    /// USR of a handle without a domain; the wrong time (715, 207) comes before it.
    LOGIN_HANDLE HANDLE_4 206 [911 715 207] "a handle without a domain is refused with another code";
    /// What needs a login, without one.
    NOT_LOGGED_IN USR_14 302 [715] "what needs a login is refused with another code";
    /// GTC with the present value.
    SAME_PROMPT GTC_3 218 [] "the same value draws another code";
    /// BLP with the present value.
    SAME_PRIVACY BLP_3 218 [] "the same value draws another code";
    /// CHG to the present state, which may be refused.
    SAME_STATE CHG_10 218 [] "the present state is refused with another code";
    /// ADD of a handle that is none.
    LIST_HANDLE ADD_7 201 [205 206 208] "a malformed handle is refused with another code";
    /// ADD of an entry that is there.
    THERE ADD_4 215 [] "an entry that is there is refused with another code";
    /// ADD to AL of an entry of BL, or the reverse.
    OPPOSED ADD_5 219 [] "an entry of the opposite list is refused with another code";
    /// ADD of one who does not exist.
    NOBODY ADD_6 205 [] "one who does not exist is refused with another code";
    /// REM of an entry that is not there.
    ABSENT REM_5 216 [205] "an entry that is not there is refused with another code";
    /// XFR of a hidden user.
    HIDDEN SBX_4 913 [] "a hidden user's XFR is refused with another code";
    /// XFR before the first CHG, which may be refused.
    UNSET SBX_5 913 [] "an XFR before the first CHG is refused with another code";
    /// A cookie that does not open.
    COOKIE SBU_5 911 [] "a bad cookie is refused with another code";
    /// CAL of one who cannot be reached.
    UNREACHABLE CAL_7 217 [216 205 913 208] "whoever cannot be reached is refused with another code";
    /// CAL of a participant, who may be rung again.
    PRESENT CAL_8 215 [] "a participant is refused with another code";
    /// ADD into a group that the contact is in.
    IN_GROUP INTO_3 215 [] "an entry of the group is refused with another code";
    /// ADD into a group that there is not.
    NO_GROUP_TO_ENTER INTO_4 224 [] "a group that there is not is refused with another code";
    /// REM from a group that the contact is not in.
    NOT_IN_GROUP OUTOF_3 225 [224 216] "one who is not in the group is refused with another code";
    /// REM from a group that there is not.
    NO_GROUP_TO_LEAVE OUTOF_3 224 [225 216] "a group that there is not is refused with another code";
    /// REG and RMG of a group that there is not.
    NO_GROUP GRP_10 224 [] "a group that there is not is refused with another code";
    /// PRP of a property that nobody knows.
    NO_PROPERTY PRP_6 715 [] "an unknown property is refused with another code";
    /// CAL of a handle that is none.
    CALLEE_HANDLE CAL_10 208 [217 205 216] "a malformed handle is refused with another code";
}

/// Whether a code says what a list holds: an entry is there, is not, or stands on the opposite list.
#[must_use]
pub fn tells_of_lists(code: u16) -> bool {
    [&THERE, &ABSENT, &OPPOSED]
        .iter()
        .any(|refusal| refusal.code == code)
}

/// Whether a code says that a list or setting is as wanted already.
#[must_use]
pub fn is_so_already(code: u16) -> bool {
    [&THERE, &ABSENT, &SAME_PROMPT]
        .iter()
        .any(|refusal| refusal.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ErrorCode;

    #[test]
    fn each_code_is_one_and_stands_in_its_clause() {
        for refusal in ALL {
            let codes = refusal.codes();
            assert!(codes.clone().all(|code| ErrorCode::find(code).is_some()));
            let clause = refusal.clause.clause();
            let mut says = [Some(clause.text), clause.accept].into_iter().flatten();
            let code = refusal.code.to_string();
            assert!(says.any(|text| text.contains(&code)), "{}", clause.name);
            assert!(codes.clone().all(|code| refusal.has(code)) && !refusal.has(200));
        }
    }

    #[test]
    fn what_codes_tell() {
        let of = |is: fn(u16) -> bool| (200..300).filter(|code| is(*code)).collect::<Vec<_>>();
        assert_eq!(of(tells_of_lists), [215, 216, 219]);
        assert_eq!(of(is_so_already), [215, 216, 218]);
    }
}
