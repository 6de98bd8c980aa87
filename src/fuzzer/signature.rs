//! What makes two failures the same failure.

use std::fmt;

use crate::engine::{Ending, Outcome};
use crate::event::{Failure, Judge, Observed, Wanted};
use crate::oracle::Finding;
use crate::protocol::{ClauseId, ServerKind};
use crate::transcript::{ConnName, Entry, Party, Transcript, What, escape};
use crate::wire::Frame;

/// These are the TrIDs of barriers and of the clean-up, not of a scenario.
const OURS: std::ops::Range<u64> = 800_000_000..1_000_000_000;

/// What identifies a failure, whatever names, numbers and handles stood in the lines.
///
/// It is made of what the outcome alone says, so that a scenario and its shrunk or printed form
/// can be compared. As text it is one word that is good for a file name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature {
    /// The clause; `None` where a precondition failed.
    pub clause: Option<ClauseId>,
    /// Who judged: `step`, or an oracle's name.
    pub by: Judge,
    /// The command that was being answered, where the TrID or the end of its connection tells it.
    pub command: Option<String>,
    /// How far the connection had come.
    pub phase: Phase,
    /// What a step expected: one kind, or several where several would have done.
    pub expected: Vec<Kind>,
    /// What came.
    pub actual: Kind,
    /// More about the difference: `word3` where that is the first word that differs, or what an
    /// oracle says.
    pub detail: Option<String>,
}

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// It is not known which connection it was.
    Unknown,
    /// On a dispatch server.
    Dispatch,
    /// On a notification server, before the login is complete.
    Login,
    /// Logged in.
    Online,
    /// On a switchboard, before USR or ANS is answered.
    Entry,
    /// In a session.
    Session,
}

/// A kind of thing that is expected or comes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A line with this verb.
    Line(String),
    /// This error.
    Error(u16),
    /// Any error.
    AnyError,
    /// An error or the end of the connection.
    Refused,
    /// The end of the connection, in order.
    Closed,
    /// A reset.
    Reset,
    /// No line.
    Nothing,
    /// No line within the deadline, though one was expected.
    Timeout,
    /// A connection.
    Connection,
    /// Nobody accepts connections.
    NoService,
    /// Bytes that are no line of the protocol.
    Garbage,
    /// Anything else.
    Other,
}

impl Signature {
    /// The signature of a failure of this outcome.
    #[must_use]
    pub fn of(failure: &Failure, outcome: &Outcome) -> Self {
        if failure.judge == Judge::Step {
            Self::of_step(failure, outcome)
        } else {
            Self::of_oracle(failure, outcome)
        }
    }

    fn of_step(failure: &Failure, outcome: &Outcome) -> Self {
        let transcript = &outcome.transcript;
        let expected: Vec<&str> = failure.expected.text.split(" | ").collect();
        let got = failure.got.to_string();
        let got = got.trim_matches('`');
        let trid = expected.iter().find_map(|text| trid_of(text));
        let trid = trid.or_else(|| trid_of(got));
        let mut kinds: Vec<Kind> = failure.expected.any.iter().map(Kind::wanted).collect();
        kinds.sort();
        kinds.dedup();
        let actual = Kind::observed(&failure.got);
        let is_end = matches!(actual, Kind::Closed | Kind::Reset);
        let came_on = conn_of_line(transcript, got);
        let request = match trid {
            Some(trid) => request_with(transcript, trid, came_on, &kinds),
            None if is_end => last_before_end(&failure.transcript, got),
            None => None,
        };
        let conn = request.as_ref().map(|request| request.conn.clone());
        let conn = conn.or_else(|| came_on.cloned());
        Self {
            clause: failure.clause,
            by: failure.judge.clone(),
            command: request.map(|request| request.verb),
            phase: conn.map_or(Phase::Unknown, |conn| Phase::of(&conn, outcome, usize::MAX)),
            expected: kinds,
            actual,
            detail: failure.word.map(|word| format!("word{word}")),
        }
    }

    /// What an oracle expects is told in words of any kind; what it accuses is an entry of the
    /// transcript.
    fn of_oracle(failure: &Failure, outcome: &Outcome) -> Self {
        let transcript = &outcome.transcript;
        let message = failure.detail.as_deref().unwrap_or_default();
        let is_it = |finding: &&Finding| {
            finding.oracle == failure.judge.as_str() && Some(finding.clause) == failure.clause
        };
        let mut findings = outcome.findings.iter().filter(is_it);
        let first = findings.clone().next();
        let found = findings
            .find(|finding| finding.message == message)
            .or(first);
        let name = found.and_then(|finding| transcript.connection(finding.conn));
        let phase = match (found, name) {
            (Some(found), Some(conn)) => Phase::of(&conn.name, outcome, found.entry),
            _ => Phase::Unknown,
        };
        let command = found.and_then(|found| {
            let got = found.got.to_string();
            let trid = trid_of(&got)?;
            let entries = transcript.entries().iter().take(found.entry + 1).rev();
            let mut requests = entries.filter_map(|entry| match &entry.what {
                What::Frame(Party::Client, frame) if entry.conn == found.conn => Some(frame),
                _ => None,
            });
            let is_asked = |frame: &&Frame| frame.words().nth(1) == Some(trid.as_bytes());
            let request = requests.find(is_asked)?;
            Some(String::from_utf8_lossy(request.verb()).into_owned())
        });
        Self {
            clause: failure.clause,
            by: failure.judge.clone(),
            command,
            phase,
            expected: Vec::new(),
            actual: Kind::observed(&failure.got),
            detail: Some(idea(message)),
        }
    }

    /// What failed in an outcome, with the signature of each: what steps say if it is a verdict on
    /// the server, then what oracles say.
    #[must_use]
    pub fn all(outcome: &Outcome) -> Vec<(Self, &Failure)> {
        let steps = match outcome.ending {
            Ending::Failed => outcome.failures.as_slice(),
            Ending::Passed | Ending::Blocked | Ending::Inconclusive => &[],
        };
        let failures = steps.iter().chain(&outcome.accusations);
        failures
            .map(|failure| (Self::of(failure, outcome), failure))
            .collect()
    }
}

impl Signature {
    /// What failures of one cause have in common, as text: the clause, and whether the server
    /// answered, was silent or ended the connection. Commands, states and the words of judges vary.
    #[must_use]
    pub fn cause(&self) -> String {
        if self.by == Judge::Process {
            return self.to_string();
        }
        let clause = self.clause.map_or("precondition", ClauseId::as_str);
        let kind = match self.actual {
            Kind::Timeout | Kind::Nothing => "silence",
            Kind::Closed | Kind::Reset => "end",
            Kind::NoService | Kind::Connection => "no-service",
            Kind::Other => "other",
            Kind::Line(_) | Kind::Error(_) | Kind::AnyError | Kind::Refused | Kind::Garbage => {
                "answer"
            }
        };
        format!("{}_{kind}", clause.to_ascii_lowercase())
    }

    /// Whether a command is told to have failed for the way in which it was written.
    pub(super) fn is_of_disguise(&self) -> bool {
        let disguises = [
            ClauseId::FRAME_4,
            ClauseId::FRAME_5,
            ClauseId::FRAME_8,
            ClauseId::TRID_2,
            ClauseId::TRID_3,
        ];
        self.by == Judge::Step && self.clause.is_some_and(|it| disguises.contains(&it))
    }
}

/// What an oracle says, without what it quotes.
fn idea(message: &str) -> String {
    let words = message.split(' ');
    let words = words.filter(|word| word.bytes().all(|byte| byte.is_ascii_alphabetic()));
    words.collect::<Vec<_>>().join("-")
}

impl fmt::Display for Signature {
    /// One word of lower-case letters, digits, `-`, `+` and `_`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.clause {
            Some(clause) => f.write_str(&clause.as_str().to_ascii_lowercase())?,
            None => f.write_str("precondition")?,
        }
        write!(f, "_{}", plain(self.by.as_str()))?;
        if let Some(command) = &self.command {
            write!(f, "_{}", plain(command))?;
        }
        if self.phase != Phase::Unknown {
            write!(f, "_{}", self.phase.as_str())?;
        }
        for (index, kind) in self.expected.iter().enumerate() {
            let joint = if index > 0 { "+" } else { "_" };
            write!(f, "{joint}{kind}")?;
        }
        write!(f, "_{}", self.actual)?;
        match &self.detail {
            Some(detail) => write!(f, "_{}", plain(detail)),
            None => Ok(()),
        }
    }
}

/// A name with nothing in it that a file system may not like.
fn plain(name: &str) -> String {
    let plain = name.chars().map(|char| match char {
        'a'..='z' | '0'..='9' => char,
        'A'..='Z' => char.to_ascii_lowercase(),
        _ => '-',
    });
    plain.take(48).collect()
}

impl Phase {
    fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Dispatch => "dispatch",
            Self::Login => "login",
            Self::Online => "online",
            Self::Entry => "entry",
            Self::Session => "session",
        }
    }

    /// How far the connection of this name had come before this entry.
    fn of(name: &ConnName, outcome: &Outcome, before: usize) -> Self {
        let transcript = &outcome.transcript;
        let is_it = |entry: &&Entry| {
            let conn = transcript.connection(entry.conn);
            conn.is_some_and(|conn| conn.name == *name)
        };
        let mut entries = transcript.entries().iter().take(before).filter(is_it);
        let entered = entries.any(|entry| {
            let What::Frame(Party::Server, frame) = &entry.what else {
                return false;
            };
            outcome.dialect.lets_in(frame.words())
        });
        match (name.kind(), entered) {
            (ServerKind::Dispatch, _) => Self::Dispatch,
            (ServerKind::Notification, false) => Self::Login,
            (ServerKind::Notification, true) => Self::Online,
            (ServerKind::Switchboard, false) => Self::Entry,
            (ServerKind::Switchboard, true) => Self::Session,
        }
    }
}

impl Kind {
    /// The kind of what came.
    #[must_use]
    pub fn observed(got: &Observed) -> Self {
        match got {
            Observed::Error(code, _) => Self::Error(*code),
            Observed::Line(line) => {
                let verb = line.trim_matches('`').split(' ').next().unwrap_or_default();
                match verb.len() == 3 && verb.bytes().all(|byte| byte.is_ascii_uppercase()) {
                    true => Self::Line(verb.to_owned()),
                    false => Self::Garbage,
                }
            }
            Observed::Closed => Self::Closed,
            Observed::Reset => Self::Reset,
            Observed::Silence(_) => Self::Timeout,
            Observed::Garbage(_) => Self::Garbage,
            Observed::Unreachable(_) => Self::NoService,
            Observed::Other(_) => Self::Other,
        }
    }

    /// The kind of what would have done.
    fn wanted(wanted: &Wanted) -> Self {
        match wanted {
            Wanted::Line(verb) => Self::Line(verb.clone()),
            Wanted::Error(code) => Self::Error(*code),
            Wanted::AnyError => Self::AnyError,
            Wanted::Refused => Self::Refused,
            Wanted::Closed => Self::Closed,
            Wanted::Nothing => Self::Nothing,
            Wanted::Connection => Self::Connection,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(verb) => f.write_str(&plain(verb)),
            Self::Error(code) => write!(f, "{code}"),
            Self::AnyError => f.write_str("error"),
            Self::Refused => f.write_str("refused"),
            Self::Closed => f.write_str("closed"),
            Self::Reset => f.write_str("reset"),
            Self::Nothing => f.write_str("nothing"),
            Self::Timeout => f.write_str("timeout"),
            Self::Connection => f.write_str("connection"),
            Self::NoService => f.write_str("no-service"),
            Self::Garbage => f.write_str("garbage"),
            Self::Other => f.write_str("other"),
        }
    }
}

/// The TrID of a line, where its second word is one of a scenario.
fn trid_of(line: &str) -> Option<&str> {
    let word = line.trim_matches('`').split(' ').nth(1)?;
    let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(word)
}

/// The request that a failure is about.
struct Request {
    conn: ConnName,
    verb: String,
}

/// The connection on which this line of the server came last.
fn conn_of_line<'t>(transcript: &'t Transcript, got: &str) -> Option<&'t ConnName> {
    let mut entries = transcript.entries().iter().rev();
    let came = entries.find(|entry| match &entry.what {
        What::Frame(Party::Server, frame) => escape(&frame.line) == got,
        _ => false,
    })?;
    Some(&transcript.connection(came.conn)?.name)
}

/// The last request of the scenario with this TrID, on this connection where it is known. Where
/// connections count alike, one whose verb is expected goes before the others.
fn request_with(
    transcript: &Transcript,
    trid: &str,
    on: Option<&ConnName>,
    expected: &[Kind],
) -> Option<Request> {
    if trid.parse::<u64>().is_ok_and(|trid| OURS.contains(&trid)) {
        return None;
    }
    let entries = transcript.entries().iter().rev();
    let requests = entries.filter_map(|entry| {
        let What::Frame(Party::Client, frame) = &entry.what else {
            return None;
        };
        let conn = &transcript.connection(entry.conn)?.name;
        let is_it = frame.words().nth(1) == Some(trid.as_bytes());
        (is_it && on.is_none_or(|on| on == conn)).then(|| Request {
            conn: conn.clone(),
            verb: String::from_utf8_lossy(frame.verb()).into_owned(),
        })
    });
    let mut first = None;
    for request in requests {
        if expected.contains(&Kind::Line(request.verb.clone())) {
            return Some(request);
        }
        first = first.or(Some(request));
    }
    first
}

/// The last request before this end of its connection, in the last lines of a failure's
/// transcript: `alice@sb C: USR 1 …`.
fn last_before_end(lines: &[String], end: &str) -> Option<Request> {
    let read = |line: &String| {
        let (conn, rest) = line.split_once(' ')?;
        let (side, text) = rest.split_once(": ")?;
        Some((conn.to_owned(), side.to_owned(), text.to_owned()))
    };
    let told: Vec<(String, String, String)> = lines.iter().filter_map(read).collect();
    let mark = format!("<{end}");
    let mut ends = told.iter().rev();
    let (conn, ..) = ends.find(|(_, side, text)| side == "S" && text.starts_with(&mark))?;
    let is_request = |(whose, side, text): &&(String, String, String)| {
        let trid = trid_of(text).and_then(|trid| trid.parse::<u64>().ok());
        let is_ours = text.starts_with('<') || trid.is_some_and(|trid| OURS.contains(&trid));
        whose == conn && side == "C" && !is_ours
    };
    let (_, _, text) = told.iter().rev().find(is_request)?;
    let (user, label) = conn.split_once('@').unwrap_or((conn, ConnName::DEFAULT));
    Some(Request {
        conn: ConnName::new(user, label),
        verb: text
            .split([' ', '\\'])
            .next()
            .unwrap_or_default()
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use crate::event::Expectation;

    fn wanted(text: &str) -> Option<Wanted> {
        let text = text.trim_matches('`');
        let word = text.split([' ', ',']).next().unwrap_or_default();
        Some(match word {
            "closed" => Wanted::Closed,
            "nothing" | "silence" => Wanted::Nothing,
            _ if text.starts_with("an error or") => Wanted::Refused,
            _ if text.starts_with("an error") => Wanted::AnyError,
            "a" | "the" if text.contains("connection") => Wanted::Connection,
            word => match word.parse() {
                Ok(code) => Wanted::Error(code),
                Err(_) => Wanted::Line(word.to_owned()),
            },
        })
    }

    fn observed(text: &str) -> Observed {
        match text {
            "closed" => Observed::Closed,
            "reset" => Observed::Reset,
            _ if text.starts_with("nothing within") => Observed::Silence(std::time::Duration::ZERO),
            _ if text.contains("refused") => Observed::Unreachable(text.into()),
            _ => Observed::line(text.trim_matches('`').as_bytes()),
        }
    }

    fn signature(expected: &str, got: &str, detail: Option<&str>, lines: &[&str]) -> String {
        let failure = Failure {
            clause: Some(ClauseId::USR_6),
            level: None,
            judge: Judge::Step,
            place: Source::new("x", "").place(crate::diagnostic::Span::default()),
            expected: Expectation {
                text: expected.into(),
                any: expected.split(" | ").filter_map(wanted).collect(),
            },
            got: observed(got),
            detail: detail.map(str::to_owned),
            word: detail.and_then(|it| it.strip_prefix("word ")?.split(' ').next()?.parse().ok()),
            command: None,
            kind: None,
            conn: None,
            entry: None,
            until: 0,
            transcript: lines.iter().map(|line| (*line).to_owned()).collect(),
            words: Vec::new(),
        };
        let mut outcome = Outcome::unrun();
        for line in lines {
            record(&mut outcome.transcript, line);
        }
        Signature::of(&failure, &outcome).to_string()
    }

    fn record(transcript: &mut Transcript, line: &str) {
        let (conn, rest) = line.split_once(' ').unwrap();
        let (side, text) = rest.split_once(": ").unwrap();
        let (user, label) = conn.split_once('@').unwrap_or((conn, "ns"));
        let name = ConnName::new(user, label);
        let kind = name.kind();
        let conn = transcript.connect(name, kind);
        let party = match side {
            "C" => Party::Client,
            _ => Party::Server,
        };
        let what = match text {
            "<closed>" => What::Closed(party),
            text => What::Frame(party, Frame::line(text.to_owned())),
        };
        transcript.record(std::time::Duration::ZERO, conn, what);
    }

    #[test]
    fn a_request_is_found_however_long_ago_it_was() {
        let mut lines = vec!["alice C: SYN 9 0".to_owned(), "bob C: LST 9 FL".to_owned()];
        lines.extend((0..40).map(|n| format!("alice S: LST 9 FL 3 {n} 40 a@b a")));
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let told = signature("LST 9 AL ...", "nothing within 2s", None, &lines);
        assert_eq!(told, "usr-6_step_lst_login_lst_timeout");
        let told = signature("LST 9 AL ...", "LST 9 FL 3 7 40 a@b a", None, &lines);
        assert_eq!(told, "usr-6_step_syn_login_lst_lst");
        let edge = [
            "alice C: REM 2147483647 AL x",
            "alice S: REM 2147483647 AL 3 x",
        ];
        let told = signature("an error 2147483647", "REM 2147483647 AL 3 x", None, &edge);
        assert_eq!(told, "usr-6_step_rem_login_error_rem");
    }

    #[test]
    fn names_and_numbers_do_not_matter_but_kinds_do() {
        let one = ["alice C: USR 4 MD5 S aa", "alice S: 999 4"];
        let two = [
            "bob C: CHG 6 NLN",
            "carol C: USR 7 MD5 S bb",
            "carol S: 999 7",
        ];
        let first = signature("911 4", "999 4", None, &one);
        assert_eq!(first, "usr-6_step_usr_login_911_999");
        assert_eq!(signature("911 7", "999 7", None, &two), first);
        assert_ne!(signature("911 7", "closed", None, &two), first);
        assert_ne!(signature("911 7", "nothing within 2s", None, &two), first);
        let word = signature("911 7", "911 8", Some("word 2 is `8`, expected `7`"), &two);
        assert_eq!(word, "usr-6_step_usr_login_911_911_word2");
    }

    #[test]
    fn ends_belong_to_the_last_request_of_their_connection() {
        let lines = [
            "alice@sb C: CAL 2 bob@hotmail.com",
            "bob C: CHG 2 NLN",
            "alice@sb S: <closed>",
        ];
        let told = signature(
            "closed | an error or the end of the connection",
            "closed",
            None,
            &lines,
        );
        assert_eq!(told, "usr-6_step_cal_entry_refused+closed_closed");
        let told = signature("nothing", "closed", None, &lines);
        assert_eq!(told, "usr-6_step_cal_entry_nothing_closed");
    }

    #[test]
    fn what_no_request_explains_has_no_command() {
        let lines = ["alice C: CAL 900000001 @@", "bob S: RNG 1 2 3 4 5"];
        let told = signature("nothing", "`RNG 1 2 3 4 5`", None, &lines);
        assert_eq!(told, "usr-6_step_login_nothing_rng");
        let told = signature(
            "a connection to 127.0.0.1:1",
            "connection refused",
            None,
            &[],
        );
        assert_eq!(told, "usr-6_step_connection_no-service");
        let told = signature("a b", "\u{1b}[2J\\n ../../x", None, &[]);
        assert_eq!(told, "usr-6_step_a_garbage");
    }
}
