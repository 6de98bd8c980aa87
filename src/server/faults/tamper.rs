//! What stands between a faulty server and the world.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::fault::FaultSet;
use super::notes::{Command, Notes, Until, Word, text};
use super::received::{Fate, Received};
use super::row::{Fault, How};
use super::sent::Sent;
use crate::protocol::ServerKind;
use crate::server::id::ConnId;
use crate::server::outbox::Output;
use crate::wire::Frame;

/// What becomes of a command, and what goes out at once because of it.
pub(in crate::server) struct Tampered {
    pub(in crate::server) fate: Fate,
    pub(in crate::server) words: Vec<Word>,
    pub(in crate::server) payload: Bytes,
    pub(in crate::server) outputs: Vec<Output>,
}

/// Sees each command and each frame, and spoils those that the chosen faults want spoilt.
pub(in crate::server) struct Tamper {
    incoming: Vec<fn(&mut Received<'_>)>,
    outgoing: Vec<fn(&mut Sent<'_>)>,
    notes: Notes,
}

impl Tamper {
    /// `None` where no fault is chosen.
    pub(in crate::server) fn new(faults: FaultSet) -> Option<Box<Self>> {
        if faults.is_empty() {
            return None;
        }
        let mut tamper = Self {
            incoming: Vec::new(),
            outgoing: Vec::new(),
            notes: Notes::default(),
        };
        let mut chosen: Vec<Fault> = faults.iter().collect();
        chosen.sort_by_key(|fault| reach(*fault));
        for fault in chosen {
            match fault.row().how {
                How::Inside => {}
                How::Incoming(spoil) => tamper.incoming.push(spoil),
                How::Outgoing(spoil) => tamper.outgoing.push(spoil),
                How::Both(incoming, outgoing) => {
                    tamper.incoming.push(incoming);
                    tamper.outgoing.push(outgoing);
                }
            }
        }
        tamper.incoming.reverse();
        Some(Box::new(tamper))
    }

    /// A command has come.
    pub(in crate::server) fn command(
        &mut self,
        conn: ConnId,
        kind: ServerKind,
        frame: &Frame,
    ) -> Tampered {
        let words: Vec<Word> = frame.words().map(Word::from).collect();
        self.note_command(conn, kind, &words);
        let is_for = |until, whom| until == Until::NextCommand && whom == conn;
        let held = self.notes.let_go(|held| is_for(held.until, held.conn));
        let mut outputs: Vec<Output> = held
            .into_iter()
            .map(|held| Output::Send(held.conn, held.frame))
            .collect();
        let mut received = Received {
            conn,
            kind,
            line: frame.line.clone(),
            words,
            payload: frame.payload.clone().unwrap_or_default(),
            notes: &mut self.notes,
            fate: Fate::CarryOut,
            replies: Vec::new(),
        };
        lower_number(&mut received);
        if received.peer().is_deaf {
            received.ignore();
        } else {
            // What has answered a command or put it aside leaves nothing for others to spoil.
            let mut spoils = self.incoming.iter();
            while let (true, Some(spoil)) = (received.goes_on(), spoils.next()) {
                spoil(&mut received);
            }
        }
        let line = |line: String| Output::Send(conn, format!("{line}\r\n").into());
        outputs.extend(received.replies.into_iter().map(line));
        let (fate, words, payload) = (received.fate, received.words, received.payload);
        if self.notes.is_stuck {
            outputs.clear();
        }
        Tampered {
            fate,
            words,
            payload,
            outputs,
        }
    }

    fn note_command(&mut self, conn: ConnId, kind: ServerKind, words: &[Word]) {
        let words = words.to_vec();
        let peer = self.notes.peer(conn, kind);
        *peer
            .seen
            .entry(words.first().cloned().unwrap_or_default())
            .or_default() += 1;
        let command = Command { conn, words };
        let last = self.notes.command.replace(command);
        let has_trid = |command: &Command| {
            let trid = command.text(1);
            !trid.is_empty() && trid.bytes().all(|byte| byte.is_ascii_digit())
        };
        if let Some(last) = last.filter(|last| last.conn != conn && has_trid(last)) {
            self.notes.previous = Some(last);
        }
    }

    /// Something is about to go out.
    pub(in crate::server) fn output(&mut self, output: Output) -> Vec<Output> {
        let outputs = match output {
            Output::Send(conn, frame) => {
                let mut sent = Sent::new(conn, &frame, &mut self.notes);
                if let Some(peer) = sent.notes.peers.get(&conn) {
                    sent.notes.numbers.raise(&peer.handle, &mut sent.words);
                }
                let own = sent.words.clone();
                let mut spoils = self.outgoing.iter();
                while let (true, Some(spoil)) = (sent.goes_out(), spoils.next()) {
                    spoil(&mut sent);
                }
                note_frame(&mut sent, &own);
                sent.finish()
            }
            Output::Close(conn) => {
                self.notes.peers.remove(&conn);
                self.notes.let_go(|held| held.conn == conn);
                vec![output]
            }
        };
        if self.notes.is_stuck {
            return Vec::new();
        }
        outputs
    }

    /// What goes out now is no answer to a command.
    pub(in crate::server) fn client_left(&mut self) {
        self.notes.command = None;
    }

    /// A connection has gone.
    pub(in crate::server) fn gone(&mut self, conn: ConnId) {
        if self.notes.command.is_none() {
            super::crowds::lost(&mut self.notes, conn);
        }
        self.notes.peers.remove(&conn);
        self.notes.let_go(|held| held.conn == conn);
    }

    /// It is so late now: what is let go.
    pub(in crate::server) fn tick(&mut self, now: Duration) -> Vec<Output> {
        self.notes.now = now;
        let is_due = |until| matches!(until, Until::Time(at) if at <= now);
        let due = self.notes.let_go(|held| is_due(held.until));
        if self.notes.is_stuck {
            return Vec::new();
        }
        let send = due.into_iter();
        send.map(|held| Output::Send(held.conn, held.frame))
            .collect()
    }

    /// Whether the service has ended as if its process had died.
    pub(in crate::server) fn has_crashed(&self) -> bool {
        self.notes.memory.contains_key(super::extras::GONE)
    }

    /// From now on nothing is heard of the server.
    pub(in crate::server) fn get_stuck(&mut self) {
        self.notes.is_stuck = true;
    }

    /// When [`Tamper::tick`] has something to do.
    pub(in crate::server) fn next_alarm(&self) -> Option<Duration> {
        let times = self.notes.held.iter().filter_map(|held| match held.until {
            Until::Time(at) => Some(at),
            Until::NextCommand => None,
        });
        times.min()
    }
}

/// How much of the traffic a fault touches, by the clause that it is for. Of what goes out, those that
/// touch the least see a line first, and still find it as the server wrote it: a fault of ADD before
/// one of all errors, and that before one of all lines. What comes in they see in the other order.
fn reach(fault: Fault) -> u8 {
    let clause = fault.clauses().first().map_or("", |clause| clause.as_str());
    match clause.split('-').next() {
        Some("FRAME" | "NAME") => 3,
        Some("REPLY" | "TRID") => 2,
        Some("ERR") => 1,
        _ => 0,
    }
}

/// Makes the number that a client has one of the server's own.
fn lower_number(received: &mut Received<'_>) {
    if received.is("SYN")
        && let Ok(number) = received.text(2).parse()
    {
        let handle = received.peer().handle.clone();
        let own = received.notes.numbers.lower(&handle, number);
        if own != number {
            received.set(2, own.to_string());
        }
    }
}

/// Learns from a frame who is where: from the server's own words, where it still is such a line, so
/// that one fault does not lead another astray.
fn note_frame(sent: &mut Sent<'_>, own: &[Word]) {
    let is_kept = own.first() == sent.words.first();
    let words: Vec<&str> = (0..6).map(|place| text(own, place)).collect();
    let asked = sent.asked(2).to_owned();
    let length = sent.words.iter().map(Vec::len).sum::<usize>() + sent.payload.len();
    let Some(peer) = sent.notes.peers.get_mut(&sent.conn) else {
        return;
    };
    peer.unheard += length;
    match words[..] {
        _ if !is_kept => {}
        ["USR", _, "OK", handle, name, ..] => {
            peer.handle = handle.to_owned();
            peer.name = name.to_owned();
        }
        ["REA", _, _, handle, name, ..] if peer.handle == handle => peer.name = name.to_owned(),
        ["ANS", _, "OK", ..] => peer.handle = asked,
        ["VER", _, dialect, ..] => peer.dialect = dialect.to_owned(),
        ["CHG", _, state, ..] => peer.state = state.to_owned(),
        _ => {}
    }
}

impl fmt::Debug for Tamper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tamper")
            .field("notes", &self.notes)
            .finish_non_exhaustive()
    }
}
