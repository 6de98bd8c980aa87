//! The requests of MSNP2 as rows: on which rung of the ladder each stands, and which clause says
//! that it is answered.

use std::fmt;

use super::clause::ClauseId;
use super::role::ServerKind;

/// A step of the ladder: what a server must do before more of it can be tested, in the order in
/// which most authors build it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rung {
    /// It accepts connections.
    Connect,
    /// VER agrees on a dialect.
    Ver,
    /// INF names MD5.
    Inf,
    /// USR logs a user in.
    Usr,
    /// SYN is answered, and the batch follows.
    Syn,
    /// GTC and BLP change a setting.
    Settings,
    /// CHG changes the state.
    Chg,
    /// ADD and REM change a list.
    Lists,
    /// Another user sees a change of state.
    Presence,
    /// XFR refers to a switchboard.
    Xfr,
    /// USR enters the switchboard.
    SbUsr,
    /// CAL rings another user.
    Cal,
    /// ANS joins the session.
    Ans,
    /// MSG reaches the other participant.
    Msg,
    /// OUT ends the connection.
    Out,
}

impl Rung {
    /// All of them, from the ground up.
    pub const ALL: [Self; 15] = [
        Self::Connect,
        Self::Ver,
        Self::Inf,
        Self::Usr,
        Self::Syn,
        Self::Settings,
        Self::Chg,
        Self::Lists,
        Self::Presence,
        Self::Xfr,
        Self::SbUsr,
        Self::Cal,
        Self::Ans,
        Self::Msg,
        Self::Out,
    ];

    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Ver => "VER",
            Self::Inf => "INF",
            Self::Usr => "USR",
            Self::Syn => "SYN",
            Self::Settings => "GTC/BLP",
            Self::Chg => "CHG",
            Self::Lists => "ADD/REM",
            Self::Presence => "presence",
            Self::Xfr => "XFR SB",
            Self::SbUsr => "USR (switchboard)",
            Self::Cal => "CAL/RNG",
            Self::Ans => "ANS/IRO/JOI",
            Self::Msg => "MSG",
            Self::Out => "OUT",
        }
    }

    /// The rung of this word.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rung| rung.as_str() == word)
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is known of a request beyond its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRow {
    /// The verb.
    pub verb: &'static str,
    /// Where it is sent: on a notification server (which a dispatch server begins as), or on a
    /// switchboard.
    pub kind: ServerKind,
    /// The rung on which a server answers it; `None` where no rung hangs on it.
    pub rung: Option<Rung>,
    /// The clause that says that it is answered, and how.
    pub clause: ClauseId,
    /// The clause that an answer of the right form breaks by its content, where that is another.
    pub result: ClauseId,
}

/// A row: verb, kind of server, rung, clauses.
const fn row(
    verb: &'static str,
    kind: ServerKind,
    rung: Option<Rung>,
    clause: ClauseId,
    result: ClauseId,
) -> RequestRow {
    RequestRow {
        verb,
        kind,
        rung,
        clause,
        result,
    }
}

const NS: ServerKind = ServerKind::Notification;
const SB: ServerKind = ServerKind::Switchboard;

/// The requests that a sound server answers.
pub const REQUESTS: &[RequestRow] = &[
    row("VER", NS, Some(Rung::Ver), ClauseId::VER_1, ClauseId::VER_1),
    row("INF", NS, Some(Rung::Inf), ClauseId::INF_1, ClauseId::INF_1),
    row("USR", NS, Some(Rung::Usr), ClauseId::USR_1, ClauseId::USR_2),
    row("SYN", NS, Some(Rung::Syn), ClauseId::SYN_1, ClauseId::SYN_3),
    row(
        "GTC",
        NS,
        Some(Rung::Settings),
        ClauseId::GTC_1,
        ClauseId::GTC_1,
    ),
    row(
        "BLP",
        NS,
        Some(Rung::Settings),
        ClauseId::BLP_1,
        ClauseId::BLP_1,
    ),
    row("CHG", NS, Some(Rung::Chg), ClauseId::CHG_1, ClauseId::CHG_1),
    row(
        "ADD",
        NS,
        Some(Rung::Lists),
        ClauseId::ADD_1,
        ClauseId::ADD_1,
    ),
    row(
        "REM",
        NS,
        Some(Rung::Lists),
        ClauseId::REM_1,
        ClauseId::REM_1,
    ),
    row("XFR", NS, Some(Rung::Xfr), ClauseId::SBX_1, ClauseId::SBX_1),
    row("OUT", NS, Some(Rung::Out), ClauseId::OUT_1, ClauseId::OUT_1),
    row(
        "USR",
        SB,
        Some(Rung::SbUsr),
        ClauseId::SBU_1,
        ClauseId::SBU_1,
    ),
    row("CAL", SB, Some(Rung::Cal), ClauseId::CAL_1, ClauseId::CAL_1),
    row("ANS", SB, Some(Rung::Ans), ClauseId::ANS_1, ClauseId::ANS_1),
    row("MSG", SB, Some(Rung::Msg), ClauseId::MSG_1, ClauseId::MSG_1),
    row("OUT", SB, Some(Rung::Out), ClauseId::BYE_3, ClauseId::BYE_1),
];

impl RequestRow {
    /// The row of a request on this kind of server.
    #[must_use]
    pub fn find(kind: ServerKind, verb: &str) -> Option<&'static Self> {
        let kind = match kind {
            ServerKind::Dispatch => NS,
            kind => kind,
        };
        REQUESTS
            .iter()
            .find(|row| row.kind == kind && row.verb == verb)
    }
}

/// The rung that a line of the server stands on, where it is one that nobody need ask for.
#[must_use]
pub fn rung_of_line(kind: ServerKind, verb: &str) -> Option<Rung> {
    match (kind, verb) {
        (ServerKind::Switchboard, "JOI" | "IRO" | "BYE") => Some(Rung::Ans),
        (ServerKind::Switchboard, "MSG") => Some(Rung::Msg),
        (_, "NLN" | "ILN" | "FLN") => Some(Rung::Presence),
        (_, "RNG") => Some(Rung::Cal),
        _ => None,
    }
}
