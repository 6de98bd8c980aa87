//! The transcript as text of a bounded length: of a flood only the beginning and the end.

use std::collections::BTreeSet;

use super::record::{ConnId, Entry, Party, Transcript, What};
use super::redact::Redactor;

/// What a line of text costs beside its bytes.
const LINE: usize = 32;

impl Transcript {
    /// As [`Transcript::render_timed`], where that takes no more than `most` bytes; else the
    /// beginning and the end, each of half as many, and between them how much is left out. What
    /// reads it back knows on which connections something is missing.
    #[must_use]
    pub fn render_excerpt(&self, redactor: &Redactor, most: usize) -> Vec<String> {
        let entries = self.entries();
        let render = |entry: &Entry| self.render_entry_timed(entry, redactor);
        let (head, mut lines) = fill(entries.iter(), most / 2, render);
        let rest = entries.get(head..).unwrap_or_default();
        let (tail, end) = fill(rest.iter().rev(), most / 2, |entry| {
            let mut lines = render(entry);
            lines.reverse();
            lines
        });
        let left_out = rest
            .get(..rest.len().saturating_sub(tail))
            .unwrap_or_default();
        if let Some(last) = left_out.last() {
            lines.push(format!("# {} entries are left out", left_out.len()));
            let conns: BTreeSet<ConnId> = left_out.iter().map(|entry| entry.conn).collect();
            for conn in conns {
                let what = What::Missing(Party::Server, 0);
                let at = last.at;
                lines.extend(render(&Entry {
                    at,
                    conn,
                    what,
                    mark: None,
                }));
            }
        }
        lines.extend(end.into_iter().rev());
        lines
    }
}

/// The lines of as many entries as there is room for, and how many these are.
fn fill<'t>(
    entries: impl Iterator<Item = &'t Entry>,
    most: usize,
    render: impl Fn(&Entry) -> Vec<String>,
) -> (usize, Vec<String>) {
    let (mut count, mut bytes, mut lines) = (0, 0, Vec::new());
    for entry in entries {
        let told = render(entry);
        bytes += told.iter().map(|line| line.len() + LINE).sum::<usize>();
        if bytes > most {
            break;
        }
        lines.extend(told);
        count += 1;
    }
    (count, lines)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::protocol::ServerKind;
    use crate::transcript::{ConnName, read};
    use crate::wire::Frame;

    fn flood(lines: usize, payload: usize) -> Transcript {
        let mut transcript = Transcript::default();
        let kind = ServerKind::Switchboard;
        let conn = transcript.connect(ConnName::new("alice", "sb"), kind);
        let mut put = |what| transcript.record(Duration::ZERO, conn, what);
        put(What::Opened("sb:1".into()));
        put(What::Frame(Party::Client, Frame::line("USR 1 a b")));
        for n in 0..lines {
            let text = vec![b'\n'; payload];
            let frame = Frame::with_payload(format!("MSG a b{n} {payload}"), text);
            put(What::Frame(Party::Server, frame));
        }
        put(What::Reset(Party::Server));
        transcript
    }

    #[test]
    fn what_fits_is_whole() {
        let transcript = flood(10, 3);
        let redactor = Redactor::default();
        let whole = transcript.render_timed(&redactor);
        assert_eq!(transcript.render_excerpt(&redactor, 10_000), whole);
    }

    #[test]
    fn of_a_flood_the_beginning_and_the_end_are_kept_and_it_reads_back() {
        for (lines, payload) in [(20_000, 3), (10, 100_000)] {
            let transcript = flood(lines, payload);
            let redactor = Redactor::default();
            let told = transcript.render_excerpt(&redactor, 10_000);
            let bytes: usize = told.iter().map(String::len).sum();
            assert!(bytes < 10_000, "{bytes}");
            let whole = transcript.render_timed(&redactor);
            assert_eq!((&told[0], &told[1]), (&whole[0], &whole[1]));
            assert_eq!(told.last(), whole.last());
            let gap = told.iter().position(|line| line.starts_with("# "));
            let gap = gap.unwrap();
            assert!(told[gap].ends_with("entries are left out"), "{}", told[gap]);
            assert!(told[gap + 1].ends_with("alice@sb S: <missing>"));
            let back = read::read(&told.join("\n")).unwrap();
            let missing = back.transcript.entries().iter();
            let missing = missing.filter(|entry| matches!(entry.what, What::Missing(..)));
            assert_eq!(missing.count(), 1);
        }
    }
}
