//! TCP connections, put together from their segments.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use super::container::Packet;
use super::packet::Segment;
use crate::transcript::record::Party;

/// How many segments of a connection may wait for one before them.
const MOST_WAITING: usize = 256;
/// How many bytes of a connection may wait.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// How long segments wait for one before them that the capture may have missed.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many holes a connection may have before the rest of it is left out.
const MOST_HOLES: usize = 64;
/// How many connections of a capture are read.
const MOST_FLOWS: usize = 100_000;
/// The port of the protocol.
pub(super) const PORT: u16 = 1863;

/// A TCP connection.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) client: SocketAddr,
    pub(super) server: SocketAddr,
    ends: [End; 2],
    /// Segments that cannot be told yet, as they came.
    waiting: Vec<Waiting>,
    held: usize,
    /// The packet and the time of the last event.
    last: (usize, Duration),
    start: Option<u32>,
    holes: usize,
}

/// What one end sends.
#[derive(Debug, Default)]
struct End {
    /// The number of the next byte.
    next: Option<u32>,
    is_over: bool,
}

#[derive(Debug)]
struct Waiting {
    at: Duration,
    packet: usize,
    party: Party,
    sequence: u32,
    acknowledged: Option<u32>,
    fin: bool,
    payload: Bytes,
    lost: u32,
}

impl Waiting {
    /// The number behind all that was sent in it.
    fn end(&self) -> u32 {
        let length = u32::try_from(self.payload.len()).unwrap_or(0);
        self.sequence.wrapping_add(length).wrapping_add(self.lost)
    }
}

/// What happened on a connection.
#[derive(Debug)]
pub(super) enum Happening {
    /// It was made.
    Opened,
    /// One end sent this, in order.
    Sent(Party, Bytes),
    /// So many bytes of this end are missing; 0 for all that it sent from here on.
    Missed(Party, u32),
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
    /// Segments of connections that are left out because there are too many.
    pub(super) unread: usize,
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
            // Whoever says nothing makes no connection.
            None if !segment.syn && segment.payload.is_empty() && segment.lost == 0 => return,
            None if self.flows.len() >= MOST_FLOWS => {
                self.unread += 1;
                return;
            }
            None => {
                if let Some(old) = self.known.get(&key).copied() {
                    self.flush(old, packet.number);
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

    fn flush(&mut self, id: usize, packet: usize) {
        let mut told = Told {
            events: &mut self.events,
            at: self.now,
            packet,
            flow: id,
        };
        if let Some(flow) = self.flows.get_mut(id) {
            flow.flush(&mut told);
        }
    }

    /// The capture is over: all connections, and what happened on them, in order.
    pub(super) fn finish(mut self) -> (Vec<Flow>, Vec<Event>) {
        let last = self.events.iter().map(|event| event.packet).max();
        for id in 0..self.flows.len() {
            self.flush(id, last.unwrap_or_default());
        }
        // What is missing is told where it is missing, not where that was found out.
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
            last: (0, Duration::ZERO),
            start: None,
            holes: 0,
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
        if self.holes > MOST_HOLES {
            return;
        }
        let party = match segment.from == self.client {
            true => Party::Client,
            false => Party::Server,
        };
        let after_syn = segment.sequence.wrapping_add(u32::from(segment.syn));
        if segment.syn {
            if self.start.is_none() && self.next(Party::Client).is_none() {
                self.tell(Happening::Opened, told);
            }
            if party == Party::Client {
                self.start = self.start.or(Some(segment.sequence));
            }
        }
        self.end(party).next.get_or_insert(after_syn);
        if let Some(acknowledged) = segment.acknowledged {
            self.end(other(party)).next.get_or_insert(acknowledged);
        }
        self.held += segment.payload.len();
        self.waiting.push(Waiting {
            at: told.at,
            packet: told.packet,
            party,
            sequence: after_syn,
            acknowledged: segment.acknowledged,
            fin: segment.fin,
            payload: Bytes::copy_from_slice(segment.payload),
            lost: segment.lost,
        });
        self.deliver(told);
        if segment.reset {
            self.flush(told);
            return self.over(party, false, told);
        }
        while self.is_tired(told.at) {
            self.skip(told);
            self.deliver(told);
        }
    }

    /// Whether it has waited long enough for what is missing.
    fn is_tired(&self, now: Duration) -> bool {
        let oldest = self.waiting.first();
        oldest.is_some_and(|first| now.saturating_sub(first.at) > PATIENCE)
            || self.waiting.len() > MOST_WAITING
            || self.held > MOST_BYTES
    }

    /// Tells all that waits, and what is missing between.
    fn flush(&mut self, told: &mut Told<'_>) {
        while !self.waiting.is_empty() {
            self.skip(told);
            self.deliver(told);
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
            let here = (told.packet, told.at);
            if self.holes > 0 {
                let (packet, time) = (segment.packet.max(self.last.0), segment.at.max(self.last.1));
                (told.packet, told.at) = (packet, time);
            }
            let old = usize::try_from(ahead(next, segment.sequence)).unwrap_or(0);
            let fresh = segment.payload.slice(old.min(segment.payload.len())..);
            let end = segment.end();
            if !fresh.is_empty() {
                self.end(segment.party).next = Some(end.wrapping_sub(segment.lost));
                self.tell(Happening::Sent(segment.party, fresh), told);
            }
            let lost = self.next(segment.party).map_or(0, |next| ahead(end, next));
            if let Ok(lost @ 1..) = u32::try_from(lost) {
                self.end(segment.party).next = Some(end);
                self.miss(segment.party, lost, told);
            }
            if segment.fin && self.next(segment.party) == Some(end) {
                self.end(segment.party).next = Some(end.wrapping_add(1));
                self.over(segment.party, true, told);
            }
            (told.packet, told.at) = here;
        }
    }

    /// Whether a number has been reached, or passed.
    fn is_reached(&self, party: Party, number: Option<u32>) -> bool {
        let pair = self.next(party).zip(number);
        pair.is_none_or(|(next, number)| ahead(number, next) <= 0)
    }

    /// Whether all that goes before a segment has been told: bytes of the same end, and bytes of
    /// the other end that its sender had received.
    fn is_due(&self, segment: &Waiting) -> bool {
        self.is_reached(segment.party, Some(segment.sequence))
            && self.is_reached(other(segment.party), segment.acknowledged)
    }

    /// Goes on behind what the segment that has waited longest waits for: it will not come.
    fn skip(&mut self, told: &mut Told<'_>) {
        let Some(first) = self.waiting.first() else {
            return;
        };
        let is_own = !self.is_reached(first.party, Some(first.sequence));
        let party = match is_own {
            true => first.party,
            false => other(first.party),
        };
        let next = self.next(party).unwrap_or_default();
        let gap = |number: u32| {
            u32::try_from(ahead(number, next))
                .ok()
                .filter(|gap| *gap > 0)
        };
        let (own, others): (Vec<&Waiting>, Vec<&Waiting>) =
            self.waiting.iter().partition(|it| it.party == party);
        let sent = own.iter().filter_map(|it| gap(it.sequence)).min();
        let received = others.iter().filter_map(|it| gap(it.acknowledged?)).min();
        let Some(gap) = sent.or(received) else {
            self.waiting.clear();
            self.held = 0;
            return;
        };
        self.end(party).next = Some(next.wrapping_add(gap));
        let here = (told.packet, told.at);
        (told.packet, told.at) = self.last;
        self.miss(party, gap, told);
        (told.packet, told.at) = here;
    }

    fn miss(&mut self, party: Party, count: u32, told: &mut Told<'_>) {
        self.holes += 1;
        if self.holes > MOST_HOLES {
            self.tell(Happening::Missed(party, 0), told);
            self.tell(Happening::Missed(other(party), 0), told);
            self.waiting.clear();
            self.held = 0;
        } else {
            self.tell(Happening::Missed(party, count), told);
        }
    }

    fn over(&mut self, party: Party, in_order: bool, told: &mut Told<'_>) {
        if !self.end(party).is_over {
            self.end(party).is_over = true;
            self.tell(Happening::Ended(party, in_order), told);
        }
    }

    fn tell(&mut self, what: Happening, told: &mut Told<'_>) {
        self.last = (told.packet, told.at);
        told.push(what);
    }
}
