//! The clause catalogue: every statement that a server is held to, as data.
//!
//! Ids are stable. A clause that is retired keeps its id and says so in its text.

use super::clause::{Clause, ClauseId, Level};

macro_rules! catalogue {
    ($($name:ident $id:literal: $level:ident $section:literal $text:literal
        $(accept $accept:literal)? $(since $since:literal)? $(until $until:literal)?;)*) => {
        #[expect(non_camel_case_types, reason = "the variants carry the names of the constants")]
        enum Index { $($name),* }

        impl ClauseId {
            $(#[doc = $text] pub const $name: ClauseId = ClauseId(Index::$name as u16);)*
        }

        /// All clauses, in the order of the draft.
        pub(super) static CLAUSES: &[Clause] = &[$(
            Clause {
                id: ClauseId::$name,
                name: $id,
                level: Level::$level,
                section: $section,
                text: $text,
                accept: catalogue!(@maybe $($accept)?),
                since: catalogue!(@since $($since)?),
                until: catalogue!(@maybe $($until)?),
            },
        )*];
    };
    (@maybe) => { None };
    (@maybe $value:literal) => { Some($value) };
    // The dialect of the draft.
    (@since) => { 2 };
    (@since $number:literal) => { $number };
}

catalogue! {
    // framing (5.2)
    FRAME_1 "FRAME-1": Must "5.2" "Every line that the server sends ends in CRLF.";
    FRAME_2 "FRAME-2": Must "5.2" "Every line that the server sends begins with a three-letter upper-case command or a three-digit error code.";
    FRAME_3 "FRAME-3": Must "5.2" "Parameters that the server sends hold no white space; spaces and bytes outside 7-bit ASCII are URL-encoded.";
    FRAME_4 "FRAME-4": Must "5.2" "The server accepts one or more white-space characters between parameters.";
    FRAME_5 "FRAME-5": Practice "5.2" "The server accepts trailing white space on a line (the 1.0 client sends `CHG n NLN ` so).";
    FRAME_6 "FRAME-6": Must "5.2" "After a command that carries data, exactly Length bytes follow the CRLF, and the next command begins right after them, in both directions.";
    FRAME_7 "FRAME-7": Must "5.2" "Command names are case-sensitive: a lower-case name is not the command.";
    FRAME_8 "FRAME-8": Must "5.1" "TCP segmentation carries no meaning: a command split over any number of segments works as one sent whole.";
    FRAME_9 "FRAME-9": Must "5.3" "Several commands in one segment are all processed.";
    FRAME_10 "FRAME-10": Practice "5.2" "The server separates its parameters by exactly one space and sends no trailing white space.";
    FRAME_11 "FRAME-11": Open "5.2" "A line that ends in LF alone is accepted." accept "rejection";
    FRAME_12 "FRAME-12": Practice "5.2" "An unknown command ends the connection, with or without an error line; it is never answered as a success." accept "200, silence with the connection kept";
    FRAME_13 "FRAME-13": Practice "6" "A command that belongs to another kind of server, or that only servers send, ends the connection or draws an error; it never succeeds." accept "silence with the connection kept";
    FRAME_14 "FRAME-14": Practice "5.2" "A wrong number of parameters ends the connection or draws an error; it never succeeds." accept "silence with the connection kept";
    FRAME_15 "FRAME-15": Practice "5.2" "A line that never ends is cut off: the server closes that connection, and other users' connections go on undisturbed.";
    FRAME_16 "FRAME-16": Practice "5.2" "Empty lines do not end the server's service to other users." accept "close of that connection, or ignoring the line";
    FRAME_17 "FRAME-17": Practice "5.2" "Bytes that are no UTF-8 or no printable text in a parameter draw an error, an echo of the same bytes or a close; never silence from the whole server.";
    // requests and replies (5.3)
    REPLY_1 "REPLY-1": Must "5.3" "Every request that has a reply gets its reply or an error (a close counts as an error where practice closes).";
    REPLY_2 "REPLY-2": Must "5.3" "The client may send several requests without waiting; each is answered.";
    REPLY_3 "REPLY-3": Must "5.3" "After an error reply that leaves the connection open, later requests on it are answered.";
    REPLY_4 "REPLY-4": Must "5.6" "A reply belongs to a request: the server sends no reply that nobody asked for.";
    REPLY_5 "REPLY-5": Practice "5.3" "A request gets exactly one final answer: never two successes, never a success and an error.";
    // transaction identifiers (5.6)
    TRID_1 "TRID-1": Must "5.6" "A reply carries the TrID of the request it answers.";
    TRID_2 "TRID-2": Must "5.6" "Every value from 0 to 4294967295 is a valid TrID and comes back with the same numeric value.";
    TRID_3 "TRID-3": Must "5.6" "The server assumes no relation between successive TrIDs: falling, repeated and far-apart values work.";
    TRID_4 "TRID-4": Must "5.6" "All replies to one request carry the same TrID.";
    TRID_5 "TRID-5": Must "5.6" "A command that requires a TrID but answers no request (CHG, ADD, REM, XFR) carries TrID 0.";
    TRID_6 "TRID-6": Practice "5.6" "A TrID that is no number is never answered as a success: the server closes or sends an error.";
    TRID_7 "TRID-7": Open "5.6" "A TrID above 4294967295 is refused." accept "an echo of the text, a wrapped number, a close";
    TRID_8 "TRID-8": Open "5.6" "Leading zeros in a TrID come back as sent." accept "the number re-printed";
    TRID_9 "TRID-9": Practice "5.6" "NLN, FLN, RNG, JOI, BYE, OUT and the server's MSG carry no TrID.";
    // handles and names (5.4, 5.5)
    HANDLE_1 "HANDLE-1": Must "5.4" "A user handle of up to 129 bytes is accepted wherever a handle stands.";
    HANDLE_2 "HANDLE-2": Practice "5.4" "A handle over 129 bytes is refused with an error or a close; the server lives on.";
    HANDLE_3 "HANDLE-3": Must "5.4" "A login handle without a domain is refused." accept "206, 911 or a close";
    HANDLE_4 "HANDLE-4": Practice "7.11" "The refusal of a login handle without a domain is 206." accept "911, a close";
    HANDLE_5 "HANDLE-5": Draft "5.4" "Only handles under @hotmail.com are valid (an implementation note of the first release)." accept "any domain";
    HANDLE_6 "HANDLE-6": Open "5.4" "Handles compare without regard to case." accept "case-sensitive comparison";
    NAME_1 "NAME-1": Must "5.5" "Friendly names travel URL-encoded; what decodes is UTF-8.";
    NAME_2 "NAME-2": Must "5.5" "An encoded friendly name of up to 387 bytes is accepted and comes back meaning the same text.";
    NAME_3 "NAME-3": Practice "5.5" "An encoded friendly name over 387 bytes is refused by 209 or a close.";
    NAME_4 "NAME-4": Must "5.2" "An encoded line break in a name (%0D%0A) never becomes a line of the protocol, for the sender or for others.";
    // VER (7.1)
    VER_1 "VER-1": Must "7.1" "VER is answered by VER with a dialect that the client offered.";
    VER_2 "VER-2": Must "7.1" "MSNP2 is agreed when MSNP2 is among the offered dialects and is the only one that the server shares.";
    VER_3 "VER-3": Must "7.1" "Unknown dialects before or after a known one do not spoil the negotiation.";
    VER_4 "VER-4": Draft "7.1" "Dialect names are not case-sensitive." accept "a case-sensitive comparison";
    VER_5 "VER-5": Must "7.1" "With no common dialect the reply is `VER TrID 0`, optionally followed by dialect names.";
    VER_6 "VER-6": Must "7.1" "The reserved name 0 is never agreed on as a dialect.";
    VER_7 "VER-7": Practice "7.1" "After a failed negotiation the server closes." accept "keeping the connection for another VER";
    VER_8 "VER-8": Practice "7.1" "A second VER on a connection is refused (715, close)." accept "the same answer again";
    VER_9 "VER-9": Practice "7.1" "The reply may list several common dialects; the first is the one in use, and it is one that the client offered." accept "exactly one";
    VER_10 "VER-10": Practice "7.1" "The notification server negotiates VER as the dispatch server does.";
    // INF (7.2)
    INF_1 "INF-1": Must "7.2" "INF is answered by INF with the same TrID and at least one security package." until 7;
    INF_2 "INF-2": Must "7.2" "The notification server's packages include MD5." until 7;
    INF_3 "INF-3": Practice "7.2" "INF before VER is never answered as a success." accept "715, close, an ordinary answer" until 7;
    // USR on the notification server (7.3)
    USR_1 "USR-1": Must "7.3" "`USR TrID MD5 I handle` is answered by `USR TrID MD5 S challenge` (or by an NS referral)." until 7;
    USR_2 "USR-2": Must "7.3" "The MD5 of challenge followed by password, in hexadecimal, logs the user in: `USR TrID OK handle friendly-name`." until 7;
    USR_3 "USR-3": Must "7.3" "The handle in the OK is the one that logged in.";
    USR_4 "USR-4": Must "7.3" "The friendly name in the OK is the user's custom name, URL-encoded.";
    USR_5 "USR-5": Must "7.3" "A wrong response is refused with an error that carries its TrID; nobody is logged in." until 7;
    USR_6 "USR-6": Must "7.11" "The error for a failed login is 911." until 7;
    USR_7 "USR-7": Draft "7.3" "After a failed login the client can start over on the same connection." accept "911 and a close" until 7;
    USR_8 "USR-8": Must "7.3" "An unknown user is refused, at I or at S, and never logged in." until 7;
    USR_9 "USR-9": Practice "7.3" "The challenge differs from one login to the next: an old response cannot be replayed." accept "a fixed challenge for each account" until 7;
    USR_10 "USR-10": Must "7.3" "S without a preceding I never logs in." until 7;
    USR_11 "USR-11": Practice "7.3" "A security package that INF did not offer is refused." accept "911, another error, a close" until 7;
    USR_12 "USR-12": Practice "7.11" "USR after login is refused with 207 and the login stands." until 7;
    USR_13 "USR-13": Must "7.3" "Before login no command but VER, INF, USR and OUT succeeds." accept "302, 715, a close, silence" until 7;
    USR_14 "USR-14": Practice "7.11" "A command that needs a login, sent before it, draws 302." accept "715, a close, silence";
    USR_15 "USR-15": Must "7.3" "A password holding any byte that MD5 can hash works; an empty response never logs in." until 7;
    USR_16 "USR-16": Open "7.3" "A response in upper-case hexadecimal is accepted." accept "911" until 7;
    USR_17 "USR-17": Practice "7.3" "After login the server may send `MSG Hotmail Hotmail n` with the profile; if it does, it is well-formed MIME of exactly n bytes.";
    // referral (7.4)
    XFR_1 "XFR-1": Must "7.4" "A dispatch server that refers answers the initial USR with `XFR TrID NS address[:port]`, with that USR's TrID." until 2;
    XFR_2 "XFR-2": Must "7.4" "After an NS referral during logon the server closes the connection.";
    XFR_3 "XFR-3": Must "7.4" "The referred address accepts connections and logs the user in.";
    XFR_4 "XFR-4": Must "7.4" "The referral type is NS or SB, and the address a DNS name or an IP address with an optional decimal port.";
    // SYN (7.5)
    SYN_1 "SYN-1": Must "7.5" "SYN is answered by `SYN TrID ser` with the server's number." until 7;
    SYN_2 "SYN-2": Must "7.5" "A client whose number equals the server's gets no updates." until 7;
    SYN_3 "SYN-3": Must "7.5" "A client with an older number gets all properties: GTC, BLP, LST FL, LST AL, LST BL, LST RL, in that order." until 7;
    SYN_4 "SYN-4": Must "7.5" "Every update of the batch carries the TrID of the SYN." until 7;
    SYN_5 "SYN-5": Must "7.5" "The batch is whole however few entries changed, and each list in it is complete.";
    SYN_6 "SYN-6": Practice "7.5" "All lines of one batch carry the number of the SYN reply." until 7;
    SYN_7 "SYN-7": Must "7.5" "What one session changed, a later session of the same user gets by SYN.";
    SYN_8 "SYN-8": Must "7.5" "A change of the reverse list while the user was offline raises the number and reaches the user by SYN.";
    SYN_9 "SYN-9": Open "7.5" "A number higher than the server's draws the full batch." accept "no updates";
    SYN_11 "SYN-11": Practice "7.5" "A client with an empty cache (SYN 0) gets the whole batch, also on a new account." accept "a new account whose number is 0";
    SYN_10 "SYN-10": Practice "7.5" "A second SYN in a session is served like the first.";
    // LST, GTC, BLP (7.6)
    LST_1 "LST-1": Must "7.6" "LST is answered by one LST line for each entry: `LST TrID list ser item total handle name`." until 8;
    LST_2 "LST-2": Must "7.6" "Item counts 1, 2, ... total, without gaps, and total is the number of lines." until 8;
    LST_3 "LST-3": Must "7.6" "An empty list is answered by `LST TrID list ser 0 0`." until 8;
    LST_4 "LST-4": Must "7.6" "FL, AL, BL and RL can each be asked for." until 8;
    LST_5 "LST-5": Must "7.6" "LST shows exactly what ADD and REM made of the list." until 7;
    LST_6 "LST-6": Practice "7.6" "A list name other than the four never succeeds." accept "201, a close" until 8;
    GTC_1 "GTC-1": Must "7.6" "A changed GTC is answered by `GTC TrID ser value` with the new value.";
    GTC_2 "GTC-2": Must "7.6" "Setting GTC to its present value is an error with the request's TrID.";
    GTC_3 "GTC-3": Practice "7.11" "That error is 218.";
    GTC_4 "GTC-4": Must "7.6" "GTC is A for a user who never set it.";
    GTC_5 "GTC-5": Must "7.6" "GTC persists over logins.";
    GTC_6 "GTC-6": Must "7.6" "A GTC value other than A and N never succeeds." accept "an error, a close";
    BLP_1 "BLP-1": Must "7.6" "A changed BLP is answered by `BLP TrID ser value` with the new value.";
    BLP_2 "BLP-2": Must "7.6" "Setting BLP to its present value is an error with the request's TrID.";
    BLP_3 "BLP-3": Practice "7.11" "That error is 218.";
    BLP_4 "BLP-4": Must "7.6" "BLP is AL for a user who never set it.";
    BLP_5 "BLP-5": Must "7.6" "BLP persists over logins.";
    BLP_6 "BLP-6": Must "7.6" "Under BLP AL, everybody who is not on the BL can call the user.";
    BLP_7 "BLP-7": Must "7.6" "Under BLP BL, only users on the AL can call the user.";
    BLP_8 "BLP-8": Must "7.6" "A BLP value other than AL and BL never succeeds." accept "an error, a close";
    BLP_9 "BLP-9": Practice "7.6" "Under BLP BL, a watcher who is not on the AL sees the user offline." accept "presence shown to all but the BL";
    // CHG (7.7)
    CHG_1 "CHG-1": Must "7.7" "CHG to NLN, BSY, IDL, BRB, AWY, PHN, LUN or HDN is answered by CHG with the same state." until 7;
    CHG_2 "CHG-2": Draft "7.7" "CHG FLN is accepted and makes the client offline while it can still synchronise." accept "201";
    CHG_3 "CHG-3": Must "7.7" "Each change to an online state reaches the watchers as NLN with that state.";
    CHG_4 "CHG-4": Must "7.7" "Going HDN from online reaches the watchers as FLN.";
    CHG_5 "CHG-5": Must "7.7" "A hidden user is shown to nobody: no NLN, no ILN.";
    CHG_6 "CHG-6": Must "7.7" "A hidden user still gets others' NLN and FLN and can synchronise lists.";
    CHG_7 "CHG-7": Must "7.7" "A hidden user gets no invitation: calling it is an error.";
    CHG_8 "CHG-8": Must "7.7" "Coming back from HDN reaches the watchers as NLN.";
    CHG_9 "CHG-9": Open "7.7" "A state code outside the list is refused." accept "treatment as a sub-state of NLN, 201, a close";
    CHG_10 "CHG-10": Practice "7.7" "CHG to the present state is echoed." accept "218";
    CHG_11 "CHG-11": Must "7.7" "State codes are the upper-case ones: a server that accepts a lower-case code does not show it to others as another state.";
    // ADD, REM (7.8)
    ADD_1 "ADD-1": Must "7.8" "A client's ADD to FL, AL or BL is echoed: `ADD TrID list ser handle name`, with a new serial number.";
    ADD_2 "ADD-2": Must "7.8" "A client's ADD to RL never succeeds.";
    ADD_3 "ADD-3": Must "7.8" "An added entry is on the list from then on, also in later sessions.";
    ADD_4 "ADD-4": Practice "7.11" "Adding an entry twice draws 215.";
    ADD_5 "ADD-5": Practice "7.11" "A user on BL is refused on AL, and one on AL on BL, with 219.";
    ADD_6 "ADD-6": Practice "7.11" "Adding a user who does not exist draws 205.";
    ADD_7 "ADD-7": Practice "7.11" "Adding a malformed handle draws 201." accept "205, 206, 208";
    ADD_8 "ADD-8": Practice "7.11" "Adding to a full list draws 210; the list stays as it was.";
    ADD_9 "ADD-9": Must "7.8" "Adding to the FL puts the adder on the other user's RL.";
    ADD_10 "ADD-10": Must "7.8" "If the added user is online, it gets `ADD 0 RL ser handle name` of the adder.";
    ADD_11 "ADD-11": Must "7.8" "Adding to AL or BL tells the other user nothing of it.";
    ADD_12 "ADD-12": Practice "7.8" "The echo repeats the custom name as sent.";
    ADD_13 "ADD-13": Must "7.8" "A failed ADD changes nothing: neither the list nor the serial number.";
    ADD_14 "ADD-14": Must "7.8" "A list name other than FL, AL, BL never succeeds." accept "an error, a close";
    REM_1 "REM-1": Must "7.8" "A client's REM from FL, AL or BL is echoed: `REM TrID list ser handle`, with a new serial number.";
    REM_2 "REM-2": Must "7.8" "A client's REM from RL never succeeds.";
    REM_3 "REM-3": Must "7.8" "A removed entry is off the list from then on, also in later sessions.";
    REM_4 "REM-4": Must "7.8" "Removing an entry that is not on the list is an error with the request's TrID.";
    REM_5 "REM-5": Practice "7.11" "That error is 216.";
    REM_6 "REM-6": Must "7.8" "Removing from the FL takes the remover off the other user's RL.";
    REM_7 "REM-7": Must "7.8" "If the removed user is online, it gets `REM 0 RL ser handle` of the remover.";
    REM_8 "REM-8": Must "7.9" "After a contact is off the FL, its changes of state are no longer notified.";
    REM_9 "REM-9": Practice "7.8" "Removing from the FL leaves AL and BL as they were.";
    SER_1 "SER-1": Must "7.8" "Every accepted change of a list or setting comes with a serial number not seen before for that user." until 2;
    SER_2 "SER-2": Practice "7.8" "Serial numbers of one user only rise, and LST, GTC, BLP and SYN all show the latest." until 2;
    SER_3 "SER-3": Practice "7.8" "A change that others cause (RL) raises the number too." until 2;
    // presence (7.9)
    PRES_1 "PRES-1": Must "7.9" "The first CHG of a session is followed by one ILN, with the CHG's TrID, for each contact on the FL that is online and visible.";
    PRES_2 "PRES-2": Must "7.9" "Later CHGs bring no ILN.";
    PRES_3 "PRES-3": Must "7.9" "After ADD FL of an online, visible contact an ILN with the ADD's TrID follows.";
    PRES_4 "PRES-4": Must "7.9" "ILN and NLN name the contact's present state, handle and friendly name.";
    PRES_5 "PRES-5": Must "7.9" "NLN, ILN and FLN only ever concern users on the receiver's FL.";
    PRES_6 "PRES-6": Must "7.9" "A contact that comes online reaches each watcher as one NLN.";
    PRES_7 "PRES-7": Must "7.9" "A contact that leaves by OUT reaches each watcher as FLN.";
    PRES_8 "PRES-8": Must "7.9" "A contact whose connection drops reaches each watcher as FLN.";
    PRES_9 "PRES-9": Must "5.7" "A user on the BL sees none of the blocker's states: no NLN, no ILN.";
    PRES_10 "PRES-10": Practice "5.7" "Blocking an online watcher reaches it as FLN; unblocking as NLN.";
    PRES_11 "PRES-11": Practice "7.9" "ILN follows the echo of the CHG or ADD that it belongs to." accept "ILN first";
    PRES_12 "PRES-12": Practice "7.9" "FLN comes only for a contact that was shown online before." accept "a superfluous FLN";
    PRES_13 "PRES-13": Open "7.9" "Before its own first CHG a client gets no presence of others." accept "NLN and FLN from login on";
    PRES_14 "PRES-14": Practice "7.9" "Sub-states shown to others are NLN, BSY, IDL, BRB, AWY, PHN or LUN; never HDN or FLN.";
    // OUT (7.10)
    OUT_1 "OUT-1": Must "7.10" "OUT on the notification server ends with the server closing the connection.";
    OUT_2 "OUT-2": Draft "7.10" "Before it closes, the server answers OUT with OUT." accept "a close alone";
    OUT_3 "OUT-3": Must "7.10" "A second login of the same user ends the first: `OUT OTH`, then a close.";
    OUT_4 "OUT-4": Must "7.10" "The new login works after it displaced the old.";
    OUT_5 "OUT-5": Must "7.10" "The status code of OUT is OTH, SSD or absent.";
    OUT_6 "OUT-6": Practice "7.10" "On an orderly shutdown each client gets `OUT SSD` and a close (testable where the harness owns the server's process).";
    OUT_7 "OUT-7": Must "7.10" "Nothing follows OUT on a connection.";
    // errors (7.11)
    ERR_1 "ERR-1": Must "7.11" "An error answers a request as `eee TrID`, with that request's TrID; text may follow.";
    ERR_2 "ERR-2": Must "7.11" "Error codes are those of the draft's table.";
    ERR_3 "ERR-3": Practice "7.11" "Codes outside the table that the service is known to have used (217 and a few others) are tolerated; any other code is a fault.";
    ERR_4 "ERR-4": Practice "7.11" "An error line holds the code and the TrID and nothing else.";
    // switchboard referral and entry (8.1, 8.2)
    SBX_1 "SBX-1": Must "8.1" "`XFR TrID SB` of an online user is answered by `XFR TrID SB address CKI cookie`.";
    SBX_2 "SBX-2": Must "8.1" "The address accepts connections from clients.";
    SBX_3 "SBX-3": Must "7.7" "XFR SB while hidden never succeeds (no message activity).";
    SBX_4 "SBX-4": Practice "7.11" "That error is 913.";
    SBX_5 "SBX-5": Practice "8.1" "XFR SB before the first CHG draws 913." accept "a referral";
    SBX_6 "SBX-6": Practice "8.1" "Several referrals may be outstanding; each has a cookie of its own that works.";
    SBX_7 "SBX-7": Practice "8.1" "A client's XFR of another type than SB never succeeds." accept "201, a close";
    SBU_1 "SBU-1": Must "8.2" "`USR TrID handle cookie` is answered by `USR TrID OK handle friendly-name`.";
    SBU_2 "SBU-2": Must "8.2" "A cookie that the notification server did not issue is refused.";
    SBU_3 "SBU-3": Must "8.2" "A cookie opens the switchboard for the user it was issued to, and for nobody else.";
    SBU_4 "SBU-4": Practice "8.2" "A cookie works once.";
    SBU_5 "SBU-5": Practice "7.11" "The refusal is 911." accept "a close";
    SBU_6 "SBU-6": Must "8.2" "Before USR or ANS nothing succeeds on a switchboard." accept "302, an error, a close";
    // CAL, RNG, ANS, IRO (8.3, 8.4)
    CAL_1 "CAL-1": Must "8.3" "CAL of a reachable user is answered by `CAL TrID RINGING session`, the session being a decimal number." accept "from MSNP3 on, a session that is no decimal number";
    CAL_2 "CAL-2": Must "8.3" "All CALs of one session name the same session; different sessions have different numbers.";
    CAL_3 "CAL-3": Must "8.3" "Calling an offline user is an error.";
    CAL_4 "CAL-4": Must "8.3" "Calling a user who has the caller on the BL is an error, and the callee gets no RNG.";
    CAL_5 "CAL-5": Must "8.3" "Calling a user under BLP BL who does not have the caller on the AL is an error, and the callee gets no RNG.";
    CAL_6 "CAL-6": Must "8.3" "Calling a user who does not exist is an error.";
    CAL_7 "CAL-7": Practice "8.3" "The error for an offline, hidden, unknown or blocking callee is 217." accept "216, 205, 913";
    CAL_8 "CAL-8": Practice "8.3" "Calling a user who is in the session draws 215." accept "RINGING again";
    CAL_9 "CAL-9": Must "8.5" "The caller's own BL does not stop its call; nor do other participants' settings.";
    CAL_10 "CAL-10": Practice "8.3" "A malformed handle draws 208 and the session goes on." accept "217, 205";
    CAL_11 "CAL-11": Must "8.3" "Any participant can invite, not only the first.";
    RNG_1 "RNG-1": Must "8.4" "The callee gets `RNG session address CKI cookie caller-handle caller-name` on its notification connection.";
    RNG_2 "RNG-2": Must "8.4" "RNG names the session that CAL returned and the caller who called.";
    RNG_3 "RNG-3": Practice "8.4" "Each CAL rings once.";
    ANS_1 "ANS-1": Must "8.4" "`ANS TrID handle cookie session` is answered by IRO lines and then `ANS TrID OK`, all with its TrID.";
    ANS_2 "ANS-2": Must "8.4" "There is one IRO for each participant already in the session, numbered 1..n of n.";
    ANS_3 "ANS-3": Must "8.4" "The roster comes before any JOI or BYE to the newcomer.";
    ANS_4 "ANS-4": Must "8.4" "A wrong cookie or a wrong session is refused; nobody joins.";
    ANS_5 "ANS-5": Must "8.4" "Answering a session that everybody left gives ANS OK without IRO, or an error; never a stale roster.";
    ANS_6 "ANS-6": Practice "8.4" "The roster does not count the newcomer.";
    // JOI, BYE, OUT on the switchboard (8.5, 8.6)
    JOI_1 "JOI-1": Must "8.5" "Everybody already in the session gets `JOI handle name` of a newcomer, once.";
    JOI_2 "JOI-2": Draft "8.5" "The newcomer gets the JOI too." accept "no JOI to the newcomer";
    BYE_1 "BYE-1": Must "8.5" "When a participant leaves by OUT, those who remain get `BYE handle`, once.";
    BYE_2 "BYE-2": Must "8.5" "When a participant's connection drops, those who remain get `BYE handle`, once.";
    BYE_3 "BYE-3": Must "8.6" "After OUT the switchboard closes the connection.";
    BYE_4 "BYE-4": Must "8.5" "Blocking a participant in a session changes nothing in that session.";
    BYE_5 "BYE-5": Practice "8.5" "A session survives its users' notification connections.";
    // MSG, ACK, NAK (8.7, 8.8)
    MSG_1 "MSG-1": Must "8.7" "A message reaches every other participant once, and the sender never.";
    MSG_2 "MSG-2": Must "8.8" "It arrives as `MSG handle name length` with the sender's handle and name, and length the payload's bytes.";
    MSG_3 "MSG-3": Must "8.8" "The payload arrives byte for byte: the server does not interpret it (CRLF, NUL, non-UTF-8, any MIME or none).";
    MSG_4 "MSG-4": Must "8.7" "Mode U gets no acknowledgement of either kind.";
    MSG_5 "MSG-5": Must "8.7" "Mode N gets nothing when everybody was reached.";
    MSG_6 "MSG-6": Draft "8.7" "Mode N gets `NAK TrID` when the message could not be delivered (nobody else is in the session)." accept "silence";
    MSG_7 "MSG-7": Open "8.7" "Mode A gets `ACK TrID` when everybody was reached (the draft: not implemented)." accept "silence";
    MSG_8 "MSG-8": Practice "8.7" "Messages of one sender arrive in the order sent.";
    MSG_9 "MSG-9": Practice "8.7" "A message of 0 bytes and one of 1664 bytes are delivered.";
    MSG_10 "MSG-10": Practice "8.7" "An over-long message, a bad mode or a bad length is refused by an error or a close; nothing of it is delivered, and others go on undisturbed." accept "whole delivery, where the server's own limit on length is higher";
    MSG_11 "MSG-11": Must "8.7" "A payload whose bytes look like commands is never taken for commands.";
    MSG_12 "MSG-12": Practice "6" "A client's MSG on the notification or dispatch server never succeeds." accept "a close, an error";
    // commands that MSNP2 clients send and the draft leaves out
    CVR_1 "CVR-1": Practice "-" "CVR after login is answered by CVR with two recommended versions, a minimum and a URL." accept "a close where unknown" until 3;
    REA_1 "REA-1": Practice "-" "`REA TrID own-handle name` is answered by `REA TrID ser handle name`; watchers get NLN with the new name." accept "not offered";
    URL_1 "URL-1": Practice "-" "URL of a known service is answered with the same TrID." accept "not offered" until 2;
    SND_1 "SND-1": Practice "-" "SND is answered by `SND TrID OK`." accept "not offered" until 2;
    FND_1 "FND-1": Practice "-" "FND is answered by numbered FND lines, or `FND TrID 0 0`." accept "not offered" until 7;
    PNG_1 "PNG-1": Practice "-" "PNG is answered by QNG." accept "not offered" until 8;
    // CVR, from MSNP4 on
    CVER_1 "CVER-1": Practice "-" "CVR with seven values is answered by CVR with two versions, a minimum version and two URLs." accept "four values; not offered" since 4 until 7;
    // negotiation, login, referral and pages of the service, from MSNP3 on
    NEGO_1 "NEGO-1": Must "-" "The first dialect of the VER reply is the one in use: every later line, on this connection, has the shape of that dialect." since 3;
    NEGO_2 "NEGO-2": Practice "-" "Of several common dialects the highest is in use, in whatever order the client lists them." accept "the first common one in the client's order" since 3;
    NEGO_3 "NEGO-3": Practice "-" "CVR0 in the reply stands last, and only if the client offered it." accept "no CVR0 in the reply" since 3;
    NEGO_4 "NEGO-4": Practice "-" "An offer without CVR0 is negotiated like one with it." accept "`VER TrID 0` and a close" since 3;
    NEGO_5 "NEGO-5": Practice "-" "An offer of CVR0 alone never ends in a login: `VER TrID 0`, or `VER TrID CVR0` for CVQ and a close." since 3;
    NEGO_6 "NEGO-6": Must "-" "A server that speaks several dialects agrees on a lower one when that one is the only dialect offered, with CVR0 beside it." since 3;
    OLD_1 "OLD-1": Practice "-" "A command of a later dialect than the one in use (PRP in MSNP4, ADG in MSNP6, ADC in MSNP9) is never answered as a success." accept "the answer of the later dialect" since 3;
    PKG_1 "PKG-1": Practice "-" "INF offers MD5 and no CTP." accept "further packages beside MD5" since 3 until 7;
    VERIF_1 "VERIF-1": Practice "-" "The login's OK carries the verified flag, 0 or 1, after the friendly name: `USR TrID OK handle name flag`." accept "no flag; a second flag after it" since 6 until 7;
    REFER_1 "REFER-1": Practice "-" "The referral is `XFR TrID NS address 0`." accept "the form of MSNP2" since 3 until 6;
    REFER_2 "REFER-2": Practice "-" "The referral is `XFR TrID NS address 0 own-address`, the last being the address of the server that refers." accept "the shorter forms of MSNP2 and MSNP3" since 7;
    LINK_1 "LINK-1": Practice "-" "The URL reply holds a path or URL, a login URL and a site number." accept "two values; not offered" since 3;
    INVM_1 "INVM-1": Practice "-" "SND with an address, an LCID and a library name (from MSNP4 also a code base name) is answered by `SND TrID OK`." accept "not offered" since 3;
    // phone numbers, from MSNP5 on: PRP, BPR, and both in the batch
    PRP_1 "PRP-1": Must "-" "A PRP of PHH, PHW or PHM with a value, where it succeeds, is answered by `PRP TrID ser key value`." since 5 until 9;
    PRP_2 "PRP-2": Practice "-" "PRP without a value clears the property and is answered by `PRP TrID ser key`, from MSNP10 without the number." accept "not offered, an error" since 5;
    PRP_3 "PRP-3": Must "-" "What a successful PRP of PHH, PHW or PHM set is in the batch of a later SYN, also after a new login; what it cleared is empty or absent there." since 5;
    PRP_4 "PRP-4": Practice "-" "An encoded value of 95 bytes is accepted and comes back meaning the same text." accept "not offered" since 5;
    PRP_5 "PRP-5": Practice "-" "An encoded value of more than 95 bytes is refused by a close." accept "an error; not offered" since 5;
    PRP_6 "PRP-6": Practice "-" "An unknown key of up to three letters, a known one in lower case among them, draws 715; the connection stays and nothing is set. (MFN is a known key from MSNP10, HSB from MSNP11, WWE from MSNP9.)" accept "an echo, another error, a close; not offered" since 5;
    PRP_7 "PRP-7": Practice "-" "A key of more than three letters is refused by a close." accept "an error, an echo; not offered" since 5;
    PRP_8 "PRP-8": Practice "-" "A client cannot set MBE, and MOB does not become Y while MBE is N: the reply says N." accept "an error, silence, an echo of Y; not offered" since 5;
    PRP_9 "PRP-9": Must "-" "An encoded line break in a property never becomes a line of the protocol, for the owner or for others." since 5;
    PRP_10 "PRP-10": Practice "-" "PRP is offered: a PRP of PHH with a value succeeds." accept "502, another error, silence, a close" since 5;
    BPR_1 "BPR-1": Must "-" "Outside a batch BPR is `BPR ser handle key [value]` (from MSNP10 without ser), without TrID, with a key PHH, PHW, PHM or MOB (from MSNP9 also WWE, from MSNP11 HSB)." since 5;
    BPR_2 "BPR-2": Practice "-" "A changed phone number or MOB reaches each online watcher that synchronised as BPR." accept "no BPR until its next SYN" since 5 until 9;
    BPR_3 "BPR-3": Practice "-" "The first ADD (from MSNP10 ADC) of a contact to the FL, after SYN, is followed by BPR PHH, PHW, PHM and MOB of that contact, between echo and ILN." accept "no BPR, or BPR only for what is set" since 5;
    BPR_4 "BPR-4": Practice "-" "A user on the BL gets no phone number of the blocker." accept "BPR with an empty value" since 5;
    BPR_5 "BPR-5": Practice "-" "BPR only ever concerns users on the receiver's FL." accept "BPR after AL, BL and RL lines of a batch" since 5;
    SYNC_1 "SYNC-1": Practice "-" "After BLP the batch holds PRP lines for PHH, PHW, PHM, MOB and MBE, empty or not." accept "only those that are set" since 5 until 7;
    SYNC_2 "SYNC-2": Must "-" "A PRP line of the batch is `PRP TrID ser key [value]`, with the TrID of the SYN." since 7 until 7;
    SYNC_3 "SYNC-3": Practice "-" "Each FL line of the batch is followed by BPR lines of that contact for PHH, PHW, PHM and MOB, empty or not." accept "only those that are set" since 5 until 7;
    SYNC_4 "SYNC-4": Must "-" "A BPR line of the batch is `BPR ser handle key [value]`, with the handle of the FL line before it." since 7 until 7;
    SYNC_5 "SYNC-5": Must "-" "Between SYN and the last RL line stand, in this order, GTC, BLP, PRP, (MSNP7: LSG,) LST FL, AL, BL, RL; BPR lines only after an LST line." since 5 until 7;
    SYNC_10 "SYNC-10": Practice "-" "PRP and BPR lines of the batch are `PRP TrID ser key [value]` and `BPR ser handle key [value]`, the handle being that of the FL line before it." accept "PRP without the TrID; BPR without the handle" since 5 until 6;
    // IMS, from MSNP3 on
    IMS_1 "IMS-1": Practice "-" "`IMS TrID OFF` and `IMS TrID ON` are answered by `IMS TrID 0 OFF` and `IMS TrID 0 ON`." accept "not offered" since 3;
    IMS_2 "IMS-2": Practice "-" "After IMS OFF nobody can call the user: CAL is an error and no RNG comes; IMS ON brings calls back. The state that others see stays." accept "IMS not offered" since 3;
    IMS_3 "IMS-3": Practice "-" "After IMS OFF the user's own XFR SB is refused." accept "IMS not offered; a referral" since 3;
    IMS_4 "IMS-4": Practice "-" "An IMS value other than ON and OFF never succeeds." accept "715, a close, not offered" since 3;
    // groups, from MSNP7 on: LSG, ADG, REG, RMG
    SYNC_6 "SYNC-6": Must "-" "The batch names every group: `LSG TrID ser item total id name 0`, item counting 1 to total, before the first LST." accept "`LSG TrID ser 0 0` for a user without groups" since 7 until 7;
    SYNC_7 "SYNC-7": Must "-" "An FL line ends in the contact's group ids, joined by commas, each of them named by an LSG line." since 7 until 7;
    SYNC_8 "SYNC-8": Practice "-" "AL, BL and RL lines and the line of an empty list carry no group ids." accept "a 0 at the end of AL, BL and RL lines" since 7 until 7;
    SYNC_9 "SYNC-9": Practice "-" "Group 0 is among the groups, also for a user who never made one." accept "no group at all" since 7 until 9;
    LREQ_2 "LREQ-2": Practice "-" "In the answer to a client's LST FL each line ends in the contact's group ids." accept "not offered" since 7 until 8;
    LSG_1 "LSG-1": Practice "-" "`LSG TrID` is answered by one `LSG TrID ser item total id name 0` for each group." accept "not offered" since 7 until 8;
    GRP_1 "GRP-1": Must "-" "`ADG TrID name 0`, the name being one that no group has yet, is answered by `ADG TrID ser name id 0`, with a new serial number." accept "no 0 at the end (GRP-17); 223 at a limit of groups" since 7 until 9;
    GRP_2 "GRP-2": Must "-" "A new group's id is one that no other group of that user has, and never 0." since 7 until 9;
    GRP_3 "GRP-3": Practice "-" "Group ids are 1 to 29." accept "larger numbers" since 7 until 9;
    GRP_4 "GRP-4": Must "-" "A new group is in the batch of a later SYN under its id and name, also after a new login." since 7 until 9;
    GRP_5 "GRP-5": Must "-" "A group name travels URL-encoded and comes back meaning the same text." since 7;
    GRP_6 "GRP-6": Practice "-" "With 30 groups ADG draws 223 and adds nothing." accept "no limit, a higher limit" since 7;
    GRP_7 "GRP-7": Practice "-" "A name of more than 61 encoded bytes draws 229 in ADG and REG." accept "a close; success" since 7;
    GRP_8 "GRP-8": Open "-" "A name that another group of the user has is accepted." accept "228, also for a name that a group of another user has" since 7 until 9;
    GRP_9 "GRP-9": Must "-" "`REG TrID id name 0` is answered by `REG TrID ser id name 0`, with a new serial number; later batches show the new name." accept "no 0 at the end (GRP-17)" since 7 until 9;
    GRP_10 "GRP-10": Practice "-" "REG or RMG of an id that no group has draws 224." accept "a close; an echo of REG or RMG that changes nothing" since 7;
    GRP_11 "GRP-11": Must "-" "`RMG TrID id` is answered by `RMG TrID ser id`, with a new serial number; later batches do not hold the group, nor its id in any contact's list." accept "226 while the group has members" since 7 until 9;
    GRP_12 "GRP-12": Practice "-" "RMG of group 0 never takes group 0 away: it is refused, or the next batch shows the group as before." since 7 until 9;
    GRP_13 "GRP-13": Practice "-" "That error is 230." accept "224; an echo" since 7 until 9;
    GRP_14 "GRP-14": Open "-" "Removing a group takes contacts that are in no other group off the FL." accept "the contacts stay, in group 0 or in none; 226 while the group has members" since 7 until 9;
    GRP_15 "GRP-15": Practice "-" "A group id that is no number, or 30 and more, is refused by a close." accept "224, 201" since 7 until 9;
    GRP_16 "GRP-16": Must "-" "A user's ADG, REG and RMG leave other users' groups as they are, whatever id they name." since 7;
    GRP_17 "GRP-17": Practice "-" "The replies to ADG and REG end in 0." accept "no 0" since 7 until 9;
    GRP_18 "GRP-18": Practice "-" "A failed ADG, REG or RMG changes neither the groups nor, where the dialect has one, the serial number." since 7;
    // into groups and out of them, by ADD and REM
    INTO_1 "INTO-1": Must "-" "`ADD TrID FL handle name id` for a contact on the FL, id being a group other than 0, is echoed with the group id last, and the contact is in that group from then on." since 7 until 9;
    INTO_2 "INTO-2": Must "-" "A contact on the FL can be added to a further group; the batch then shows the contact in both." since 7 until 9;
    INTO_3 "INTO-3": Practice "-" "Adding a contact to a group that it is in draws 215." accept "an echo" since 7 until 9;
    INTO_4 "INTO-4": Practice "-" "ADD to a group that does not exist draws 224, and the contact is not added." accept "a close, another error" since 7 until 9;
    INTO_5 "INTO-5": Practice "-" "ADD FL without a group id succeeds and puts the contact into group 0; the echo names no group." accept "an echo that ends in 0; the contact in no group" since 7 until 9;
    INTO_6 "INTO-6": Practice "-" "Adding a contact to a further group tells the contact nothing." accept "a second ADD 0 RL" since 7 until 9;
    INTO_7 "INTO-7": Practice "-" "`ADD TrID FL handle name id` for a user who is on no list puts the user on the FL and into that group, and is echoed with the group id last." accept "an error, the user being added to no list; an echo without the id for group 0" since 7 until 9;
    OUTOF_1 "OUTOF-1": Must "-" "`REM TrID FL handle id`, id being a group other than 0 that the contact is in beside another, is echoed with the group id last; the contact leaves that group and stays on the FL." since 7 until 9;
    OUTOF_2 "OUTOF-2": Open "-" "Leaving the last group leaves the contact on the FL." accept "the contact is off the FL" since 7 until 9;
    OUTOF_3 "OUTOF-3": Practice "-" "REM from a group that does not exist draws 224, from one that the contact is not in 225." accept "either for the other, 216, a close" since 7 until 9;
    OUTOF_4 "OUTOF-4": Must "-" "REM FL without a group id takes the contact off the FL and out of all groups." accept "216 after an earlier REM from a group, the contact being off the FL all the same" since 7 until 9;
    OUTOF_5 "OUTOF-5": Practice "-" "Leaving a group tells the contact nothing while the contact is on the FL: no REM 0 RL comes." accept "REM 0 RL to the contact (and then 216 in answer to a later REM FL that takes effect all the same)" since 7 until 9;
    // letters and pages, from MSNP5 on
    SDC_1 "SDC-1": Practice "-" "`SDC TrID address lcid library codebase X X name length` with its payload is answered by `SDC TrID OK`." accept "not offered" since 5;
    SDC_2 "SDC-2": Practice "-" "A malformed SDC draws 503 and a close." accept "another error, a close, not offered" since 5;
    SDC_3 "SDC-3": Practice "-" "A server that answers SDC takes exactly its payload; what follows is the next command." since 5;
    PAG_1 "PAG-1": Practice "-" "A PAG that cannot be delivered draws 800; one that is draws nothing." accept "not offered" since 5 until 8;
    PAG_2 "PAG-2": Practice "-" "The payload of a PAG is never taken for commands." accept "a close; not offered (a server that does not know PAG reads the payload as lines)" since 5 until 8;
    // challenges, from MSNP6 on
    CHL_1 "CHL-1": Must "-" "A challenge is `CHL 0 word` and nothing more." accept "`CHL TrID word` to a client that asked with `CHL TrID`" since 6;
    CHL_2 "CHL-2": Must "-" "After a CHL, `QRY TrID id 32` with the lower-case hexadecimal MD5 of the word and the id's key, the id being msmsgs@msnmsgr.com, is answered by `QRY TrID`, and the connection stays." since 6 until 10;
    CHL_3 "CHL-3": Practice "-" "All product ids with known keys are accepted: msmsgs@msnmsgr.com, PROD0038W!61ZTF9, PROD0058#7IL2{QD, PROD0061VRRZH@4F." accept "some of them" since 6 until 10;
    CHL_4 "CHL-4": Practice "-" "A wrong digest, or a product id that is not known, draws 540 and a close." accept "a close alone; `QRY TrID` from a server that does not check" since 6 until 10;
    CHL_5 "CHL-5": Practice "-" "A challenge without an answer ends the connection after about 50 seconds, not before 20." accept "no end at all" since 6;
    CHL_6 "CHL-6": Practice "-" "Challenges come only after login, the first one soon after the first CHG." accept "a first challenge later, or before CHG" since 6;
    CHL_7 "CHL-7": Open "-" "The server challenges at all." accept "no challenge within the test" since 6;
    CHL_8 "CHL-8": Must "-" "Requests between a challenge and its answer are served as ever." since 6;
    CHL_9 "CHL-9": Must "-" "The payload of a QRY that answers a CHL is exactly as long as the QRY says; the next command begins right after it, also in the same segment, and is answered." since 6;
    CHL_10 "CHL-10": Open "-" "A QRY that no challenge asked for draws 540 and a close." accept "`QRY TrID`, silence, another error; the payload read as the start of a line, by a server that never challenges" since 6;
    // serial numbers, from MSNP3 on
    NUM_2 "NUM-2": Practice "-" "Within a session the numbers of the client's own changes of lists and settings only rise." accept "a number that starts anew with a SYN or a login; numbers of the notices that others cause lying outside the row" since 3 until 9;
    // what else differs from MSNP3 on, and users of different dialects on one server
    VERIF_2 "VERIF-2": Open "-" "A user whose address is not verified (flag 0) cannot rename: REA draws 209." accept "REA as for others" since 6 until 9;
    DOMAIN_1 "DOMAIN-1": Must "-" "A handle outside hotmail.com is accepted wherever a handle stands, where such an account exists." since 3;
    TWN_10 "TWN-10": Practice "-" "`USR TrID TWN I handle` never leads to a login." accept "911, 502, another error, a close" since 3 until 7;
    HOT_1 "HOT-1": Practice "-" "A mail notice, if one is sent, is `MSG Hotmail Hotmail n` of exactly n bytes whose content type is text/x-msmsgsinitialemailnotification, text/x-msmsgsemailnotification or text/x-msmsgsactivemailnotification, from MSNP11 also text/x-msmsgsinitialmdatanotification or text/x-msmsgsoimnotification." accept "another content type; another sender's handle and name" since 3;
    HOT_2 "HOT-2": Must "-" "No MSG comes from the service before the login's OK." since 3;
    NOT_1 "NOT-1": Must "-" "A notice is `NOT n` (from MSNP6 for pages also `IPG n`) without TrID and exactly n bytes of XML; the next line begins right after it." since 5;
    LREQ_1 "LREQ-1": Practice "-" "A client's LST of FL, AL, BL or RL is answered by numbered LST lines, or by `LST TrID list ser 0 0` for an empty list." accept "not offered: silence, an error, a close" since 3 until 8;
    SETT_2 "SETT-2": Practice "-" "Setting GTC or BLP to the value that it has draws 218 and changes nothing." accept "an echo, from a server that does not check, or on an account that never set it" since 3;
    QNG_1 "QNG-1": Practice "-" "PNG is answered by QNG alone, without TrID." accept "a number after it" since 3 until 8;
    ROOM_1 "ROOM-1": Must "-" "RNG and MSG have the values of MSNP2, and so have, before MSNP12, IRO and JOI: no client id is in them." since 3;
    ROOM_2 "ROOM-2": Practice "-" "BYE may end in 1 for a participant that the server dropped for idleness; for one that left or lost its connection it holds the handle alone." accept "1 for a lost connection" since 3;
    ACK_1 "ACK-1": Practice "-" "Mode A gets `ACK TrID` when everybody was reached, and `NAK TrID` when the message could not be delivered." accept "silence; ACK from a server that counts an empty session as reached" since 7;
    DATA_4 "DATA-4": Practice "-" "Mode D is a bad mode." accept "the treatment of MSNP9" since 3 until 8;
    MIX_1 "MIX-1": Must "-" "ILN and NLN have the shape of the receiver's dialect: no client id before MSNP8, no object before MSNP9, whatever the contact speaks." since 3;
    MIX_3 "MIX-3": Must "-" "Users of different dialects can call each other, and messages between them arrive byte for byte." accept "a server that does not speak the other dialect" since 3;
    MIX_4 "MIX-4": Must "-" "Lists and settings changed under one dialect show in the SYN of another." accept "a server that does not speak the other dialect" since 3;
    MIX_5 "MIX-5": Must "-" "A login in one dialect displaces the same user's login in another: OUT OTH and a close." accept "a server that does not speak the other dialect" since 3;
    MIX_6 "MIX-6": Must "-" "A client gets no command that its dialect does not have: no BPR or NOT before MSNP5, no IPG before MSNP6, no group id or LSG before MSNP7." accept "a server that does not speak the other dialect" since 3;
    MIX_7 "MIX-7": Must "-" "`ADD 0 RL ser handle name` and `REM 0 RL ser handle` have the same shape in all dialects up to MSNP9, whoever adds and removes." since 3 until 9;
    MIX_8 "MIX-8": Practice "-" "No challenge comes." accept "CHL in MSNP5; the harness answers it" since 3 until 5;
    PAY_1 "PAY-1": Must "-" "A payload command on the notification server with a bad, a negative or a huge length ends that connection at most; others are served on." since 5;
    // the server as a whole
    LIVE_1 "LIVE-1": Must "4" "Whatever one client sends, the server goes on serving the others.";
    LIVE_2 "LIVE-2": Must "4" "A client that stops reading does not stop the delivery to others.";
    LIVE_3 "LIVE-3": Practice "4" "After a flood of connects and disconnects a new login still works.";
    LIVE_4 "LIVE-4": Must "7.10" "Many logins of one user at the same moment end with one connection that works, and others are served meanwhile.";
    LIVE_5 "LIVE-5": Practice "4" "A connection that sends nothing does not keep others from service; the server may close it after a while.";
    // login by tickets, from MSNP8 on
    PKG_2 "PKG-2": Practice "-" "INF is never answered as a success." accept "502, a close, silence, an ordinary answer" since 8;
    CVER_2 "CVER-2": Must "-" "CVR with eight values, the last being the handle, is answered after VER and before USR, by two versions, a minimum version and two URLs." since 8;
    CVER_3 "CVER-3": Open "-" "USR without a CVR before it is served." accept "a close" since 8;
    TWN_1 "TWN-1": Must "-" "`USR TrID TWN I handle` of a known user is answered by `USR TrID TWN S word` with one word (or by an NS referral); it never logs in by itself." since 8;
    TWN_2 "TWN-2": Must "-" "`USR TrID TWN S ticket` with a ticket of that user's login is answered by `USR TrID OK handle name verified kid`, the last two 0 or 1." since 8 until 9;
    TWN_3 "TWN-3": Must "-" "A wrong ticket never logs in: it is refused by an error that carries its TrID, or by a close." since 8;
    TWN_4 "TWN-4": Practice "-" "A wrong ticket draws 911, and the server closes." accept "911 and the connection stays; another error; a close alone" since 8;
    TWN_5 "TWN-5": Must "-" "TWN S without a preceding TWN I never logs in." since 8;
    TWN_6 "TWN-6": Must "-" "`USR TrID MD5 I handle` and a right or wrong MD5 response after it never lead to a login." accept "a close, 502, 911, another error, any answer to the I" since 8;
    TWN_7 "TWN-7": Must "-" "An unknown user is refused, at I or at S, and never logged in." since 8;
    TWN_8 "TWN-8": Practice "-" "A ticket of one user does not log in another: after an I of the other handle it is refused." accept "an OK that names the ticket's own user" since 8;
    TWN_9 "TWN-9": Practice "-" "A second USR after login is refused and the login stands; the error is 207." accept "205, 715, another error" since 8;
    TWN_11 "TWN-11": Must "-" "An empty ticket, a ticket of one byte and a ticket of many kilobytes never log in, and the server lives on." since 8;
    TWN_12 "TWN-12": Open "-" "A ticket can be used for a second login within its life." accept "911" since 8;
    TWN_13 "TWN-13": Practice "-" "Before login no command but VER, CVR, USR and OUT succeeds." accept "302, 715, 502, a close, silence; INF answered" since 8;
    REFER_3 "REFER-3": Must "-" "A dispatch server answers `USR TrID TWN I handle` by the referral or by `USR TrID TWN S`; it answers CVR before that." since 8;
    PAG_3 "PAG-3": Draft "-" "PAG draws 715: PGD took its place." accept "not offered, a close" since 9;
    PGD_1 "PGD-1": Draft "-" "`PGD TrID handle device n` with its payload draws 800 where it cannot be delivered; a device of 0 draws 201." accept "not offered" since 9;
    FIND_1 "FIND-1": Draft "-" "FND draws 502." accept "not offered, an ordinary answer" since 8;
    // the batch of MSNP8 and later
    BATCH_1 "BATCH-1": Must "-" "SYN of a client without a cache (`SYN TrID 0`) is answered by `SYN TrID ser contacts groups`." since 8 until 9;
    BATCH_2 "BATCH-2": Draft "-" "SYN of a client whose number is that of the last SYN reply or change, is answered by `SYN TrID ser` alone, and no batch follows." accept "a full batch with counts" since 8 until 9;
    BATCH_3 "BATCH-3": Must "-" "The GTC, BLP, PRP, LSG, LST and BPR lines of the batch carry neither TrID nor number." since 8;
    BATCH_4 "BATCH-4": Must "-" "The batch holds exactly as many LST lines as the first count and as many LSG lines as the second." since 8;
    BATCH_5 "BATCH-5": Must "-" "The order of the batch is GTC, BLP, PRP, LSG, then LST lines, each followed by its BPR lines." since 8;
    BATCH_6 "BATCH-6": Must "-" "The batch has one line for each user, `LST handle name bits [groups]`: every user on the FL, AL or BL has one, and nobody has two." accept "a blank at the end of the line of a contact in no group" since 8 until 9;
    BATCH_7 "BATCH-7": Must "-" "bits is the sum of 1 (FL), 2 (AL), 4 (BL) and 8 (RL); 1, 2 and 4 show exactly what ADD and REM made of the client's lists." since 8 until 9;
    BATCH_8 "BATCH-8": Must "-" "A user who has the owner on the FL has a line whose bits include 8, also where the owner lists that user nowhere." accept "16 instead, where the adder was added in MSNP10 or later" since 8 until 9;
    BATCH_9 "BATCH-9": Practice "-" "Group ids stand in a line only if the user is on the FL." accept "0 in other lines" since 8 until 9;
    BATCH_10 "BATCH-10": Must "-" "Every group id or GUID in an LST line is named by an LSG line of the batch (before MSNP10 `LSG id name 0`; LSG-2)." accept "0 without an LSG line, where the server has no group 0" since 8;
    BATCH_11 "BATCH-11": Practice "-" "PRP and BPR lines come only for properties that are set: `PRP key value`, `BPR key value`." accept "lines without a value" since 8;
    BATCH_12 "BATCH-12": Must "-" "No BPR line stands before the first LST line, and a BPR line speaks of the contact of the LST line before it." since 8;
    BATCH_13 "BATCH-13": Must "-" "A batch whose first count is 0 is whole all the same: GTC and BLP at the least, and no LST line." since 8;
    BATCH_14 "BATCH-14": Must "-" "After a change of the lists or settings, a SYN with an earlier number draws the full batch." since 8 until 9;
    NUM_1 "NUM-1": Must "-" "The successful answers to GTC, BLP, PRP, ADD, REM, REA, ADG, REG and RMG keep TrID and number as in MSNP7, outside the batch." accept "GTC without the number" since 8 until 9;
    LREQ_3 "LREQ-3": Draft "-" "A client's LST or LSG ends the connection." accept "silence, an ordinary answer" since 9;
    // what clients can do, and what users show
    CAPS_1 "CAPS-1": Must "-" "`CHG TrID state id` is answered by CHG with the same state and the same client id." since 8;
    CAPS_2 "CAPS-2": Must "-" "ILN and NLN carry the contact's client id after the name: `ILN TrID state handle name id`, `NLN state handle name id`." since 8;
    CAPS_3 "CAPS-3": Practice "-" "A CHG that changes only the client id reaches the watchers as NLN." accept "no NLN until the next change of state" since 8;
    CAPS_4 "CAPS-4": Open "-" "CHG without a client id is echoed." accept "an echo that ends in 0, 201, a close, silence" since 8;
    CAPS_5 "CAPS-5": Practice "-" "Client ids from 0 to 4294967295 come back as sent, to the user and to the watchers." accept "201 above 2147483647; a number re-printed" since 8;
    OBJ_1 "OBJ-1": Must "-" "An object in a CHG to another state comes back in the echo and goes to the watchers in ILN and NLN, as the last value, meaning the same text." since 9;
    OBJ_2 "OBJ-2": Practice "-" "For a user without an object, CHG, ILN and NLN end in the client id." accept "an empty object element; 0; an empty word (a blank at the end of the line)" since 9;
    OBJ_3 "OBJ-3": Practice "-" "A CHG without an object takes an earlier object away: the next NLN shows none." accept "an empty object element, 0 or an empty word; the earlier object still, from a server that keeps it" since 9;
    OBJ_4 "OBJ-4": Practice "-" "A CHG that changes only the object reaches the watchers as NLN with the present state." accept "no NLN until the next change of state" since 9;
    OBJ_5 "OBJ-5": Open "-" "The server does not read the object: any encoded text passes unchanged." accept "an error, another spelling of the same text" since 9;
    // how long a client may be silent
    QNG_2 "QNG-2": Must "-" "PNG is answered by `QNG n`, n a decimal number of seconds, without TrID." since 9;
    // data in messages
    DATA_1 "DATA-1": Must "-" "Mode D delivers like the other modes and gets `ACK TrID`." since 9;
    DATA_2 "DATA-2": Practice "-" "Mode D gets `NAK TrID` when nobody else is in the session." accept "ACK, silence" since 9;
    DATA_3 "DATA-3": Draft "-" "A message of type application/x-msnmsgrp2p in another mode than D ends the connection and reaches nobody." accept "delivery" since 9;
    // users of different dialects on one server
    MIX_2 "MIX-2": Practice "-" "A contact in a dialect before MSNP8 is shown with a client id, 0." accept "another number" since 8;
    NEGO_7 "NEGO-7": Must "-" "A server that speaks MSNP11 or 12 agrees on MSNP10 when MSNP10 is the only dialect offered, with CVR0 beside it, and then keeps to the shapes of MSNP10: no UBX, no network id, no capabilities in IRO and JOI." accept "SBS in MSNP10" since 10;
    TWN_14 "TWN-14": Must "-" "The login's OK is `USR TrID OK handle verified kid`, the last two 0 or 1: no friendly name stands in it." since 10;
    SBS_3 "SBS-3": Practice "-" "No SBS comes in MSNP10." accept "SBS 0 null" since 10 until 10;
    PROF_1 "PROF-1": Practice "-" "After OK comes the profile: `MSG Hotmail Hotmail n` of exactly n bytes, content type text/x-msmsgsprofile, that names MSPAuth, ClientIP, ClientPort and sid." accept "no profile; some of these headers absent" since 10;
    PROF_3 "PROF-3": Practice "-" "The profile says `ABCHMigrated: 1`, or it says 0 and lists, groups and SYN have numbers in the place of GUIDs and stamps." accept "no such header; no profile; 0 is not tested further" since 10 until 10;
    SESS_1 "SESS-1": Must "-" "Lines that come unasked (SBS, NOT, MSG, BPR, ADC 0, REM 0, UBX) carry no request's TrID, and each that has a payload has exactly its length." since 10;
    BOOT_1 "BOOT-1": Practice "-" "OUT to a client carries OTH, SSD, MIG or TOU, or no word; from MSNP11 also RCT with a number of minutes." since 10;
    PRP_11 "PRP-11": Must "-" "A PRP of PHH, PHW or PHM with a value, where it succeeds, is answered by `PRP TrID key value`, without a serial number." since 10;
    BPR_6 "BPR-6": Practice "-" "A property of a contact that changes reaches its online watchers as `BPR handle key value` without a serial number." accept "no BPR" since 10;
    STAMP_1 "STAMP-1": Must "-" "`SYN TrID 0 0` is answered by `SYN TrID stamp stamp contacts groups`, the counts decimal." since 10;
    STAMP_2 "STAMP-2": Practice "-" "The stamps are ISO 8601 times with a zone offset, not the client's words." accept "an echo of the client's words; a constant; another form" since 10;
    STAMP_3 "STAMP-3": Draft "-" "A SYN with both stamps of the server's last answer, nothing having changed, is answered by `SYN TrID stamp stamp` alone, and no batch follows." accept "a full batch with counts" since 10;
    STAMP_4 "STAMP-4": Must "-" "After the client's own change of the lists, a SYN with the stamps of an earlier answer draws the full batch. (Whether other changes move the stamps is open.)" since 10;
    STAMP_5 "STAMP-5": Must "-" "`PRP MFN name`, the user's own friendly name, URL-encoded, is in every full batch." since 10;
    STAMP_6 "STAMP-6": Open "-" "A second SYN in a session is served like the first." accept "an error, a close" since 10;
    STAMP_7 "STAMP-7": Open "-" "Stamps that are no times, that lie in the future or that the server never sent draw a full batch." accept "no batch, an error, a close" since 10;
    STAMP_8 "STAMP-8": Open "-" "SYN with one word or none is refused." accept "silence, a full batch" since 10;
    ENTRY_1 "ENTRY-1": Must "-" "The batch has one line for each user, `LST N=handle [F=name] [C=guid] bits [groups]`: every user on the FL, AL or BL has one, and nobody has two." accept "a blank at the end of the line" since 10 until 11;
    ENTRY_3 "ENTRY-3": Must "-" "bits is the sum of 1 (FL), 2 (AL), 4 (BL), 8 (RL) and 16 (PL); 1, 2 and 4 show exactly what ADC and REM made of the client's lists." since 10;
    ENTRY_4 "ENTRY-4": Must "-" "A contact on the FL has a C= with a GUID, which stays the same in every session while it stays on the FL." since 10;
    ENTRY_5 "ENTRY-5": Practice "-" "A user who is not on the FL has neither C= nor groups in its line." accept "a C=" since 10;
    ENTRY_6 "ENTRY-6": Must "-" "Two contacts of one user never have the same GUID." since 10;
    ENTRY_7 "ENTRY-7": Practice "-" "A contact on the FL has an F= with its name, URL-encoded; groups are joined by commas, without blanks." since 10;
    LSG_2 "LSG-2": Must "-" "A group's line is `LSG name guid`, two words, the name URL-encoded." since 10;
    LSG_3 "LSG-3": Practice "-" "There is no group for contacts without one: LSG names only groups that the user made." accept "an LSG line with a name of the service's own" since 10;
    GRPG_1 "GRPG-1": Must "-" "`ADG TrID name`, the name being one that no group has yet, is answered by an ADG with the TrID, the name and a GUID that no other group of the user has." accept "`1` before the name or `0` after the GUID" since 10;
    GRPG_2 "GRPG-2": Must "-" "The next batch names a new group, under that GUID and name." since 10;
    GRPG_3 "GRPG-3": Must "-" "`REG TrID guid name` is answered by a REG with the TrID, the GUID and the new name, in either order." accept "`1` before them or `0` after them" since 10;
    GRPG_4 "GRPG-4": Must "-" "`RMG TrID guid` is answered by an RMG with the TrID and the GUID, and the next batch does not name the group." accept "`1` before the GUID; 226 or 227 while the group has members" since 10;
    GRPG_5 "GRPG-5": Practice "-" "A word that is no GUID, where a GUID of a group stands, never succeeds in RMG, REG, ADC or REM." accept "224, 201, a close, an echo of REG that changes nothing" since 10;
    GRPG_6 "GRPG-6": Practice "-" "A group name that exists already draws 228." accept "an echo" since 10;
    GRPG_7 "GRPG-7": Open "-" "Removing a group with members leaves the members on the FL without that group." accept "226, 227" since 10;
    GRPG_8 "GRPG-8": Must "-" "Nobody but the owner learns of ADG, REG and RMG." since 10;
    ADC_1 "ADC-1": Must "-" "`ADC TrID AL N=handle` and `ADC TrID BL N=handle` of an account that exists and is on neither list are echoed, without a serial number." since 10;
    ADC_2 "ADC-2": Must "-" "`ADC TrID FL N=handle F=name` of an account that exists and is not on the FL is answered by `ADC TrID FL N=handle F=name C=guid`." accept "the account's own name in F=" since 10;
    ADC_3 "ADC-3": Must "-" "The GUID of the reply is that which SYN shows for the contact afterwards." since 10;
    ADC_4 "ADC-4": Must "-" "`ADC TrID FL C=guid group-guid` of a contact on the FL is echoed, and SYN shows the contact in that group." since 10;
    ADC_5 "ADC-5": Must "-" "A contact can be in several groups; the LST line names them all, in any order." since 10;
    ADC_6 "ADC-6": Practice "-" "Adding a contact to a group that it is in draws 215." accept "an echo" since 10;
    ADC_7 "ADC-7": Practice "-" "Adding a contact to a group that does not exist draws 224, and the groups stay as they were." accept "201, a close" since 10;
    ADC_8 "ADC-8": Must "-" "`ADC TrID FL C=guid group-guid` with a GUID that is no contact's never succeeds, and nobody is added." since 10;
    ADC_9 "ADC-9": Practice "-" "Adding an account that does not exist draws 208." accept "205" since 10;
    ADC_10 "ADC-10": Practice "-" "Adding a malformed handle draws 201." accept "208, 205" since 10;
    ADC_11 "ADC-11": Practice "-" "Adding a contact to the FL again draws 215." accept "an echo with the same GUID" since 10;
    ADC_12 "ADC-12": Must "-" "Adding a contact to the FL again never makes a second line, nor a second GUID for it." since 10;
    ADC_13 "ADC-13": Draft "-" "Adding to AL a user who is on the BL, or the other way, draws 219." accept "an echo" since 10;
    ADC_14 "ADC-14": Must "-" "Adding to the FL, if the added user is online, makes it get `ADC 0 RL N=handle F=name` of the adder, without a serial number or a GUID." accept "a further word at the end" since 10;
    ADC_15 "ADC-15": Practice "-" "Adding to AL or BL, and to a further group, sends the other user no ADC." accept "an ADC 0 RL after an ADC into a group" since 10;
    ADC_17 "ADC-17": Must "-" "ADD and REA are no commands of MSNP10 to 12: they never succeed." accept "502, a close, silence" since 10;
    ADC_18 "ADC-18": Practice "-" "A list name other than FL, AL, BL, RL and PL, and PL itself, never succeed in ADC." accept "an error, a close, silence" since 10;
    ADC_19 "ADC-19": Practice "-" "Adding oneself does not break the session." accept "201, an echo" since 10;
    ADC_20 "ADC-20": Must "-" "A user's own ADC and REM never change another user's lists, except the RL and PL." since 10;
    ADC_21 "ADC-21": Practice "-" "A failed ADC or REM leaves lists, groups and their GUIDs as they were." since 10;
    PEND_1 "PEND-1": Practice "-" "A user who was added by a stranger finds the adder in the next batch as bits 16." accept "bits 8; 8 and 16 together" since 10;
    PEND_3 "PEND-3": Practice "-" "`ADC TrID RL N=handle` of a user who has not added the client never puts that user on the RL." accept "201, 208, a close" since 10;
    PEND_4 "PEND-4": Open "-" "`ADC TrID RL N=handle` of a pending user is echoed in MSNP10 too." accept "a close, 201" since 10 until 10;
    PEND_5 "PEND-5": Practice "-" "The client's answer to a pending user tells the adder nothing and changes no list of the adder." since 10;
    PEND_6 "PEND-6": Practice "-" "The adder appears on the list of the added user also when the latter was not online: the next SYN shows the adder's line with 8 or 16 in bits." since 10;
    REMG_1 "REMG-1": Must "-" "`REM TrID FL guid` is echoed without a serial number, and the contact is off the FL in the next batch." accept "216 after an earlier REM from a group, the contact being off the FL all the same" since 10;
    REMG_2 "REMG-2": Must "-" "`REM TrID AL handle` and `REM TrID BL handle` (no N=) are echoed without a serial number." since 10;
    REMG_3 "REMG-3": Must "-" "`REM TrID FL guid group-guid` of a contact in that group is echoed; the contact leaves that group and its line stays with bit 1." since 10;
    REMG_4 "REMG-4": Practice "-" "`REM TrID FL guid group-guid` from the only group of the contact leaves it on the FL in no group, and tells the contact nothing." accept "REM 0 RL to the contact" since 10;
    REMG_5 "REMG-5": Practice "-" "The removed user, if online, gets `REM 0 RL handle` of the remover: the bare handle, no serial number." accept "N= before the handle" since 10;
    REMG_6 "REMG-6": Practice "-" "Removing a contact that is not on the list draws 216, with an unknown GUID too." accept "208, 201, 205" since 10;
    REMG_7 "REMG-7": Practice "-" "A handle in the place of the GUID for the FL never succeeds." accept "403, 201, a close" since 10;
    REMG_8 "REMG-8": Practice "-" "Removing a contact from a group that it is not in draws 225." accept "216, 224" since 10;
    REMG_9 "REMG-9": Open "-" "A GUID in upper-case hexadecimal is the same contact." accept "216, 208, 224" since 10;
    REMG_10 "REMG-10": Must "-" "After `REM TrID FL guid` another ADC of the same user succeeds and names a GUID; the contact is whole again." since 10;
    MFN_1 "MFN-1": Must "-" "`PRP TrID MFN name` is echoed without a serial number, and the next batch, also after a new login, shows the new name." since 10;
    MFN_2 "MFN-2": Practice "-" "A new own name reaches online watchers as NLN with that name." accept "BPR MFN; nothing until the next change of state" since 10;
    MFN_3 "MFN-3": Practice "-" "After PRP MFN the switchboard's USR OK, IRO, JOI and MSG carry the new name in sessions that start later." accept "the earlier name until the next login" since 10;
    MFN_4 "MFN-4": Practice "-" "After `PRP TrID MFN` without a name, ILN, NLN, LST and the batch's PRP MFN still have a name word, of this user or the handle." accept "an error, a close, an echo without any change" since 10;
    SBP_1 "SBP-1": Must "-" "`SBP TrID guid MFN name` of a contact on the FL is echoed." since 10;
    SBP_2 "SBP-2": Practice "-" "SBP with a GUID that is no contact's never succeeds." accept "an echo that changes nothing; 208, 216" since 10;
    SBP_3 "SBP-3": Must "-" "SBP tells the contact nothing and changes nothing that others see." since 10;
    SBP_4 "SBP-4": Open "-" "The name of SBP MFN is in the contact's LST line of the next batch." accept "the contact's own name" since 10;
    SETT_1 "SETT-1": Must "-" "A changed GTC is answered by `GTC TrID value`, a changed BLP by `BLP TrID value`, without a serial number." since 10;
    UUX_11 "UUX-11": Open "-" "UUX never succeeds in MSNP10." accept "`UUX TrID 0`, 502" since 10 until 10;
    GCF_2 "GCF-2": Practice "-" "GCF never succeeds in MSNP10." accept "a close, silence, 502, the answer of MSNP11" since 10 until 10;
    ROOM_4 "ROOM-4": Must "-" "A message of mode D with binary content (type application/x-msnmsgrp2p, bytes 0, 10, 13 and 255 among them) reaches every other participant byte for byte." since 10;
    ROOM_5 "ROOM-5": Practice "-" "The shape of IRO and JOI is that of the receiver's dialect, whatever the newcomer speaks." accept "that of the newcomer" since 10;
    ROOM_6 "ROOM-6": Practice "-" "XFR SB and RNG have no words after the cookie, and after the caller's name." accept "U and a domain after them" since 10;
    ROOM_8 "ROOM-8": Practice "-" "The server does not look at P2P-Dest: every other participant gets the message." accept "the named one alone" since 10;
    // users of different dialects on one server
    MIX_9 "MIX-9": Must "-" "A user in MSNP10 gets no UBX from a contact in MSNP11 or 12, and no capabilities in IRO and JOI." since 10;
    MIX_10 "MIX-10": Must "-" "A user of MSNP9 and one of MSNP10 who add and remove one another each get the notice in the shape of their own dialect: `ADD 0 RL ser handle name` and `REM 0 RL ser handle`, or `ADC 0 RL N=handle F=name` and `REM 0 RL handle`." accept "N= before the handle in REM 0 RL" since 10;
    MIX_11 "MIX-11": Practice "-" "A group made in MSNP9 or before is in the batch of MSNP10 under a GUID, with the same name and members, and the other way." accept "groups of one dialect not shown in the other" since 10;
    MIX_12 "MIX-12": Must "-" "A contact added in MSNP9 or before is in the batch of MSNP10 on the same lists of FL, AL and BL, and has a GUID if it is on the FL. (RL and PL: 8, 16 or both.)" since 10;
}
