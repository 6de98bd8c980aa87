//! Requests that change nothing, each with what must be known for that: when the answer is there,
//! all that the server sent before it is there too.

use super::asked::{Answer, Effect};
use super::dialect::Dialect;
use super::requests::RequestRow;
use super::role::ServerKind;
use super::verb::Verb;

/// A request that may be answered without a side effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Barrier {
    /// `PNG`, answered by `QNG`.
    Ping,
    /// `URL t INBOX`.
    Url,
    /// `CVR t …` of the 1.0 client.
    Version,
    /// `REM t AL` of somebody whom nobody has on a list, answered by an error.
    Absent,
    /// `SYN t` with the latest serial number, on a connection that was synchronised.
    SameSerial,
    /// `GTC t` with the present value, answered by 218: where that value was seen on this very
    /// login.
    SameMode,
    /// `CAL t` of oneself, answered by 215 or another error.
    CallSelf,
    /// `CAL t @@`, answered by an error.
    CallMalformed,
}

/// What must be known for a request to change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knowledge {
    /// Nothing.
    Nothing,
    /// No other of its kind waits for its answer: the answer does not say which one it answers.
    NoOther,
    /// The number of the lists, told on this connection.
    Serial,
    /// The present value, and that nothing under way can change it.
    Value,
}

/// A word of a request that changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filling {
    /// This text.
    Text(&'static str),
    /// The user's own handle.
    Own,
    /// A handle that nobody has on a list.
    Nobody,
    /// The number of the lists, as far as it is known.
    Serial,
    /// The present prompt setting, as far as it is known.
    Prompt,
}

/// What is known of a barrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BarrierRow {
    /// Which.
    pub barrier: Barrier,
    /// Where it is sent.
    pub kind: ServerKind,
    /// The verb.
    pub verb: Verb,
    /// What stands behind the TrID.
    pub words: &'static [Filling],
    /// What must be known for it to change nothing.
    pub needs: Knowledge,
    /// Other lines may come with the answer.
    pub brings_more: bool,
}

const fn row(
    barrier: Barrier,
    kind: ServerKind,
    verb: Verb,
    words: &'static [Filling],
    needs: Knowledge,
) -> BarrierRow {
    BarrierRow {
        barrier,
        kind,
        verb,
        words,
        needs,
        brings_more: false,
    }
}

use Filling::{Nobody, Own, Prompt, Serial, Text};
const NS: ServerKind = ServerKind::Notification;
const SB: ServerKind = ServerKind::Switchboard;
/// What the 1.0 client says of itself.
const CLIENT: &str = "0x0409 win 4.10 i386 MSMSGS 1.0.0863";

/// All of them, in the order in which they are tried.
#[rustfmt::skip]
pub const BARRIERS: [BarrierRow; 8] = [
    row(Barrier::Ping, NS, Verb::Png, &[], Knowledge::NoOther),
    row(Barrier::Url, NS, Verb::Url, &[Text("INBOX")], Knowledge::Nothing),
    row(Barrier::Version, NS, Verb::Cvr, &[Text(CLIENT)], Knowledge::Nothing),
    row(Barrier::Absent, NS, Verb::Rem, &[Text("AL"), Nobody], Knowledge::Nothing),
    BarrierRow {
        brings_more: true,
        ..row(Barrier::SameSerial, NS, Verb::Syn, &[Serial], Knowledge::Serial)
    },
    row(Barrier::SameMode, NS, Verb::Gtc, &[Prompt], Knowledge::Value),
    row(Barrier::CallSelf, SB, Verb::Cal, &[Own], Knowledge::Nothing),
    row(Barrier::CallMalformed, SB, Verb::Cal, &[Text("@@")], Knowledge::Nothing),
];

impl Barrier {
    /// What is tried on this kind of server, in this order.
    pub fn all(kind: ServerKind) -> impl Iterator<Item = Self> {
        let rows = BARRIERS.iter().filter(move |row| row.kind == kind);
        rows.map(|row| row.barrier)
    }

    /// Its row.
    #[must_use]
    pub fn row(self) -> &'static BarrierRow {
        let mut rows = BARRIERS.iter();
        let row = rows.find(|row| row.barrier == self);
        row.unwrap_or(&BARRIERS[0])
    }
}

impl BarrierRow {
    /// The row of its request.
    #[must_use]
    pub fn request(&self) -> Option<RequestRow> {
        Dialect::first().request(self.kind, self.verb.as_bytes())
    }

    /// The verb of an answer without a TrID; `None` where the TrID tells what answers it.
    #[must_use]
    pub fn bare_answer(&self) -> Option<Verb> {
        match self.request()?.answer {
            Answer::Line(verb) => Some(verb),
            _ => None,
        }
    }

    /// Whether this answer shows that it changed something: what it asks for was granted, and that
    /// is a change.
    #[must_use]
    pub fn has_changed(&self, words: &[&[u8]]) -> bool {
        self.request()
            .is_some_and(|row| row.effect != Effect::Nothing && row.is_granted(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_barrier_has_a_row_and_each_row_a_request() {
        for row in &BARRIERS {
            assert_eq!(row.barrier.row(), row);
            assert!(row.request().is_some(), "{:?}", row.verb);
        }
        assert_eq!(Barrier::all(NS).count() + Barrier::all(SB).count(), 8);
    }

    #[test]
    fn what_can_change_something_is_sent_where_it_does_not_or_tells() {
        let told = |barrier: Barrier, line: &str| {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            barrier.row().has_changed(&words)
        };
        assert!(told(Barrier::SameMode, "GTC 5 7 A") && !told(Barrier::SameMode, "218 5"));
        assert!(told(Barrier::Absent, "REM 5 AL 7 x@y") && !told(Barrier::Absent, "216 5"));
        assert!(told(Barrier::CallSelf, "CAL 5 RINGING 7") && !told(Barrier::CallSelf, "215 5"));
        assert!(!told(Barrier::Ping, "QNG") && !told(Barrier::SameSerial, "SYN 5 7"));
    }
}
