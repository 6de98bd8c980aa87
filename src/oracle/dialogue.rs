//! Dialogues for tests: a few lines of text make a transcript.
//!
//! ```text
//! alice in                         logs in (TrIDs 1 to 4)
//! alice on NLN FL=bob BLP=BL       logs in, SYN 5 with these lists, CHG 6; VER=MSNP7 in this dialect
//! alice C: PNG                     a line of the client
//! alice S: QNG                     a line of the server
//! .. hello\r\n                     the payload of the line before
//! alice C: <raw> bytes             no frame
//! alice S: <closed>                an end
//! alice <open>                     a connection is made anew under the same name
//! +2s                              time passes
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::oracle::finding::Finding;
use crate::protocol::{Dialect, List};
use crate::transcript::{ConnId, ConnName, Party, Transcript, What};
use crate::wire::{Frame, Terminator};

/// Resolves `\r`, `\n`, `\\` and `\xHH`.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = text.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'r') => out.push(b'\r'),
            Some(b'n') => out.push(b'\n'),
            Some(b'x') => {
                let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                let digits = std::str::from_utf8(&digits).unwrap();
                out.push(u8::from_str_radix(digits, 16).unwrap());
            }
            other => out.extend(other),
        }
    }
    out
}

/// Whether the dialect logs in by tickets, and shows lists by bits.
fn has_tickets(dialect: &str) -> bool {
    Dialect::named(dialect.as_bytes()).is_some_and(Dialect::takes_tickets)
}

fn login(name: &str, dialect: &str) -> String {
    if has_tickets(dialect) {
        return format!(
            "{name} C: VER 1 {dialect}\n{name} S: VER 1 {dialect}\n\
             {name} C: CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 6.0.0602 MSMSGS {name}@hotmail.com\n\
             {name} S: CVR 2 6.0.0602 6.0.0602 1.0.0000 http://a http://b\n\
             {name} C: USR 3 TWN I {name}@hotmail.com\n{name} S: USR 3 TWN S lc=1\n\
             {name} C: USR 4 TWN S t=1\n\
             {name} S: USR 4 OK {name}@hotmail.com {name} 1 0\n"
        );
    }
    format!(
        "{name} C: VER 1 {dialect}\n{name} S: VER 1 {dialect}\n{name} C: INF 2\n{name} S: INF 2 MD5\n\
         {name} C: USR 3 MD5 I {name}@hotmail.com\n{name} S: USR 3 MD5 S 1.2\n\
         {name} C: USR 4 MD5 S 00000000000000000000000000000000\n\
         {name} S: USR 4 OK {name}@hotmail.com {name}\n"
    )
}

/// SYN 5 and the batch of MSNP8, with group 0 alone.
fn counted_batch(name: &str, settings: &BTreeMap<&str, &str>) -> String {
    let setting = |key, default| settings.get(key).copied().unwrap_or(default);
    let mut bits: BTreeMap<&str, u32> = BTreeMap::new();
    for list in List::ALL {
        let users = setting(list.as_str(), "").split(',');
        for user in users.filter(|user| !user.is_empty()) {
            *bits.entry(user).or_default() += list.bit();
        }
    }
    let mut text = format!("{name} C: SYN 5 0\n{name} S: SYN 5 3 {} 1\n", bits.len());
    let (prompt, privacy) = (setting("GTC", "A"), setting("BLP", "AL"));
    let _ = writeln!(text, "{name} S: GTC {prompt}\n{name} S: BLP {privacy}");
    let _ = writeln!(text, "{name} S: LSG 0 ~ 0");
    for (user, bits) in bits {
        let group = if bits & List::Forward.bit() != 0 {
            " 0"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "{name} S: LST {user}@hotmail.com {user} {bits}{group}"
        );
    }
    text
}

fn online(name: &str, settings: &str) -> String {
    let mut words = settings.split_whitespace();
    let state = words.next().unwrap();
    let settings: BTreeMap<&str, &str> = words.map(|word| word.split_once('=').unwrap()).collect();
    let setting = |key, default| settings.get(key).copied().unwrap_or(default);
    let (prompt, privacy) = (setting("GTC", "A"), setting("BLP", "AL"));
    let dialect = setting("VER", "MSNP2");
    let mut text = login(name, dialect);
    if has_tickets(dialect) {
        text += &counted_batch(name, &settings);
        if state != "-" {
            let _ = writeln!(text, "{name} C: CHG 6 {state} 4\n{name} S: CHG 6 {state} 4");
        }
        return text;
    }
    let _ = writeln!(text, "{name} C: SYN 5 0\n{name} S: SYN 5 3");
    let _ = writeln!(
        text,
        "{name} S: GTC 5 3 {prompt}\n{name} S: BLP 5 3 {privacy}"
    );
    for list in ["FL", "AL", "BL", "RL"] {
        let users: Vec<&str> = setting(list, "")
            .split(',')
            .filter(|u| !u.is_empty())
            .collect();
        if users.is_empty() {
            let _ = writeln!(text, "{name} S: LST 5 {list} 3 0 0");
        }
        for (user, item) in users.iter().zip(1..) {
            let total = users.len();
            let _ = writeln!(
                text,
                "{name} S: LST 5 {list} 3 {item} {total} {user}@hotmail.com {user}"
            );
        }
    }
    if state != "-" {
        let _ = writeln!(text, "{name} C: CHG 6 {state}\n{name} S: CHG 6 {state}");
    }
    text
}

#[derive(Default)]
struct Reader {
    transcript: Transcript,
    conns: BTreeMap<String, ConnId>,
    now: Duration,
    /// A line whose payload may follow.
    held: Option<(ConnId, Party, Frame)>,
}

impl Reader {
    fn flush(&mut self) {
        if let Some((conn, party, frame)) = self.held.take() {
            let what = What::Frame(party, frame);
            self.transcript.record(self.now, conn, what);
        }
    }

    fn connect(&mut self, name: &str) -> ConnId {
        let (user, label) = name.split_once('@').unwrap_or((name, "ns"));
        let full = ConnName::new(user, label);
        let kind = full.kind();
        let conn = self.transcript.connect(full, kind);
        self.conns.insert(name.to_owned(), conn);
        conn
    }

    fn line(&mut self, line: &str) {
        if let Some(payload) = line.strip_prefix("..") {
            let payload = unescape(payload.strip_prefix(' ').unwrap_or(payload));
            let (_, _, frame) = self.held.as_mut().expect("a line before its payload");
            let old = frame.payload.take().unwrap_or_default();
            frame.payload = Some([&old[..], &payload].concat().into());
            return;
        }
        self.flush();
        if let Some(seconds) = line.strip_prefix('+') {
            self.now += Duration::from_secs(seconds.trim_end_matches('s').parse().unwrap());
            return;
        }
        let (name, rest) = line.split_once(' ').unwrap();
        if rest == "in" {
            login(name, "MSNP2")
                .lines()
                .for_each(|line| self.line(line));
            return;
        }
        if let Some(settings) = rest.strip_prefix("on ") {
            online(name, settings)
                .lines()
                .for_each(|line| self.line(line));
            return;
        }
        let known = self.conns.get(name).copied().filter(|_| rest != "<open>");
        let conn = known.unwrap_or_else(|| self.connect(name));
        if rest == "<open>" {
            self.transcript
                .record(self.now, conn, What::Opened(String::new()));
            return;
        }
        let (side, text) = rest.split_once(": ").unwrap();
        let party = if side == "C" {
            Party::Client
        } else {
            Party::Server
        };
        let what = match text.strip_prefix("<raw> ") {
            Some(raw) => What::Raw(party, unescape(raw).into()),
            None if text == "<missing>" => What::Missing(party, 0),
            None if text == "<closed>" => What::Closed(party),
            None if text == "<reset>" => What::Reset(party),
            None => {
                let mut bytes = unescape(text);
                let terminator = if bytes.ends_with(b"\n") {
                    bytes.pop();
                    Terminator::Lf
                } else {
                    Terminator::CrLf
                };
                let mut frame = Frame::line(bytes);
                frame.terminator = terminator;
                if frame.verb() == b"MSG" && frame.line.ends_with(b" 0") {
                    frame.payload = Some(Vec::new().into());
                }
                self.held = Some((conn, party, frame));
                return;
            }
        };
        self.transcript.record(self.now, conn, what);
    }
}

/// The transcript of a dialogue.
pub(in crate::oracle) fn transcript(text: &str) -> Transcript {
    let mut reader = Reader::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        reader.line(line);
    }
    reader.flush();
    reader.transcript
}

/// The findings; each oracle accuses only for the clauses that it names.
fn findings(text: &str) -> Vec<Finding> {
    let findings = crate::oracle::judge(&transcript(text));
    for finding in &findings {
        let oracles = crate::oracle::oracles();
        let oracle = oracles
            .iter()
            .find(|oracle| oracle.name() == finding.oracle);
        assert!(
            oracle.unwrap().clauses().contains(&finding.clause),
            "{finding:?}"
        );
    }
    findings
}

/// The clauses that the dialogue `after` breaks, with their entries, for a judge that has forgotten
/// the dialogue `before`, so many times.
pub(in crate::oracle) fn after_forgetting(
    times: usize,
    before: &str,
    after: &str,
) -> Vec<(String, usize)> {
    // No dialogue is longer: it forgets nothing more on the way.
    let filler = "filler C: PNG\nfiller S: QNG\n".repeat(100);
    let first = format!("{before}{filler}");
    let memory = transcript(&first).entries().len();
    let rest = "filler C: PNG\n".repeat(memory * (times - 1));
    let transcript = transcript(&format!("{first}{rest}{after}"));
    let mut judge = crate::oracle::Judge::with_memory(memory);
    for entry in transcript.entries() {
        judge.entry(&transcript, entry);
    }
    judge.end();
    let findings = judge.take_findings().into_iter();
    let later = findings.filter(|finding| finding.entry >= memory * times);
    later
        .map(|finding| {
            (
                finding.clause.as_str().to_owned(),
                finding.entry - memory * times,
            )
        })
        .collect()
}

fn told(findings: &[Finding]) -> String {
    findings.iter().fold(String::new(), |mut text, finding| {
        let _ = writeln!(
            text,
            "entry {}: {} by {}: {} (expected `{}`, got `{}`)",
            finding.entry,
            finding.clause,
            finding.oracle,
            finding.message,
            finding.expected,
            finding.got
        );
        text
    })
}

/// The dialogue breaks this clause, and no other.
#[track_caller]
pub(in crate::oracle) fn accuses(clause: &str, text: &str) {
    let findings = findings(text);
    let all = findings
        .iter()
        .all(|finding| finding.clause.as_str() == clause);
    assert!(
        !findings.is_empty() && all,
        "{clause} should be broken by:\n{text}\nfound:\n{}",
        told(&findings)
    );
}

/// The dialogue breaks this clause first; what follows from that may break others.
#[track_caller]
pub(in crate::oracle) fn accuses_first(clause: &str, text: &str) {
    let findings = findings(text);
    let first = findings.first().map(|finding| finding.clause.as_str());
    assert_eq!(first, Some(clause), "{text}\nfound:\n{}", told(&findings));
}

/// The dialogue breaks this clause last.
#[track_caller]
pub(in crate::oracle) fn accuses_last(clause: &str, text: &str) {
    let findings = findings(text);
    let last = findings.last().map(|finding| finding.clause.as_str());
    assert_eq!(last, Some(clause), "{text}\nfound:\n{}", told(&findings));
}

/// What should have come, by the first finding.
#[track_caller]
pub(in crate::oracle) fn expects(expected: &str, text: &str) {
    let findings = findings(text);
    let first = findings.first().map(|finding| finding.expected.as_str());
    assert_eq!(first, Some(expected), "{text}\nfound:\n{}", told(&findings));
}

/// The dialogue breaks nothing.
#[track_caller]
pub(in crate::oracle) fn silent(text: &str) {
    let findings = findings(text);
    assert!(findings.is_empty(), "{text}\nfound:\n{}", told(&findings));
}
