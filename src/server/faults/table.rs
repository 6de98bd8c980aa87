//! All faults: name, clauses, how, and what the server does wrong. Below the bar stand habits: what
//! servers do in their own way, be it wrong or not.
//!
//! The first of a fault's clauses is the one that it is for. The name that users write is that of
//! the constant, in kebab-case.

use super::row::How::{Both, Incoming, Inside, Outgoing};
use super::row::{Fault, Row};
use super::{
    batches, challenges, clients, crowds, dialects, errors, extras, framing, groups, habits, later,
    lists, login, messages, phones, presence, settings, switchboard, tickets, transactions,
};
use crate::protocol::ClauseId;

macro_rules! table {
    (
        $($name:ident [$($clause:ident)+] $how:expr, $text:literal;)*
        | $($habit:ident [$($broken:ident)*] $way:expr, $words:literal;)*
    ) => {
        #[expect(non_camel_case_types, reason = "the variants carry the names of the constants")]
        enum Index { $($name,)* $($habit),* }

        impl Fault {
            $(#[doc = $text] pub const $name: Fault = Fault(Index::$name as u16);)*
            $(#[doc = $words] pub const $habit: Fault = Fault(Index::$habit as u16);)*
        }

        /// All faults, in the order of the draft.
        pub(super) static ALL: &[Fault] = &[$(Fault::$name),*];

        /// All habits.
        pub(super) static HABITS: &[Fault] = &[$(Fault::$habit),*];

        /// What is known of each, in the same order.
        pub(super) static ROWS: &[Row] = &[
            $(table!(@row $name [$($clause)*] $how, $text),)*
            $(table!(@row $habit [$($broken)*] $way, $words)),*
        ];
    };
    (@row $name:ident [$($clause:ident)*] $how:expr, $text:literal) => {
        Row {
            name: {
                const NAME: &[u8] = &kebab::<{ stringify!($name).len() }>(stringify!($name));
                match std::str::from_utf8(NAME) {
                    Ok(name) => name,
                    Err(_) => panic!("names are ASCII"),
                }
            },
            description: $text,
            clauses: &[$(ClauseId::$clause),*],
            how: $how,
        }
    };
}

/// `LOWER_CASE` as `lower-case`.
#[expect(
    clippy::indexing_slicing,
    reason = "bounded by the length of both, at compile time"
)]
const fn kebab<const LENGTH: usize>(name: &str) -> [u8; LENGTH] {
    let mut made = [0; LENGTH];
    let mut place = 0;
    while place < LENGTH {
        made[place] = match name.as_bytes()[place] {
            b'_' => b'-',
            byte => byte.to_ascii_lowercase(),
        };
        place += 1;
    }
    made
}

table! {
    // framing (5.2)
    LINE_FEED_ALONE [FRAME_1] Outgoing(framing::line_feed_alone), "Lines end in LF alone.";
    LOWER_CASE_REPLIES [FRAME_2] Outgoing(framing::lower_case), "The replies to CHG, ADD and REM are written in lower case.";
    FOUR_LETTER_COMMANDS [FRAME_2 JOI_1 PRES_6] Outgoing(framing::long_verb), "JOI and NLN have a fourth letter.";
    RAW_BLANKS [FRAME_3 NAME_1] Outgoing(framing::raw_blanks), "Blanks in names are not encoded.";
    RAW_LETTERS [FRAME_3 NAME_1] Outgoing(framing::raw_letters), "Letters beyond ASCII are not encoded.";
    RAW_TABS [FRAME_3 FRAME_10 ADD_12] Outgoing(framing::raw_tabs), "Tabs in names are not encoded.";
    ONE_BLANK_ONLY [FRAME_4] Incoming(framing::one_blank_only), "Two blanks between parameters end the connection.";
    TAB_IS_NO_BLANK [FRAME_4 FRAME_5] Incoming(framing::tab_is_no_blank), "A tab in a line ends the connection.";
    NO_TRAILING_BLANK [FRAME_5] Incoming(framing::no_trailing_blank), "A blank at the end of a line ends the connection.";
    LINE_END_AFTER_PAYLOAD [FRAME_6] Outgoing(framing::line_end_after_payload), "A payload is followed by a CRLF that its length does not count.";
    LENGTH_IN_LETTERS [MSG_3 MSG_2 FRAME_6] Outgoing(framing::length_in_letters), "The length of a payload counts letters, not bytes.";
    ANY_CASE [FRAME_7] Incoming(framing::any_case), "Command names are taken in any case.";
    SEGMENT_IS_COMMAND [FRAME_8 FRAME_15] Inside, "The part of a line that a segment ends with is thrown away.";
    ONE_COMMAND_A_SEGMENT [FRAME_9 REPLY_2] Inside, "Of several commands in one segment only the first is carried out.";
    ENTRY_ENDS_SEGMENT [FRAME_9 REPLY_2] Inside, "What comes in one segment with USR or ANS, behind it, is not read on a switchboard.";
    CALL_ENDS_SEGMENT [FRAME_9 REPLY_2] Inside, "What comes in one segment with CAL, behind it, is not read.";
    TWO_BLANKS [FRAME_10] Outgoing(framing::two_blanks), "Two blanks stand between parameters.";
    TRAILING_BLANK [FRAME_10] Outgoing(framing::trailing_blank), "Lines end in a blank.";
    UNKNOWN_COMMAND_TAKEN [FRAME_12 OLD_1] Incoming(framing::unknown_command), "Unknown commands are answered with OK.";
    ENCODED_COMMAND_TAKEN [FRAME_12] Incoming(framing::encoded_command), "Command names are decoded before they are looked up.";
    FOREIGN_COMMAND_TAKEN [FRAME_13] Incoming(framing::foreign_command), "Commands of the other kind of server seem to succeed.";
    SERVER_COMMAND_TAKEN [FRAME_13] Incoming(framing::server_command), "Commands that only servers send come back.";
    EXTRA_PARAMETERS_IGNORED [FRAME_14] Incoming(framing::extra_parameters), "Parameters too many are ignored.";
    MISSING_PARAMETERS_GUESSED [FRAME_14] Incoming(framing::missing_parameters), "A missing parameter is guessed.";
    ENDLESS_LINE_KEPT [FRAME_15] Inside, "A line that never ends is buffered for ever.";
    ENDLESS_LINE_STOPS_ALL [FRAME_15 LIVE_1] Inside, "After a line that never ends nobody is served.";
    EMPTY_LINE_STOPS_ALL [FRAME_16 LIVE_1] Incoming(framing::empty_line), "After an empty line nobody is served.";
    EMPTY_LINE_CLOSES_ALL [FRAME_16 LIVE_1] Incoming(framing::empty_line_closes_all), "An empty line closes all connections.";
    RAW_BYTES_STOP_ALL [FRAME_17 LIVE_1] Incoming(framing::raw_bytes), "After bytes beyond ASCII nobody is served.";
    // requests and replies (5.3)
    REMOVE_ERROR_UNANSWERED [REPLY_1 REM_4 REM_5] Outgoing(transactions::remove_error_unanswered), "A REM that fails is not answered.";
    DEAF_WHILE_BUSY [REPLY_2 FRAME_9] Both(transactions::deaf_while_busy, transactions::slow_replies), "What comes while a reply to GTC or BLP is written is not read.";
    DEAF_AFTER_ERROR [REPLY_3] Outgoing(transactions::deaf_after_error), "After an error nothing on the connection is answered.";
    UNASKED_REPLY [REPLY_4] Outgoing(transactions::unasked_reply), "After a CHG comes a BLP that nobody asked for.";
    ANSWERED_TWICE [REPLY_5] Outgoing(transactions::answered_twice), "GTC, BLP and REM are answered twice.";
    SUCCESS_AND_ERROR [REPLY_5] Outgoing(transactions::success_and_error), "GTC and BLP are answered by success and by 500.";
    REPLY_TO_ANOTHER [REPLY_1 REPLY_4 REM_1] Outgoing(transactions::reply_to_another), "The reply to REM goes to the connection that sent the command before.";
    // transaction identifiers (5.6)
    TRID_OFF_BY_ONE [TRID_1] Outgoing(transactions::trid_off_by_one), "Replies to GTC, BLP, REM and URL carry the next TrID.";
    TRID_OF_ANOTHER [TRID_1] Outgoing(transactions::trid_of_another), "The reply to GTC carries the TrID of another connection's command.";
    TRID_16_BITS [TRID_2] Outgoing(transactions::trid_16_bits), "TrIDs are kept in 16 bits.";
    TRID_SIGNED [TRID_2] Outgoing(transactions::trid_signed), "TrIDs of 2147483648 and more come back negative.";
    TRID_ZERO_REFUSED [TRID_2] Incoming(transactions::trid_zero_refused), "TrID 0 ends the connection.";
    TRIDS_MUST_RISE [TRID_3] Incoming(transactions::trids_must_rise), "A command whose TrID is not above the last one is ignored.";
    BATCH_TRID_ZERO [SYN_4 TRID_4] Outgoing(transactions::batch_trid_zero), "The LST lines of a synchronisation carry TrID 0.";
    ROSTER_TRID_COUNTS [ANS_1 TRID_4] Outgoing(transactions::roster_trid_counts), "IRO carries the TrID after that of the ANS.";
    ILN_TRID_ZERO [PRES_1 PRES_3 TRID_4] Outgoing(transactions::iln_trid_zero), "ILN carries TrID 0.";
    UNASKED_ADD_HAS_TRID [TRID_5 ADD_10] Outgoing(transactions::unasked_add_has_trid), "The ADD that tells of a new watcher carries the watcher's TrID.";
    UNASKED_REM_HAS_TRID [TRID_5 REM_7] Outgoing(transactions::unasked_rem_has_trid), "The REM that tells of a lost watcher carries the watcher's TrID.";
    MISSING_TRID_GUESSED [TRID_6 FRAME_14] Incoming(transactions::missing_trid), "A command without a TrID is carried out as if it had 0.";
    ANY_TRID_TAKEN [TRID_6] Incoming(transactions::any_trid), "A TrID that is no number counts as 0.";
    PRESENCE_HAS_TRID [TRID_9 PRES_6 PRES_7] Outgoing(transactions::presence_has_trid), "NLN and FLN carry TrID 0.";
    SESSION_LINES_HAVE_TRID [TRID_9 JOI_1 BYE_1] Outgoing(transactions::session_lines_have_trid), "JOI and BYE carry TrID 0.";
    RING_HAS_TRID [TRID_9 RNG_1] Outgoing(transactions::ring_has_trid), "RNG carries TrID 0.";
    // handles and names (5.4, 5.5)
    LONG_HANDLE_REFUSED [HANDLE_1] Incoming(login::long_handle_refused), "Handles over 64 bytes are refused.";
    TOO_LONG_HANDLE_TAKEN [HANDLE_2] Incoming(login::too_long_handle_taken), "Handles over 129 bytes can log in and be added.";
    TOO_LONG_HANDLE_STOPS_ALL [HANDLE_2 LIVE_1] Incoming(login::too_long_handle_stops_all), "After a handle over 129 bytes nobody is served.";
    NO_DOMAIN_LET_IN [HANDLE_3 HANDLE_4] Incoming(login::no_domain_let_in), "A login handle without a domain is let in.";
    NO_DOMAIN_IS_201 [HANDLE_4] Outgoing(errors::no_domain_is_201), "A login handle without a domain draws 201.";
    FOREIGN_DOMAIN_UNANSWERED [REPLY_1] Incoming(login::foreign_domain_unanswered), "A command with a handle of another domain is not answered.";
    LATIN_1_NAMES [NAME_1 ADD_12] Outgoing(framing::latin_1), "What is encoded in names is Latin-1.";
    NAMES_CUT [NAME_2 ADD_12 NAME_3] Incoming(lists::names_cut), "Names are cut at 129 bytes.";
    TOO_LONG_NAMES_CUT [NAME_3] Incoming(lists::too_long_names_cut), "Names over 387 bytes are cut and taken.";
    LINE_BREAKS_IN_NAMES [NAME_4 FRAME_3] Outgoing(framing::line_breaks_in_names), "Line breaks in names are decoded.";
    // VER and INF (7.1, 7.2)
    OTHER_DIALECT [VER_1 VER_2] Outgoing(login::other_dialect), "MSNP3 is agreed on, whatever was offered.";
    NEEDS_CVR0 [VER_2] Incoming(login::needs_cvr0), "No dialect is agreed on without CVR0.";
    FIRST_DIALECT_ALONE [VER_3 VER_2] Incoming(login::first_dialect_alone), "Only the first dialect that is offered counts.";
    LOWER_CASE_DIALECT_UNANSWERED [VER_4 REPLY_1] Incoming(login::lower_case_dialect_unanswered), "A VER with msnp2 is not answered.";
    VER_FAILURE_UNTOLD [VER_5] Outgoing(login::failure_untold), "Where no dialect is shared the server closes without a word.";
    ZERO_IS_A_DIALECT [VER_6 VER_2] Both(login::zero_taken_for_the_dialect, login::zero_named), "The dialect 0 is agreed on where it is offered.";
    FAILED_VER_STAYS_SILENT [VER_7] Outgoing(login::note_failure), "After a failed negotiation the connection stays, and nothing is answered on it.";
    SECOND_VER_UNANSWERED [VER_8 REPLY_1] Incoming(login::second_ver_unanswered), "A second VER is not answered.";
    OTHER_DIALECT_FIRST [VER_9 VER_1] Outgoing(login::other_dialect_first), "The reply to VER begins with a dialect that was not offered.";
    NOTIFICATION_WITHOUT_VER [VER_10] Outgoing(login::notification_without_ver), "The notification server refuses VER.";
    INF_WITHOUT_PACKAGE [INF_1 INF_2] Outgoing(login::no_package), "INF names no security package.";
    INF_OTHER_PACKAGE [INF_2] Outgoing(login::other_package), "INF names CTP alone.";
    // USR on the notification server (7.3)
    CHALLENGE_MISSING [USR_1] Outgoing(login::challenge_missing), "The challenge is empty.";
    CHALLENGE_OF_ANOTHER [USR_2] Outgoing(login::challenge_of_another), "The challenge that is sent is that of the login before.";
    DIGEST_SWAPPED [USR_2] Inside, "The password is hashed before the challenge.";
    OK_NAMES_ANOTHER [USR_3] Outgoing(login::ok_names_another), "USR OK names another user who is logged in.";
    OK_NAMES_BY_HANDLE [USR_4] Outgoing(login::ok_names_by_handle), "USR OK gives the handle for the name.";
    ANY_PASSWORD [USR_5 USR_6] Inside, "Any response logs in.";
    FAILED_LOGIN_IS_910 [USR_6] Outgoing(errors::failed_login_is_910), "A failed login draws 910.";
    NO_STARTING_OVER [USR_7 REPLY_3] Outgoing(login::no_starting_over), "After a failed login nothing on the connection is answered.";
    UNKNOWN_USER_ADMITTED [USR_8 TWN_7] Inside, "Unknown users get an account at login.";
    CHALLENGE_NEVER_CHANGES [USR_9] Inside, "All logins get the same challenge.";
    CHALLENGE_FOR_ALL [USR_10 TWN_5] Inside, "A response to a challenge of another connection logs in, and a ticket that another has asked for.";
    ANY_PACKAGE [USR_11] Incoming(login::any_package), "Any security package is taken for MD5.";
    SECOND_USR_CHALLENGED [USR_12] Outgoing(login::second_usr_challenged), "USR after login is challenged.";
    SECOND_USR_CLOSES [USR_12 TWN_9] Incoming(login::usr_after_login_closes), "USR after login ends the connection.";
    COMMANDS_BEFORE_LOGIN [USR_13 TWN_13] Incoming(login::commands_before_login), "Commands before login seem to succeed.";
    NOT_LOGGED_IN_IS_500 [USR_14] Outgoing(errors::not_logged_in_is_500), "A command before login draws 500.";
    EMPTY_RESPONSE [USR_15 USR_5] Incoming(login::empty_response), "An empty response logs in.";
    PROFILE_LENGTH [FRAME_6 USR_17] Outgoing(login::profile_length), "The length of the profile is two bytes short.";
    PROFILE_WITHOUT_HEADER [USR_17] Outgoing(login::profile_without_header), "The profile is no MIME.";
    // referral (7.4)
    REFERRAL_TRID [XFR_1 TRID_1] Outgoing(login::referral_trid), "The referral to a notification server carries TrID 0.";
    REFERRAL_KEEPS_CONNECTION [XFR_2] Inside, "The dispatch server does not close after a referral.";
    REFERRAL_TO_NOWHERE [XFR_3] Outgoing(login::referral_to_nowhere), "Nobody listens at the address of the referral.";
    REFERRAL_TYPE [XFR_4 XFR_1] Outgoing(login::referral_type), "The referral at login has the type DS.";
    REFERRAL_PORT [XFR_4 XFR_3] Outgoing(login::referral_port), "The port of the referral is a word.";
    // SYN (7.5)
    SYN_NUMBER_OVERFLOWS [SYN_1 SYN_6] Outgoing(settings::syn_number_overflows), "SYN with the highest number of all is answered by one more.";
    SYN_WITHOUT_NUMBER [SYN_1] Outgoing(settings::syn_without_number), "The reply to SYN holds no number.";
    SYN_OLD_NUMBER [SER_2 SYN_6 SYN_1] Outgoing(settings::syn_old_number), "The reply to SYN holds the number before the last.";
    SYN_ALWAYS_FULL [SYN_2] Incoming(settings::syn_always_full), "A client that is up to date gets the whole batch.";
    BATCH_ORDER [SYN_3] Inside, "The lists of a synchronisation come in the reverse order.";
    BATCH_WITHOUT_BLP [SYN_3 SYN_5] Outgoing(settings::batch_without_blp), "A synchronisation brings no BLP.";
    BATCH_CUT [SYN_5] Outgoing(settings::batch_cut), "A synchronisation brings one entry of each list.";
    BATCH_OLD_NUMBER [SYN_6 SER_2] Outgoing(settings::batch_old_number), "The lines of a synchronisation hold the number before the last.";
    FORWARD_LIST_FORGOTTEN [SYN_7 ADD_3] Inside, "The FL is emptied at the end of a session.";
    OFFLINE_CHANGE_KEEPS_NUMBER [SYN_8 SER_3] Inside, "A change of the RL of an offline user does not raise the number.";
    OFFLINE_CHANGE_LOST [SYN_8 ADD_9] Inside, "Whoever is added while offline never learns of it.";
    SECOND_SYN_UNANSWERED [SYN_10 REPLY_1] Incoming(settings::second_syn_unanswered), "A second SYN is not answered.";
    SECOND_SYN_ALONE [SYN_10 SYN_3] Outgoing(settings::second_syn_alone), "A second SYN brings no batch.";
    NEW_ACCOUNT_WITHOUT_BATCH [SYN_11 SYN_3] Incoming(settings::new_account_without_batch), "An account that nobody has changed gets no batch.";
    // LST, GTC, BLP (7.6)
    LST_WITHOUT_NAME [LST_1] Outgoing(settings::lst_without_name), "LST lines hold no name.";
    LST_FROM_ZERO [LST_2] Outgoing(settings::lst_from_zero), "LST counts from 0.";
    LST_TOTAL_TOO_HIGH [LST_2] Outgoing(settings::lst_total_too_high), "The total of LST is one too high.";
    EMPTY_LST_UNANSWERED [LST_3 REPLY_1] Outgoing(settings::empty_lst_unanswered), "LST of an empty list is not answered.";
    EMPTY_LST_COUNTS_ONE [LST_3] Outgoing(settings::empty_lst_counts_one), "LST of an empty list says 1 of 1.";
    RL_CANNOT_BE_ASKED [LST_4] Incoming(settings::rl_cannot_be_asked), "LST RL draws 201.";
    LST_HIDES_LAST [LST_5 ADD_3] Outgoing(settings::lst_hides_last), "LST does not show the entry added last.";
    ANY_LIST_SHOWN [LST_6] Incoming(settings::any_list_shown), "LST of an unknown list shows an empty one.";
    GTC_OLD_VALUE [GTC_1] Outgoing(settings::gtc_old_value), "The reply to GTC shows the old value.";
    GTC_DEFAULT_TAKEN [GTC_2 GTC_3] Outgoing(settings::gtc_default_taken), "Setting GTC to A succeeds for a user who has never set it.";
    GTC_SAME_TAKEN [GTC_2 GTC_3] Outgoing(settings::gtc_same_taken), "Setting GTC to its value succeeds.";
    GTC_SAME_IS_201 [GTC_3 SETT_2] Outgoing(errors::same_prompt_is_201), "Setting GTC to its value draws 201.";
    GTC_DEFAULT [GTC_4] Inside, "GTC of a new account is N.";
    GTC_FORGOTTEN [GTC_5 SYN_7] Inside, "GTC is A again after the end of a session.";
    GTC_ANY_VALUE [GTC_6] Incoming(settings::gtc_any_value), "GTC takes any value.";
    BLP_OLD_VALUE [BLP_1] Outgoing(settings::blp_old_value), "The reply to BLP shows the old value.";
    BLP_DEFAULT_TAKEN [BLP_2 BLP_3] Outgoing(settings::blp_default_taken), "Setting BLP to AL succeeds for a user who has never set it.";
    BLP_SAME_TAKEN [BLP_2 BLP_3] Outgoing(settings::blp_same_taken), "Setting BLP to its value succeeds.";
    BLP_SAME_IS_219 [BLP_3 SETT_2] Outgoing(errors::same_privacy_is_219), "Setting BLP to its value draws 219.";
    BLP_DEFAULT [BLP_4] Inside, "BLP of a new account is BL.";
    BLP_FORGOTTEN [BLP_5 SYN_7] Inside, "BLP is AL again after the end of a session.";
    CLOSED_TO_STRANGERS [BLP_6] Inside, "Nobody who is not on the AL can call a user, whatever the BLP.";
    OPEN_TO_STRANGERS [BLP_7 CAL_5] Inside, "Everybody who is not on the BL can call a user, whatever the BLP.";
    BLP_ANY_VALUE [BLP_8] Incoming(settings::blp_any_value), "BLP takes any value.";
    UNLISTED_SEE_AWAY [BLP_9 PRES_4] Inside, "Under BLP BL, watchers who are not on the AL see AWY for every state.";
    // CHG (7.7)
    LUNCH_REFUSED [CHG_1] Incoming(presence::lunch_refused), "CHG LUN draws 201.";
    IDLE_ECHOED_AS_AWAY [CHG_1] Outgoing(presence::idle_echoed_as_away), "CHG IDL is answered by CHG AWY.";
    OFFLINE_CLOSES [CHG_2] Incoming(presence::offline_closes), "CHG FLN ends the connection.";
    CHANGES_UNTOLD [CHG_3] Inside, "Watchers do not hear of a change from one online state to another.";
    PHONE_TOLD_AS_BUSY [CHG_3 PRES_4] Outgoing(presence::phone_told_as_busy), "Watchers see BSY for PHN.";
    HIDING_UNTOLD [CHG_4] Outgoing(presence::hiding_untold), "Watchers do not hear that a user hides.";
    HIDING_TOLD_AS_HIDDEN [PRES_14 CHG_4 CHG_5] Outgoing(presence::hiding_told_as_hidden), "Watchers of a user who hides get NLN HDN.";
    HIDDEN_IN_ILN [CHG_5 PRES_1] Inside, "ILN shows hidden users as NLN.";
    HIDDEN_ARE_DEAF [CHG_6] Inside, "Hidden users get no presence of others.";
    HIDDEN_CANNOT_SYNCHRONISE [CHG_6] Incoming(presence::hidden_cannot_synchronise), "SYN of a hidden user draws 913.";
    HIDDEN_CAN_BE_CALLED [CHG_7 CAL_7] Inside, "Hidden users can be called.";
    RETURN_UNTOLD [CHG_8] Inside, "Watchers do not hear that a hidden user is back.";
    SAME_STATE_UNANSWERED [CHG_10 REPLY_1] Incoming(presence::same_state_unanswered), "CHG to the present state is not answered.";
    SAME_STATE_IS_201 [CHG_10 CHG_1] Incoming(presence::same_state_is_201), "CHG to the present state draws 201.";
    LOWER_CASE_STATE [CHG_11] Incoming(presence::lower_case_state), "A state in lower case is shown as AWY.";
    // ADD, REM (7.8)
    BLOCK_ECHO_MISSING [ADD_1 REPLY_1] Outgoing(lists::block_echo_missing), "ADD BL is not answered.";
    ADD_ECHO_WITHOUT_NAME [ADD_1 ADD_12] Outgoing(lists::add_echo_without_name), "The echo of ADD AL holds no name.";
    ADD_OLD_NUMBER [SER_1 ADD_1] Outgoing(lists::add_old_number), "The echo of ADD holds the number from before the change.";
    ADD_TO_RL [ADD_2] Incoming(lists::add_to_rl), "ADD RL seems to succeed.";
    ADD_NOT_KEPT [ADD_3 LST_5 SYN_7 ADD_4 ADD_5] Inside, "What is added to the AL is not kept.";
    ALLOW_LIST_FORGOTTEN [ADD_3 SYN_7] Inside, "The AL is emptied at the end of a session.";
    ADD_TWICE_ECHOED [ADD_4] Outgoing(lists::add_twice_echoed), "Adding an entry twice seems to succeed.";
    ADD_TWICE_ENTERED [ADD_4 LST_5] Inside, "Adding an entry twice makes two entries.";
    ADD_TWICE_IS_201 [ADD_4] Outgoing(errors::twice_is_201), "Adding an entry twice draws 201.";
    OPPOSITES_TAKEN [ADD_5] Inside, "A user can be on AL and BL.";
    OPPOSITES_ECHOED [ADD_5] Outgoing(lists::opposites_echoed), "Adding a user to the opposite list seems to succeed.";
    OPPOSITE_IS_215 [ADD_5] Outgoing(errors::opposite_is_215), "Adding a user to the opposite list draws 215.";
    UNKNOWN_USER_ADDED [ADD_6 ADD_3 SYN_7 SYN_5] Outgoing(lists::unknown_user_added), "Adding a user who does not exist seems to succeed.";
    UNKNOWN_USER_IS_216 [ADD_6] Outgoing(errors::unknown_user_is_216), "Adding a user who does not exist draws 216.";
    MALFORMED_HANDLE_ADDED [ADD_7 HANDLE_2 ADD_3] Outgoing(lists::malformed_handle_added), "Adding a malformed handle seems to succeed.";
    MALFORMED_HANDLE_IS_500 [ADD_7] Outgoing(errors::malformed_is_500), "Adding a malformed handle draws 500.";
    REVERSE_LIST_NOT_WRITTEN [ADD_9 SYN_8 ADD_10] Outgoing(lists::add_untold), "Adding to the FL leaves the other's RL as it was.";
    ADD_UNTOLD [ADD_10] Outgoing(lists::add_untold), "Whoever is added while online is not told.";
    ADD_TOLD_LATE [ADD_10] Outgoing(lists::add_told_late), "Whoever is added is told at the own next command.";
    ADD_TOLD_TWICE [ADD_10 REPLY_4] Outgoing(lists::add_told_twice), "Whoever is added is told twice.";
    ADD_TOLD_TO_THE_ADDER [ADD_10 REPLY_4] Outgoing(lists::add_told_to_the_adder), "The news of an ADD goes to the one who added.";
    ALLOWING_TOLD [ADD_11] Outgoing(lists::allowing_told), "Whoever is put on an AL or BL is told.";
    ECHO_PLUS_FOR_BLANK [ADD_12] Outgoing(lists::echo_plus_for_blank), "The echo of ADD writes + for the blanks of the name.";
    ECHO_NAMES_BY_HANDLE [ADD_12 ADD_1] Outgoing(lists::echo_names_by_handle), "The echo of ADD gives the handle for the name.";
    FAILED_ADD_COUNTS [ADD_13] Inside, "A failed ADD raises the number.";
    FAILED_ADD_ENTERS [ADD_13] Inside, "An ADD that draws 219 makes an entry.";
    ADD_ANY_LIST [ADD_14] Incoming(lists::add_any_list), "ADD to an unknown list seems to succeed.";
    REM_WITHOUT_NUMBER [REM_1] Outgoing(lists::rem_without_number), "The echo of REM holds no number.";
    REM_FROM_RL [REM_2] Incoming(lists::rem_from_rl), "REM RL seems to succeed.";
    REM_NOT_KEPT [REM_3 LST_5 REM_4 SYN_7] Inside, "What is removed from AL and BL stays there.";
    REMOVED_COME_BACK [REM_3 SYN_7] Inside, "What was removed from AL and BL is back in the next session.";
    MISSING_ENTRY_REMOVED [REM_4 REM_5] Outgoing(lists::missing_entry_removed), "Removing what is not there seems to succeed.";
    MISSING_ENTRY_IS_201 [REM_5] Outgoing(errors::missing_is_201), "Removing what is not there draws 201.";
    REVERSE_LIST_NOT_CLEARED [REM_6] Inside, "Removing from the FL leaves the other's RL as it was.";
    REM_UNTOLD [REM_7] Outgoing(lists::rem_untold), "Whoever is removed while online is not told.";
    REMOVED_STILL_TOLD [REM_8 PRES_5 REM_6] Inside, "A former watcher still gets presence.";
    REM_CLEARS_ALLOW_LIST [REM_9 SYN_7] Inside, "Removing from the FL removes from AL and BL.";
    NUMBER_STANDS_STILL [SER_1 REM_1] Inside, "REM does not raise the number.";
    NUMBERS_FALL [SER_2 SER_1 GTC_1 NUM_2] Inside, "GTC lowers the number.";
    LST_OLD_NUMBER [SER_2] Outgoing(settings::lst_old_number), "LST shows the number before the last.";
    REVERSE_CHANGE_KEEPS_NUMBER [SER_3 SYN_8] Inside, "A change of the RL does not raise the number.";
    // presence (7.9)
    FIRST_CHG_WITHOUT_ILN [PRES_1] Outgoing(presence::first_chg_without_iln), "The first CHG brings no ILN.";
    ONE_ILN_ALONE [PRES_1] Outgoing(presence::one_iln_alone), "The first CHG brings one ILN, however many contacts are online.";
    ILN_EACH_TIME [PRES_2] Inside, "Each CHG brings ILN.";
    ADD_WITHOUT_ILN [PRES_3] Outgoing(presence::add_without_iln), "ADD FL of an online contact brings no ILN.";
    ILN_ALWAYS_NLN [PRES_4] Outgoing(presence::iln_always_nln), "ILN says NLN of every state.";
    NLN_NAMES_BY_HANDLE [PRES_4] Outgoing(presence::nln_names_by_handle), "NLN gives the handle for the name.";
    NLN_WITHOUT_NAME [PRES_4 PRES_6] Outgoing(presence::nln_without_name), "NLN holds no name.";
    STRANGERS_TOLD [PRES_5 PRES_9] Outgoing(presence::strangers_told), "Everybody who is logged in hears of each CHG.";
    NLN_TWICE [PRES_6] Outgoing(presence::nln_twice), "NLN comes twice.";
    ONLINE_UNTOLD [PRES_6] Inside, "Watchers do not hear that a user comes online.";
    NLN_TO_ITS_SUBJECT [PRES_6 CHG_3 PRES_5] Outgoing(presence::nln_to_its_subject), "NLN goes to the user whom it is about.";
    NLN_LATE [PRES_6 CHG_3] Outgoing(presence::nln_late), "NLN comes with the watcher's next command.";
    OUT_UNTOLD [PRES_7] Outgoing(presence::out_untold), "Watchers do not hear that a user leaves by OUT.";
    FLN_HAS_STATE [PRES_7 CHG_4] Outgoing(presence::fln_has_state), "FLN holds a state before the handle.";
    DROP_UNNOTICED [PRES_8 BYE_2] Inside, "A connection that the client has closed is never noticed.";
    ALLOWING_SHOWS_HIDDEN [PRES_14 CHG_5] Outgoing(presence::allowing_shows_hidden), "Whom a hidden user puts on the AL gets NLN HDN of it.";
    ALLOWING_SHOWS_STATELESS [PRES_14] Outgoing(presence::allowing_shows_stateless), "Whom a user without a state puts on the AL gets NLN FLN of it.";
    UNBLOCKING_SHOWS_HIDDEN [CHG_5] Outgoing(presence::unblocking_shows_hidden), "Whom a hidden user takes off the BL gets NLN of it.";
    BLOCKED_SEE_CHANGES [PRES_9 PRES_10] Inside, "Users on the BL see changes of state.";
    BLOCKED_GET_ILN [PRES_9 PRES_10] Inside, "Users on the BL get ILN.";
    BLOCKING_UNTOLD [PRES_10] Outgoing(presence::blocking_untold), "A watcher who is blocked gets no FLN.";
    UNBLOCKING_UNTOLD [PRES_10] Outgoing(presence::unblocking_untold), "A watcher who is blocked no more gets no NLN.";
    ILN_LATE [PRES_1 PRES_3] Outgoing(presence::iln_late), "ILN comes with the watcher's next command.";
    ILN_TWICE [PRES_1 PRES_3] Outgoing(presence::iln_twice), "ILN comes twice.";
    // OUT (7.10)
    OUT_KEEPS_CONNECTION [OUT_1] Inside, "OUT is answered, and the connection stays.";
    OUT_ANSWERED_BY_BYE [OUT_2] Outgoing(login::out_answered_by_bye), "OUT is answered by BYE.";
    FIRST_LOGIN_STAYS [OUT_3] Outgoing(login::displaced_untold), "A second login leaves the first as it is.";
    DISPLACED_UNTOLD [OUT_3] Outgoing(login::displaced_untold), "The first of two logins is closed without OUT OTH.";
    DISPLACED_STAYS [OUT_3] Inside, "The first of two logins gets OUT OTH and is not closed.";
    SECOND_LOGIN_REFUSED [LIVE_4 OUT_4] Inside, "A second login is refused while the first is there.";
    BOTH_LOGINS_END [OUT_4 LIVE_4] Inside, "A second login ends both.";
    OUT_STATUS [OUT_5 OUT_3] Outgoing(login::out_status), "The first of two logins gets OUT MOV.";
    SHUTDOWN_UNTOLD [OUT_6] Outgoing(login::shutdown_untold), "At the end of the service clients are closed without OUT SSD.";
    LINE_AFTER_OUT [OUT_7] Outgoing(login::line_after_out), "FLN follows OUT.";
    // errors (7.11)
    ERROR_WITHOUT_TRID [ERR_1] Outgoing(errors::without_trid), "Errors hold no TrID.";
    ERROR_TRID_ZERO [ERR_1 TRID_1] Outgoing(errors::trid_zero), "Errors carry TrID 0.";
    UNKNOWN_ERROR_CODE [ERR_2 ERR_3] Outgoing(errors::unknown_code), "Every error is 299.";
    ERROR_IS_A_WORD [REM_4 GTC_2 BLP_2 ERR_1] Outgoing(errors::word_for_a_code), "Errors begin with ERR.";
    ERROR_WITH_TEXT [ERR_4] Outgoing(errors::text), "A text follows the TrID of an error.";
    // switchboard: referral and entry (8.1, 8.2)
    REFERRAL_WITHOUT_CKI [SBX_1] Outgoing(switchboard::referral_without_cki), "The referral to a switchboard does not name CKI.";
    REFERRAL_TWICE [REPLY_5 SBX_1] Outgoing(switchboard::referral_twice), "The referral to a switchboard comes twice.";
    BOARD_NOWHERE [SBX_2] Outgoing(switchboard::board_nowhere), "Nobody listens at the switchboard's address.";
    HIDDEN_GET_BOARD [SBX_3] Inside, "Hidden users are referred to a switchboard.";
    HIDDEN_REFERRAL_IS_201 [SBX_4] Outgoing(errors::hidden_referral_is_201), "XFR SB while hidden draws 201.";
    EARLY_REFERRAL_IS_500 [SBX_5] Outgoing(errors::early_referral_is_500), "XFR SB before the first CHG draws 500.";
    RING_VOIDS_REFERRAL [SBU_1] Both(crowds::void_refused, crowds::ring_voids_referral), "A call makes the cookie of its callee's last referral void.";
    ONE_COOKIE_A_USER [SBX_6] Inside, "A new referral makes the cookie of the one before it void.";
    ANY_REFERRAL [SBX_7] Incoming(switchboard::any_referral), "XFR of any type is taken for SB.";
    ENTRY_WITHOUT_NAME [SBU_1] Outgoing(switchboard::entry_without_name), "USR OK on the switchboard holds no name.";
    ANY_COOKIE [SBU_2 SBU_4] Inside, "A cookie that was never issued opens the switchboard.";
    COOKIE_FOR_ANYONE [SBU_3 SBU_4 ANS_4] Inside, "A cookie opens the switchboard for whoever has it.";
    COOKIE_REUSABLE [SBU_4] Inside, "A cookie works again.";
    BAD_COOKIE_IS_500 [SBU_5] Outgoing(errors::bad_cookie_is_500), "A bad cookie draws 500.";
    BOARD_BEFORE_ENTRY [SBU_6] Incoming(switchboard::board_before_entry), "CAL and MSG before entry seem to succeed.";
    // CAL, RNG, ANS, IRO (8.3, 8.4)
    CALLER_OFFLINE_UNANSWERED [REPLY_1] Incoming(crowds::caller_offline_unanswered), "The call of a user who has left the notification server is not answered.";
    CALL_UNANSWERED [CAL_1 REPLY_1] Outgoing(switchboard::call_unanswered), "A CAL that rings is not answered.";
    SESSION_IS_A_WORD [CAL_1 RNG_2] Outgoing(switchboard::session_is_a_word), "CAL names the session by a word.";
    EACH_CALL_A_SESSION [CAL_2 RNG_2] Outgoing(switchboard::each_call_a_session), "Each CAL of a session names another number.";
    ONE_SESSION_NUMBER [CAL_2] Inside, "All sessions have one number.";
    UNREACHABLE_RINGS [CAL_3 CAL_4 CAL_6 CAL_7 CHG_7 CAL_2 CAL_5] Outgoing(switchboard::unreachable_rings), "Calling an offline, hidden or unknown user seems to ring.";
    BLOCKED_CAN_CALL [CAL_4] Inside, "Users on the BL can call.";
    REFUSED_CALL_RINGS [CAL_4 CAL_5 CHG_7 BLP_7] Outgoing(switchboard::refused_call_rings), "A call that is refused rings nevertheless.";
    UNREACHABLE_IS_201 [CAL_7] Outgoing(errors::unreachable_is_201), "Calling an offline user draws 201.";
    PRESENT_UNANSWERED [CAL_8 REPLY_1] Outgoing(switchboard::present_rings), "Calling a participant is not answered.";
    PRESENT_IS_217 [CAL_8] Outgoing(errors::present_is_217), "Calling a participant draws 217.";
    OWN_BLOCK_STOPS_CALL [CAL_9] Inside, "Whoever is on the caller's BL cannot be called.";
    OTHERS_BLOCK_STOPS_CALL [CAL_9] Inside, "Whoever a participant blocks cannot be called into the session.";
    MALFORMED_CALL_CLOSES [CAL_10] Incoming(switchboard::malformed_call_closes), "Calling a malformed handle ends the connection.";
    MALFORMED_CALL_IS_500 [CAL_10] Outgoing(errors::malformed_callee_is_500), "Calling a malformed handle draws 500.";
    ONLY_FIRST_INVITES [CAL_11] Incoming(switchboard::only_first_invites), "Only the first participant can call.";
    NO_RING [RNG_1] Outgoing(switchboard::no_ring), "The callee gets no RNG.";
    RING_WITHOUT_NAME [RNG_1] Outgoing(switchboard::ring_without_name), "RNG does not hold the caller's name.";
    RING_TO_CALLER [RNG_1 REPLY_4] Outgoing(switchboard::ring_to_caller), "RNG goes to the caller's connection.";
    RING_NAMES_CALLEE [RNG_2 RNG_1] Outgoing(switchboard::ring_names_callee), "RNG names the callee for the caller.";
    RING_OTHER_SESSION [RNG_2] Outgoing(switchboard::ring_other_session), "RNG names another session than CAL.";
    RINGS_TWICE [RNG_3] Outgoing(switchboard::rings_twice), "Each CAL rings twice.";
    RING_VOIDS_RING [ANS_1] Both(crowds::void_refused, crowds::ring_voids_ring), "A call makes the cookies of the calls before it void.";
    REFERRAL_VOIDS_RING [ANS_1] Both(crowds::void_refused, crowds::referral_voids_ring), "A referral makes the cookies of the calls before it void.";
    OK_BEFORE_ROSTER [ANS_1] Outgoing(switchboard::ok_before_roster), "ANS OK comes before the roster.";
    ANSWER_WITHOUT_OK [ANS_1] Outgoing(switchboard::answer_without_ok), "The reply to ANS lacks the OK.";
    ROSTER_FROM_ZERO [ANS_2] Outgoing(switchboard::roster_from_zero), "IRO counts from 0.";
    ROSTER_WITHOUT_LAST [ANS_2] Outgoing(switchboard::roster_without_last), "Of several participants the roster lacks the last.";
    JOIN_BEFORE_ROSTER [ANS_3] Outgoing(switchboard::join_before_roster), "The newcomer's JOI comes before the roster.";
    ANY_ANSWER_KEY [ANS_4] Inside, "ANS takes any cookie.";
    ANY_SESSION [ANS_4] Inside, "A cookie of one call opens every session.";
    STALE_ROSTER [ANS_5 ANS_2] Inside, "The roster names those who have left.";
    ROSTER_TOTAL_WITH_NEWCOMER [ANS_6 ANS_2] Outgoing(switchboard::roster_total_with_newcomer), "The total of IRO counts the newcomer.";
    ROSTER_WITH_NEWCOMER [ANS_6 ANS_2] Outgoing(switchboard::roster_with_newcomer), "The roster names the newcomer.";
    // JOI, BYE, OUT on the switchboard (8.5, 8.6)
    JOIN_UNTOLD [JOI_1] Outgoing(switchboard::join_untold), "Participants do not hear of a newcomer.";
    JOIN_TWICE [JOI_1] Outgoing(switchboard::join_twice), "Participants hear twice of a newcomer.";
    JOIN_NAMES_ANOTHER [JOI_1 JOI_2] Outgoing(switchboard::answer_of_another), "JOI names the one who joined before.";
    OWN_JOIN_AS_BYE [JOI_2] Outgoing(switchboard::own_join_as_bye), "The newcomer gets BYE of itself.";
    BYE_UNTOLD [BYE_1] Outgoing(switchboard::bye_untold), "Participants do not hear that one leaves by OUT.";
    BYE_TWICE [BYE_1 BYE_2] Outgoing(switchboard::bye_twice), "BYE comes twice.";
    LOSS_UNTOLD [BYE_2] Outgoing(switchboard::loss_untold), "Participants do not hear that a connection is lost.";
    BOARD_OUT_KEEPS_CONNECTION [BYE_3] Inside, "The switchboard does not close after OUT.";
    BLOCK_MUTES_SESSION [BYE_4] Inside, "Messages of a participant whom another blocks do not reach it.";
    SESSION_DIES_WITH_LOGIN [BYE_5] Inside, "A user who logs out is closed on the switchboard.";
    // MSG, ACK, NAK (8.7, 8.8)
    MESSAGE_TO_SENDER [MSG_1] Outgoing(messages::to_sender), "The sender gets its own message.";
    MESSAGE_TO_FIRST_ALONE [MSG_1] Outgoing(messages::to_first_alone), "One of the other participants gets the message.";
    MESSAGE_TWICE [MSG_1] Outgoing(messages::twice), "Messages come twice.";
    MESSAGE_TO_ALL_SESSIONS [MSG_1 REPLY_4] Outgoing(messages::to_all_sessions), "Messages reach the participants of all sessions.";
    MESSAGE_WITHOUT_NAME [MSG_2] Outgoing(messages::without_name), "A message gives the handle for the name.";
    MESSAGE_FROM_ITS_RECEIVER [MSG_2] Outgoing(messages::from_its_receiver), "A message names its receiver for its sender.";
    LINE_ENDS_CHANGED [MSG_3] Outgoing(messages::line_ends_changed), "CRLF in messages becomes LF.";
    MESSAGE_ENDS_AT_NUL [MSG_3] Outgoing(messages::ends_at_nul), "A message ends at its first NUL.";
    MESSAGE_MADE_UTF_8 [MSG_3] Outgoing(messages::made_utf_8), "What is no UTF-8 in a message is replaced.";
    MESSAGE_TRIMMED [MSG_3] Outgoing(messages::trimmed), "White space at the end of a message is lost.";
    MIME_ALONE [MSG_3 MSG_1] Outgoing(messages::mime_alone), "A message that is no MIME is lost.";
    MODE_U_ACKNOWLEDGED [MSG_4] Outgoing(messages::mode_u_acknowledged), "A message in mode U is acknowledged.";
    MODE_N_ACKNOWLEDGED [MSG_5] Outgoing(messages::mode_n_acknowledged), "A message in mode N is acknowledged.";
    MODE_N_REFUSED [MSG_5] Outgoing(messages::mode_n_refused), "A message in mode N draws NAK though it was delivered.";
    FAILURE_ACKNOWLEDGED [MSG_6] Outgoing(messages::failure_acknowledged), "A message that reached nobody draws ACK.";
    SUCCESS_REFUSED [MSG_7] Outgoing(messages::success_refused), "A message in mode A draws NAK though it was delivered.";
    MESSAGES_OVERTAKE [MSG_8] Outgoing(messages::overtaken), "Every third message is overtaken by those after it.";
    EMPTY_MESSAGE_LOST [MSG_9] Outgoing(messages::empty_dropped), "A message of 0 bytes is lost.";
    LONG_MESSAGE_CUT [MSG_9 MSG_3] Outgoing(messages::long_cut), "A message is cut after 1024 bytes.";
    LONG_MESSAGE_CLOSES [MSG_9] Incoming(messages::long_closes), "A message over 1024 bytes ends the connection.";
    OVER_LONG_MESSAGE_CUT [MSG_10] Incoming(messages::over_long_cut), "Of a message over 1664 bytes the first 1664 are delivered.";
    ANY_MODE [MSG_10] Incoming(messages::any_mode), "A message in an unknown mode is delivered.";
    BAD_LENGTH_CLOSES_ALL [MSG_10 LIVE_1] Inside, "A length that is no number closes all connections.";
    PAYLOAD_OBEYED [MSG_11] Incoming(messages::payload_obeyed), "A line OUT in a message is obeyed.";
    MESSAGE_TAKEN_ELSEWHERE [MSG_12] Incoming(messages::taken_on_other_servers), "MSG draws ACK on dispatch and notification servers.";
    // what the draft leaves out
    CVR_SHORT [CVR_1 CVER_1] Outgoing(extras::cvr_short), "CVR names one version.";
    RENAME_UNTOLD [REA_1] Outgoing(extras::rename_untold), "Watchers do not hear of a new name.";
    RENAME_WITHOUT_NUMBER [REA_1] Outgoing(extras::rename_without_number), "The reply to REA holds no number.";
    URL_TRID_ZERO [URL_1 TRID_1 LINK_1] Outgoing(extras::url_trid_zero), "The reply to URL carries TrID 0.";
    SND_WITHOUT_OK [SND_1 INVM_1] Outgoing(extras::snd_without_ok), "The reply to SND lacks the OK.";
    FND_SHORT [FND_1] Outgoing(extras::fnd_short), "The reply to FND holds one number.";
    PING_ECHOED [PNG_1] Outgoing(extras::ping_echoed), "PNG is answered by PNG.";
    // negotiation, login and referral of later dialects
    NEWEST_LINES [NEGO_1 USR_2 LST_1 REFER_1 MIX_8] Inside, "Lines have the shape of MSNP7, whatever dialect but MSNP2 was agreed on.";
    LOWEST_DIALECT [NEGO_2] Inside, "The lowest common dialect is agreed on.";
    CVR0_UNOFFERED [NEGO_3] Outgoing(later::cvr0_unoffered), "The reply to VER names CVR0 where it was not offered.";
    OFFER_WITHOUT_CVR0_UNANSWERED [NEGO_4 REPLY_1] Incoming(later::offer_without_cvr0_unanswered), "An offer without CVR0 is not answered.";
    LONE_CVR0_LOGS_IN [NEGO_5] Both(later::lone_cvr0_taken, later::lone_cvr0_named), "A client that offers CVR0 alone can log in.";
    CTP_OFFERED [PKG_1] Outgoing(later::ctp_offered), "INF offers CTP beside MD5.";
    VERIFIED_IN_WORDS [VERIF_1 USR_2] Outgoing(later::verified_in_words), "USR OK says `yes` of a verified address.";
    REFERRAL_ENDS_IN_1 [REFER_1 REFER_2] Outgoing(later::referral_ends_in_1), "A referral says 1 for 0.";
    // PRP, BPR, and both in the batch
    PRP_WITHOUT_NUMBER [PRP_1 PRP_2] Outgoing(phones::without_number), "The reply to PRP holds no number.";
    CLEARING_UNANSWERED [PRP_2 REPLY_1] Incoming(phones::clearing_unanswered), "A PRP without a value is not answered.";
    PHONES_FORGOTTEN [PRP_3] Inside, "A logout clears the phone numbers.";
    LONG_PHONE_CUT [PRP_4] Outgoing(phones::long_cut), "Phone numbers are cut after 64 bytes.";
    TOO_LONG_PHONE_TAKEN [PRP_5] Incoming(phones::too_long_taken), "Phone numbers of any length seem to be taken.";
    UNKNOWN_PROPERTY_UNANSWERED [PRP_6 REPLY_1] Incoming(phones::unknown_unanswered), "A PRP of an unknown property is not answered.";
    LONG_PROPERTY_UNANSWERED [PRP_7 REPLY_1] Incoming(phones::long_key_unanswered), "A PRP of a property with a long name is not answered.";
    LINE_BREAKS_IN_PHONES [PRP_9 NAME_4 FRAME_3] Outgoing(phones::line_breaks), "Line breaks in phone numbers are decoded.";
    BPR_WITHOUT_HANDLE [BPR_1] Outgoing(phones::news_without_handle), "Outside a batch BPR does not say whose number it is.";
    BPR_OF_A_CHANGE_EMPTY [BPR_2] Outgoing(phones::changes_empty), "Watchers are told that a number has changed and not to what.";
    BPR_OF_ADDED_EMPTY [BPR_3] Outgoing(phones::added_empty), "Behind an ADD a contact seems to have no numbers.";
    PHONES_SHOWN_TO_BLOCKED [BPR_4] Inside, "Users on the BL are shown phone numbers.";
    PHONES_TOLD_TO_STRANGERS [BPR_5] Inside, "A new phone number is told to those whom the user watches.";
    BATCH_WITHOUT_NUMBERS [SYNC_1 PRP_3] Outgoing(phones::batch_without_numbers), "Phone numbers that are set are not in the batch.";
    BATCH_WITHOUT_CONTACTS_NUMBERS [SYNC_3] Outgoing(phones::batch_without_contacts_numbers), "Phone numbers that contacts have set are not in the batch.";
    BATCH_BEGINS_WITH_PHONES [SYNC_5] Inside, "The own phone numbers come before GTC in the batch.";
    BATCH_PRP_WITHOUT_NUMBER [SYNC_10 SYNC_2] Outgoing(phones::batch_prp_without_number), "PRP holds no number in a batch.";
    BATCH_BPR_WITHOUT_HANDLE [SYNC_4] Outgoing(phones::batch_bpr_without_handle), "BPR does not say in a batch whose number it is.";
    // IMS
    IMS_WITHOUT_ZERO [IMS_1] Outgoing(later::ims_without_zero), "The reply to IMS lacks the 0.";
    IMS_WITHOUT_EFFECT [IMS_2] Incoming(later::ims_without_effect), "IMS OFF turns nothing off.";
    XFR_UNANSWERED_AFTER_IMS [IMS_3 REPLY_1] Incoming(later::deaf_to_xfr_after_ims), "After an IMS no XFR is answered.";
    IMS_OF_ANY_VALUE [IMS_4] Incoming(later::ims_of_any_value), "IMS takes any value.";
    // groups
    ADG_NAMES_THE_NUMBER_FIRST [GRP_1] Outgoing(groups::adg_name_last), "The reply to ADG names the group's number before its name.";
    GROUP_NUMBER_TWICE [GRP_2 GRP_4] Outgoing(groups::group_id_twice), "All new groups are said to have the number 1.";
    GROUPS_FORGOTTEN [GRP_4] Inside, "A logout removes all groups.";
    GROUP_NAMES_CUT [GRP_5] Outgoing(groups::names_cut), "The name of a group ends at its first encoded byte.";
    TOO_MANY_GROUPS_UNANSWERED [GRP_6 REPLY_1] Outgoing(groups::too_many_unanswered), "An ADG beyond 30 groups is not answered.";
    LONG_GROUP_NAME_IS_201 [GRP_7] Outgoing(groups::long_name_is_201), "A name that is too long for a group draws 201.";
    REG_NOT_KEPT [GRP_9] Incoming(groups::reg_not_kept), "REG is answered and changes nothing.";
    NO_GROUP_IS_201 [GRP_10] Outgoing(groups::no_group_is_201), "REG and RMG of a group that there is not draw 201.";
    RMG_NOT_KEPT [GRP_11] Incoming(groups::rmg_not_kept), "RMG is answered and changes nothing.";
    GROUP_0_REMOVABLE [GRP_12] Inside, "Group 0 can be removed.";
    GROUP_0_IS_201 [GRP_13] Outgoing(groups::group_0_is_201), "RMG of group 0 draws 201.";
    BAD_GROUP_UNANSWERED [GRP_15 REPLY_1] Incoming(groups::bad_group_unanswered), "REG and RMG of what is no number are not answered.";
    GROUPS_ARE_SHARED [GRP_16] Inside, "REG renames the groups of all users that have this number.";
    GROUP_REPLIES_END_IN_1 [GRP_17] Outgoing(groups::ends_in_1), "The replies to ADG and REG end in 1.";
    FAILED_GROUPS_COUNT [GRP_18] Inside, "ADG, REG and RMG that fail raise the serial number.";
    ADD_WITHOUT_GROUP [INTO_1 INTO_7] Outgoing(groups::add_without_group), "The echo of an ADD into a group does not name the group.";
    ONE_GROUP_A_CONTACT [INTO_2] Inside, "A contact that enters a group leaves the others.";
    SAME_GROUP_IS_201 [INTO_3] Outgoing(groups::same_group_is_201), "An ADD into the contact's own group draws 201.";
    NO_GROUP_ENTERED [INTO_4] Outgoing(groups::no_group_entered), "An ADD into a group that there is not seems to succeed.";
    UNGROUPED_GO_TO_THE_LAST_GROUP [INTO_5] Inside, "An ADD that names no group puts the contact into the last one.";
    FURTHER_GROUP_IS_REMOVAL [INTO_6 REM_7] Outgoing(groups::further_group_is_removal), "A contact that enters one more group is told of a REM.";
    REM_WITHOUT_GROUP [OUTOF_1] Outgoing(groups::rem_without_group), "The echo of a REM out of a group does not name the group.";
    NOT_IN_GROUP_IS_201 [OUTOF_3] Outgoing(groups::rem_error_is_201), "A REM out of a group that there is not, or that the contact is not in, draws 201.";
    GROUPED_STAY [OUTOF_4 REM_3] Inside, "A contact in several groups stays on the FL, whatever is removed.";
    LEAVING_IS_ADDITION [OUTOF_5 ADD_10] Outgoing(groups::leaving_is_addition), "A contact that leaves a group is told of an ADD.";
    GROUPS_COUNTED_FROM_0 [SYNC_6 LSG_1] Outgoing(groups::counted_from_0), "LSG counts from 0.";
    CONTACTS_WITHOUT_GROUPS [SYNC_7 LREQ_2] Outgoing(groups::contacts_without_groups), "LST FL does not name the groups of a contact.";
    ALLOWED_IN_GROUPS [SYNC_8] Outgoing(groups::allowed_in_groups), "Lines of the AL and the BL end in a group.";
    GROUP_0_LEFT_OUT [SYNC_9] Outgoing(groups::others_left_out), "Group 0 is not among the groups once there is another.";
    // challenges
    CHALLENGE_OF_TWO_WORDS [CHL_1] Outgoing(challenges::of_two_words), "CHL holds a second word.";
    ANSWER_NAMES_THE_PRODUCT [CHL_2] Outgoing(challenges::answer_names_product), "The reply to QRY names the product.";
    WRONG_ANSWER_IS_201 [CHL_4] Outgoing(challenges::wrong_answer_is_201), "A wrong QRY draws 201, and a close.";
    CHALLENGED_BEFORE_LOGIN [CHL_6] Both(challenges::answers_before_login, challenges::before_login), "A client is challenged together with the challenge of its login.";
    NO_BLP_WHILE_CHALLENGED [CHL_8 REPLY_1] Both(challenges::deaf_to_blp, challenges::note_challenge), "BLP is not answered while a challenge waits.";
    ANSWER_ENDS_SEGMENT [CHL_9 REPLY_2] Inside, "What comes in one segment with QRY, behind it, is not read.";
    CHALLENGES_IN_MSNP3 [MIX_8] Inside, "Clients of MSNP3 and MSNP4 are challenged too.";
    // batches that say how long they are
    BATCH_UNCOUNTED [BATCH_1] Outgoing(batches::uncounted), "The answer to SYN says how many contacts there are, and not how many groups.";
    UP_TO_DATE_GETS_SETTINGS [BATCH_2] Outgoing(batches::up_to_date_gets_settings), "A client that is up to date gets GTC and BLP without having been told of a batch.";
    BATCH_LINES_HAVE_TRID [BATCH_3] Outgoing(batches::lines_have_trid), "GTC and LST carry the TrID of the SYN in a batch that is counted.";
    ONE_CONTACT_TOO_MANY_COUNTED [BATCH_4] Outgoing(batches::one_too_many_counted), "Where a batch has contacts, the answer to SYN counts one more.";
    PRIVACY_BEFORE_PROMPT [BATCH_5] Inside, "A batch that is counted begins with BLP.";
    LINE_FOR_EACH_LIST [BATCH_6 BATCH_7] Inside, "A batch that is counted has a line for each list that a user is on.";
    BATCH_OF_ONE_CONTACT [BATCH_6 BATCH_8 SYN_5 SYN_7 ADD_3] Inside, "A batch that is counted shows one user alone.";
    ALLOWED_SHOWN_AS_CONTACTS [BATCH_7 SYN_7] Outgoing(batches::allowed_shown_as_contacts), "Who is on the AL alone is shown on the FL too.";
    WATCHERS_LEFT_OUT [BATCH_8 SYN_8 ADD_9 SYN_5] Inside, "Who is on the RL alone has no line in a batch that is counted.";
    BLOCKED_IN_GROUPS [BATCH_9] Outgoing(batches::blocked_in_groups), "Lines of users who are not on the FL end in a group.";
    UNNAMED_GROUP [BATCH_10] Outgoing(batches::unnamed_group), "Contacts in group 0 alone are shown in a group too that the batch does not name.";
    NUMBER_INVENTED [BATCH_11 PRP_3] Outgoing(batches::invented_number), "A batch that is counted has a phone number that nobody has set.";
    NUMBERS_BEFORE_CONTACTS [BATCH_12] Outgoing(batches::numbers_before_contacts), "A phone number of a contact comes before the first contact.";
    NUMBERS_BEFORE_THEIR_CONTACT [BATCH_12] Inside, "The phone numbers of a contact come before its line.";
    EMPTY_BATCH_WITHOUT_SETTINGS [BATCH_13] Inside, "A batch without contacts has neither GTC nor BLP.";
    EARLIER_NUMBER_GETS_NOTHING [BATCH_14 SYN_7 SYN_8 SYN_5 SYN_9] Inside, "Whatever number a client has that has a cache, it is told to be up to date.";
    LIST_IS_500 [LREQ_3] Incoming(batches::list_is_500), "LST and LSG draw 500.";
    // users of different dialects on one server, and what else differs from MSNP3 on
    TICKETS_LOG_IN [TWN_10] Incoming(dialects::tickets_log_in), "USR of the package TWN is answered by OK.";
    TICKET_WORD_OF_TWO [TWN_1] Outgoing(tickets::word_of_two), "The word for the login server is two.";
    TICKET_LOGIN_WITHOUT_KID [TWN_2] Outgoing(tickets::ok_without_kid), "USR OK lacks the last flag.";
    ANY_TICKET [TWN_3 TWN_4 TWN_11] Inside, "Any ticket logs in.";
    PASSWORDS_BESIDE_TICKETS [TWN_6] Incoming(tickets::passwords_log_in), "MD5 logs in where tickets do.";
    TICKET_OF_ANYBODY [TWN_8] Inside, "A ticket of one user logs in every other.";
    VERSION_WITHOUT_ADDRESSES [CVER_2] Outgoing(tickets::version_without_addresses), "CVR is answered by versions alone.";
    DISPATCH_KNOWS_NO_VERSION [REFER_3] Incoming(tickets::dispatch_knows_no_version), "The dispatch server does not answer CVR.";
    PING_WITHOUT_SECONDS [QNG_2] Outgoing(tickets::ping_without_seconds), "QNG comes without a number.";
    CLIENT_ID_ECHOED_AS_0 [CAPS_1] Outgoing(clients::echoed_as_0), "The echo of CHG has 0 for the client id.";
    CLIENT_IDS_UNTOLD [CAPS_2] Outgoing(clients::untold), "ILN and NLN have 0 for every client id.";
    LARGE_CLIENT_ID_CLOSES [CAPS_5] Incoming(clients::large_closes), "A client id beyond 2147483647 ends the connection.";
    CLIENT_ID_0_LEFT_OUT [MIX_2 CAPS_2 CAPS_5] Outgoing(clients::zero_left_out), "NLN holds no client id where it is 0.";
    OBJECT_UNTOLD [OBJ_1] Outgoing(clients::object_untold), "ILN and NLN hold no object.";
    OBJECT_MADE_UP [OBJ_2 OBJ_3] Outgoing(clients::object_made_up), "Whoever has no object is shown with one of the server's own.";
    DATA_UNACKNOWLEDGED [DATA_1] Outgoing(tickets::data_unacknowledged), "Mode D draws no ACK.";
    DATA_TO_NOBODY_IS_282 [DATA_2] Outgoing(tickets::data_to_nobody_is_282), "Mode D draws 282 where nobody is reached.";
    DATA_IN_ANOTHER_MODE_SWALLOWED [DATA_3] Incoming(tickets::data_in_another_mode_swallowed), "Data in another mode than D is thrown away without a word.";
    PAG_TAKEN_LATE [PAG_3] Incoming(tickets::page_taken), "PAG draws OK in MSNP9.";
    PGD_TAKEN [PGD_1 REPLY_4] Outgoing(tickets::page_to_a_device_taken), "A page that cannot be delivered draws OK.";
    MAIL_BEFORE_LOGIN [HOT_2] Outgoing(dialects::mail_before_login), "A message of the service comes before the answer to the login.";
    BYE_SAYS_IDLE [ROOM_2] Outgoing(dialects::bye_says_idle), "BYE of a participant that leaves by OUT ends in 1.";
    CALLS_WITHIN_A_DIALECT [MIX_3] Incoming(dialects::calls_within_a_dialect), "A user of another dialect cannot be called.";
    GTC_OF_EACH_DIALECT [MIX_4 GTC_5] Outgoing(dialects::gtc_of_each_dialect), "A client of another dialect than the one in which GTC was set sees the other value.";
    SILENT_END_BETWEEN_DIALECTS [MIX_5] Outgoing(dialects::silent_end), "Who is displaced by a login in another dialect does not hear OUT.";
    BPR_TO_ALL_DIALECTS [MIX_6 NEGO_1] Outgoing(dialects::bpr_to_all), "Clients of MSNP3 and MSNP4 are told of phone numbers.";
    NEWS_NAME_GROUP_0 [MIX_7 ADD_10] Outgoing(dialects::news_name_group), "ADD 0 RL ends in a group.";
    DELIVERED_IS_NAK [ACK_1 MSG_7] Outgoing(messages::success_refused), "Mode A draws NAK wherever somebody was reached.";
    PAGE_LENGTH_CLOSES_ALL [PAY_1 LIVE_1] Inside, "A page whose length is no number closes all connections.";
    // SDC and PAG
    SDC_WITHOUT_OK [SDC_1] Outgoing(later::sdc_without_ok), "The reply to SDC lacks the OK.";
    MALFORMED_SDC_TAKEN [SDC_2] Outgoing(later::malformed_sdc_taken), "A malformed SDC draws OK, and a close.";
    SDC_PAYLOAD_OBEYED [SDC_3 REPLY_4] Incoming(later::sdc_obeyed), "A line PNG in the payload of SDC is obeyed.";
    PAG_ANSWERED [PAG_1 REPLY_4] Outgoing(later::pag_answered), "PAG to a user without a device draws OK.";
    PAG_PAYLOAD_OBEYED [PAG_2 REPLY_4] Incoming(later::pag_obeyed), "A line PNG in the payload of PAG is obeyed.";
    // the service as a whole
    GARBAGE_STOPS_ALL [LIVE_1 FRAME_17] Incoming(extras::garbage_stops_all), "After a line that begins with no command nobody is served.";
    GARBAGE_CLOSES_ALL [LIVE_1] Incoming(extras::garbage_closes_all), "A line that begins with no command closes all connections.";
    NEGATIVE_LENGTH_LOOPS [LIVE_1] Inside, "A length that leads back to the beginning of its own line is obeyed for ever.";
    LOSSES_WEDGE [LIVE_1] Incoming(crowds::losses_wedge), "Once three participants were lost at the same moment nobody is served.";
    CRASH_AFTER_SIX [LIVE_1] Both(extras::crash_at_the_sixth, extras::count_deeds), "Once a user has come online, added, synchronised, removed and got a referral, in this order, hiding ends the service.";
    SLOW_READER_STOPS_ALL [LIVE_2] Outgoing(extras::slow_reader_stops_all), "Once a client has been sent 24 KiB nobody is served.";
    CONNECTIONS_NEVER_FREED [LIVE_3] Inside, "After 64 connections no other is accepted, whatever has become of them.";
    RETURNS_WEDGE [LIVE_3 LIVE_1] Incoming(crowds::returns_wedge), "Once users have logged in three times at once after their connection was lost nobody is served.";
    LOGINS_WEDGE [LIVE_4 LIVE_1] Incoming(crowds::logins_wedge), "Where five logins of one user are under way at the same moment nobody is served any more.";
    LOGINS_LOCK_THE_ACCOUNT [LIVE_4 USR_2] Inside, "After three logins a user cannot log in again.";
    SILENCE_BLOCKS_ALL [LIVE_5] Inside, "A connection that has sent nothing holds up all that came after it.";
|
    // habits, for personas
    COUNTS_SWAPPED [LST_2 LST_1 ANS_2] Outgoing(habits::counts_swapped), "LST and IRO name the total before the item.";
    CHG_HAS_A_WORD_MORE [CHG_1] Outgoing(habits::chg_has_a_word_more), "A word follows the state in the echo of CHG.";
    ADD_HAS_A_WORD_MORE [ADD_1] Outgoing(habits::add_has_a_word_more), "A word follows the name in the echo of ADD.";
    LOGIN_HAS_A_WORD_MORE [USR_2] Outgoing(habits::login_has_a_word_more), "A word follows the name in the OK of a login.";
    RINGING_HAS_A_WORD_MORE [CAL_1] Outgoing(habits::ringing_has_a_word_more), "A word follows the session in the answer to CAL.";
    ADD_WITHOUT_NUMBER [ADD_1 ADD_10 SER_1] Outgoing(habits::add_without_number), "ADD holds no number, neither the echo nor the news.";
    SETTINGS_WITHOUT_NUMBER [GTC_1 BLP_1 SER_1] Outgoing(habits::settings_without_number), "The replies to GTC and BLP hold no number.";
    LISTS_WITHOUT_NUMBER [LST_1 LST_3 SYN_6] Outgoing(habits::lists_without_number), "LST holds no number, in a batch neither.";
    PRESENCE_BATCHED [] Outgoing(habits::presence_batched), "NLN and FLN come 0.2 s late.";
    LOGIN_TAKES_TIME [] Outgoing(habits::login_takes_time), "The OK of a login comes 0.5 s late.";
    LISTS_WRITTEN_LATE [ADD_3 REM_3 SYN_7 LST_5 SYN_8 ADD_9 REM_6 GTC_5 BLP_5 SER_2] Inside, "What was changed less than a second ago is not known to a later session.";
    MALFORMED_CLOSES [ADD_7 CAL_10] Inside, "What draws 201, 206, 208 or 209 ends the connection without a word.";
    MALFORMED_UNANSWERED [REPLY_1 ADD_7 ADD_14 REM_2 LST_6 GTC_6 BLP_8 SBX_7 CAL_10 HANDLE_2 HANDLE_3 HANDLE_4 NAME_3 TRID_6 FRAME_17 USR_11 TWN_10 MSG_10] Inside, "What is malformed or unknown is not answered, and the connection stays.";
    BATCH_AT_LOGIN [REPLY_4] Inside, "After a login the whole batch comes, unasked.";
    PRESENCE_AT_LOGIN [] Inside, "After a login NLN comes of each contact that is online.";
    SERVICE_CONTACT [LST_5 REM_1] Outgoing(habits::service_contact), "A service stands on everybody's FL and AL, and cannot be removed.";
    OUT_WITHOUT_ECHO [] Outgoing(habits::out_without_echo), "OUT is not answered before the close.";
    NEWCOMER_UNTOLD [] Outgoing(habits::newcomer_untold), "The newcomer gets no JOI of itself.";
    SAME_STATE_IS_218 [] Incoming(habits::same_state_is_218), "CHG to the present state draws 218.";
    VER_NAMES_ALL [] Outgoing(habits::ver_names_all), "The reply to VER names CVR0 too, where it was offered.";
}
