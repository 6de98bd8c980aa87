//! TCP connections, put together from their segments.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use super::container::Packet;
use super::packet::Segment;
use crate::transcript::record::Party;

/// How many segments of a connection may wait for one before them.
const MOST_WAITING: usize = 512;
/// How many bytes of a connection may wait.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// How long segments wait for one before them that the capture may have missed.
const PATIENCE: Duration = Duration::from_secs(10);
/// The port of the protocol.
pub(super) const PORT: u16 = 1863;

/// A TCP connection.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) client: SocketAddr,
    pub(super) server: SocketAddr,
    ends: [End; 2],
    waiting: Vec<Waiting>,
    held: usize,
    /// The packet of the last event.
    last: usize,
    start: Option<u32>,
    /// A segment is missing for good.
    is_lost: bool,
}

/// What one end sends.
#[derive(Debug, Default)]
struct End {
    /// The number of the next byte.
    next: Option<u32>,
    is_over: bool,
}

/// A segment that cannot be told yet.
#[derive(Debug)]
struct Waiting {
    at: Duration,
    party: Party,
    sequence: u32,
    acknowledged: Option<u32>,
    fin: bool,
    payload: Bytes,
}

/// What happened on a connection.
#[derive(Debug)]
pub(super) enum Happening {
    /// It was made.
    Opened,
    /// One end sent this, in order.
    Sent(Party, Bytes),
    /// Something was missed; what comes later is not in order.
    Missed,
    /// Sent after something was missed.
    Adrift(Party, Bytes),
    /// One end is done, in order or not.
    Ended(Party, bool),
}

/// One thing that happened.
#[derive(Debug)]
pub(super) struct Event {
    /// Since the first packet.
    pub(super) at: Duration,
    pub(super) packet: usize,
    /// Which connection.
    pub(super) flow: usize,
    pub(super) what: Happening,
}

/// All connections of a capture.
#[derive(Debug, Default)]
pub(super) struct Flows {
    flows: Vec<Flow>,
    events: Vec<Event>,
    /// The connection between two addresses now, the smaller address first.
    known: HashMap<(SocketAddr, SocketAddr), usize>,
    zero: Option<Duration>,
    now: Duration,
}

impl Flows {
    /// Takes the next segment of the file.
    pub(super) fn take(&mut self, packet: &Packet<'_>, segment: &Segment<'_>) {
        let zero = *self.zero.get_or_insert(packet.at);
        self.now = self.now.max(packet.at.saturating_sub(zero));
        let now = self.now;
        let key = (segment.from.min(segment.to), segment.from.max(segment.to));
        let is_first = segment.syn && segment.acknowledged.is_none();
        let known = self.known.get(&key).copied();
        let known = known.filter(|id| {
            let start = self.flows.get(*id).and_then(|flow| flow.start);
            !is_first || start == Some(segment.sequence)
        });
        let id = match known {
            Some(id) => id,
            None => {
                if let Some(old) = self.known.get(&key).copied() {
                    self.give_up(old, packet.number);
                }
                self.flows.push(Flow::new(segment));
                let id = self.flows.len() - 1;
                self.known.insert(key, id);
                id
            }
        };
        let Some(flow) = self.flows.get_mut(id) else {
            return;
        };
        let mut told = Told {
            events: &mut self.events,
            at: now,
            packet: packet.number,
            flow: id,
        };
        flow.take(segment, &mut told);
    }

    fn give_up(&mut self, id: usize, packet: usize) {
        let mut told = Told {
            events: &mut self.events,
            at: self.now,
            packet,
            flow: id,
        };
        if let Some(flow) = self.flows.get_mut(id)
            && !flow.waiting.is_empty()
        {
            flow.lose(&mut told);
        }
    }

    /// The capture is over: all connections, and what happened on them, in order.
    pub(super) fn finish(mut self) -> (Vec<Flow>, Vec<Event>) {
        let last = self.events.iter().map(|event| event.packet).max();
        for id in 0..self.flows.len() {
            self.give_up(id, last.unwrap_or_default());
        }
        // What was missed is told where it was missed, not where that was found out.
        self.events.sort_by_key(|event| event.packet);
        (self.flows, self.events)
    }
}

/// Where events of one packet go.
struct Told<'e> {
    events: &'e mut Vec<Event>,
    at: Duration,
    packet: usize,
    flow: usize,
}

impl Told<'_> {
    fn push(&mut self, what: Happening) {
        self.events.push(Event {
            at: self.at,
            packet: self.packet,
            flow: self.flow,
            what,
        });
    }
}

fn place(party: Party) -> usize {
    match party {
        Party::Client => 0,
        Party::Server => 1,
    }
}

fn other(party: Party) -> Party {
    match party {
        Party::Client => Party::Server,
        Party::Server => Party::Client,
    }
}

/// How far `from` is behind `to`, in a space that wraps around; negative where it is before it.
#[expect(
    clippy::cast_possible_wrap,
    reason = "the distance of two numbers that wrap around"
)]
fn ahead(to: u32, from: u32) -> i32 {
    to.wrapping_sub(from) as i32
}

impl Flow {
    fn new(segment: &Segment<'_>) -> Self {
        let to_server = match (segment.syn, segment.acknowledged.is_some()) {
            (true, false) => true,
            (true, true) => false,
            _ if segment.to.port() == PORT => true,
            _ if segment.from.port() == PORT => false,
            _ => segment.to.port() < segment.from.port(),
        };
        let (client, server) = match to_server {
            true => (segment.from, segment.to),
            false => (segment.to, segment.from),
        };
        Self {
            client,
            server,
            ends: [End::default(), End::default()],
            waiting: Vec::new(),
            held: 0,
            last: 0,
            start: None,
            is_lost: false,
        }
    }

    fn end(&mut self, party: Party) -> &mut End {
        let [client, server] = &mut self.ends;
        match party {
            Party::Client => client,
            Party::Server => server,
        }
    }

    fn next(&self, party: Party) -> Option<u32> {
        self.ends.get(place(party)).and_then(|end| end.next)
    }

    fn take(&mut self, segment: &Segment<'_>, told: &mut Told<'_>) {
        let party = match segment.from == self.client {
            true => Party::Client,
            false => Party::Server,
        };
        let after_syn = segment.sequence.wrapping_add(u32::from(segment.syn));
        if segment.syn {
            if self.start.is_none() && self.next(Party::Client).is_none() {
                told.push(Happening::Opened);
                self.last = told.packet;
            }
            if party == Party::Client {
                self.start = self.start.or(Some(segment.sequence));
            }
        }
        self.end(party).next.get_or_insert(after_syn);
        if let Some(acknowledged) = segment.acknowledged {
            self.end(other(party)).next.get_or_insert(acknowledged);
        }
        if segment.reset {
            if !self.waiting.is_empty() {
                self.lose(told);
            }
            return self.over(party, false, told);
        }
        if self.is_lost {
            return self.adrift(party, segment.payload, segment.fin, told);
        }
        self.held += segment.payload.len();
        self.waiting.push(Waiting {
            at: told.at,
            party,
            sequence: after_syn,
            acknowledged: segment.acknowledged,
            fin: segment.fin,
            payload: Bytes::copy_from_slice(segment.payload),
        });
        self.deliver(told);
        let oldest = self.waiting.first().map_or(told.at, |first| first.at);
        if told.at.saturating_sub(oldest) > PATIENCE
            || self.waiting.len() > MOST_WAITING
            || self.held > MOST_BYTES
        {
            self.lose(told);
        }
    }

    /// Tells everything that is due.
    fn deliver(&mut self, told: &mut Told<'_>) {
        while let Some(at) = self.waiting.iter().position(|it| self.is_due(it)) {
            let segment = self.waiting.remove(at);
            self.held -= segment.payload.len();
            let Some(next) = self.next(segment.party) else {
                continue;
            };
            let old = usize::try_from(ahead(next, segment.sequence)).unwrap_or(0);
            let fresh = segment.payload.slice(old.min(segment.payload.len())..);
            let length = u32::try_from(segment.payload.len()).unwrap_or(0);
            let end = segment.sequence.wrapping_add(length);
            if !fresh.is_empty() {
                self.end(segment.party).next = Some(end);
                self.last = told.packet;
                told.push(Happening::Sent(segment.party, fresh));
            }
            if segment.fin && self.next(segment.party) == Some(end) {
                self.end(segment.party).next = Some(end.wrapping_add(1));
                self.over(segment.party, true, told);
            }
        }
    }

    /// Whether all that goes before a segment has been told: bytes of the same end, and bytes of
    /// the other end that its sender had received.
    fn is_due(&self, segment: &Waiting) -> bool {
        let is_reached = |party, number: Option<u32>| {
            let pair = self.next(party).zip(number);
            pair.is_none_or(|(next, number)| ahead(number, next) <= 0)
        };
        is_reached(segment.party, Some(segment.sequence))
            && is_reached(other(segment.party), segment.acknowledged)
    }

    /// What is waited for will not come.
    fn lose(&mut self, told: &mut Told<'_>) {
        let here = std::mem::replace(&mut told.packet, self.last);
        self.is_lost = true;
        told.push(Happening::Missed);
        told.packet = here;
        self.held = 0;
        for segment in std::mem::take(&mut self.waiting) {
            self.adrift(segment.party, &segment.payload, segment.fin, told);
        }
    }

    fn adrift(&mut self, party: Party, payload: &[u8], fin: bool, told: &mut Told<'_>) {
        if !payload.is_empty() {
            let payload = Bytes::copy_from_slice(payload);
            told.push(Happening::Adrift(party, payload));
        }
        if fin {
            self.over(party, true, told);
        }
    }

    fn over(&mut self, party: Party, in_order: bool, told: &mut Told<'_>) {
        if !self.end(party).is_over {
            self.end(party).is_over = true;
            self.last = told.packet;
            told.push(Happening::Ended(party, in_order));
        }
    }
}
