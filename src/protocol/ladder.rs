//! The rungs of the ladder; the rows of a dialect say which request stands on which.

use std::fmt;

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

    /// Whether what it is about depends on who may see and call whom.
    #[must_use]
    pub fn is_of_visibility(self) -> bool {
        matches!(self, Self::Presence | Self::Cal)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rung_stands_on_lower_ones() {
        for rung in Rung::ALL {
            let is_lower = |below: &Rung| *below < rung;
            assert!(rung.needs().iter().all(is_lower), "{rung}");
            assert_eq!(rung.needs().is_empty(), rung == Rung::Connect, "{rung}");
        }
    }

    #[test]
    fn what_is_out_takes_what_stands_on_it_along() {
        let above = |rung: Rung| {
            let all = Rung::ALL.into_iter();
            let words: Vec<&str> = all
                .filter(|above| above.stands_on(rung))
                .map(Rung::as_str)
                .collect();
            words.join(" ")
        };
        assert_eq!(above(Rung::Syn), "GTC/BLP ADD/REM presence");
        assert_eq!(
            above(Rung::Xfr),
            "USR (switchboard) CAL/RNG ANS/IRO/JOI MSG"
        );
        assert_eq!(above(Rung::Msg), "");
        assert_eq!(above(Rung::Connect).split(' ').count(), 16);
    }
}
