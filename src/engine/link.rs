//! One connection of a script: what came on it, what is known of it, and how it ended.

use std::collections::VecDeque;

use bytes::Bytes;

use super::limit::Limit;
use crate::protocol::{
    ClauseId, Dialect, Direction, Effect, Grammar, Message, Param, Rung, ServerKind, Verb,
};
use crate::target::Sieve;
use crate::wire::{DecodeError, Decoder, Frame, Limits, UNKNOWN};

/// Why a wait ended without what it waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Late {
    /// Its deadline passed.
    Timeout,
    /// The script may not go on.
    Halted(Limit),
}

/// The longest line, and the longest payload, that a script may send and still be understood.
const WIDE: usize = 1 << 20;

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// The server ended it in order.
    Closed,
    /// It was reset.
    Reset,
    /// The script ended it.
    Ours,
    /// It was never made.
    Unreachable(String),
    /// What came cannot be read any further.
    Garbage(DecodeError),
    /// It was never made, because of a limit of our own.
    Limit(Limit),
}

impl End {
    /// The clause of framing that is broken where the stream could not be read any further.
    pub(crate) fn framing(&self) -> Option<ClauseId> {
        match self {
            Self::Garbage(DecodeError::LineTooLong { .. }) => Some(ClauseId::FRAME_1),
            Self::Garbage(_) => Some(ClauseId::FRAME_6),
            _ => None,
        }
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) address: String,
    pub(crate) opened: bool,
    pub(crate) end: Option<End>,
    /// The server has ended its side too, after the script had ended its own.
    pub(crate) left: bool,
    /// How much had been heard when the connection ended.
    pub(super) end_at: usize,
    pub(crate) inbox: VecDeque<Frame>,
    /// The lines that were put right, as reports show them, and the entries of what came.
    pub(crate) mended: Vec<(String, usize)>,
    pub(crate) sieve: Sieve,
    /// The server has let the user in: `USR … OK`, `ANS … OK`.
    pub(crate) entered: bool,
    /// The latest serial number that the server named.
    pub(crate) serial: Option<Bytes>,
    /// The prompt setting that the server named last on this connection; `None` also from the
    /// time when this user asks for another one anywhere.
    pub(crate) prompt: Option<Bytes>,
    /// The server has answered SYN.
    pub(crate) synchronised: bool,
    /// After how many acts the script did something here last.
    pub(super) acted: usize,
    /// How many lines the script has sent, raw ones counted.
    pub(crate) asked: usize,
    /// How many lines have come.
    pub(crate) told: usize,
    /// The latest state that the server confirmed.
    pub(crate) state: Option<Bytes>,
    /// How lines of the server are read: in the dialect that VER agreed on.
    pub(crate) grammar: Grammar,
    pub(crate) incoming: Decoder<Grammar>,
    /// Reads along what the script sends, to know whether a line or a payload is left open.
    outgoing: Decoder<Grammar>,
    /// Whether what the script sends may hold payloads.
    pub(crate) has_payloads: bool,
    confused: bool,
}

impl Link {
    pub(crate) fn new(kind: ServerKind, address: String) -> Self {
        let grammar = Grammar::new(kind, Direction::ToClient);
        let asks = Grammar::new(kind, Direction::ToServer);
        let wide = Limits {
            line: WIDE,
            payload: WIDE,
        };
        Self {
            address,
            opened: false,
            end: None,
            left: false,
            end_at: 0,
            inbox: VecDeque::new(),
            mended: Vec::new(),
            sieve: Sieve::default(),
            entered: false,
            serial: None,
            prompt: None,
            synchronised: false,
            acted: 0,
            asked: 0,
            told: 0,
            state: None,
            grammar,
            incoming: Decoder::new(grammar, Limits::default()),
            outgoing: Decoder::new(asks, wide),
            has_payloads: asks.has_payloads(),
            confused: false,
        }
    }

    /// Whether a request sent now would be read as one: no line and no payload is left open.
    pub(crate) fn at_line_start(&self) -> bool {
        !self.confused && self.outgoing.rest().is_empty() && self.outgoing.waiting_line().is_none()
    }

    /// Whether nothing that was asked here can still have an effect on somebody else: nobody is
    /// logged in by it, and each line has its answer.
    pub(super) fn is_harmless(&self) -> bool {
        !self.entered && self.at_line_start() && self.told >= self.asked
    }

    pub(super) fn read_along(&mut self, bytes: Bytes) {
        // Whole lines leave nothing open.
        let is_whole = bytes.ends_with(b"\n") && bytes.len() <= WIDE;
        if is_whole && !self.has_payloads && self.at_line_start() {
            return;
        }
        self.outgoing.push_shared(bytes);
        loop {
            match self.outgoing.next_frame() {
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(_) => {
                    self.confused = true;
                    return;
                }
            }
        }
    }

    /// Notes what later requests of the harness's own build on.
    pub(crate) fn observe(&mut self, frame: &Frame) {
        let verb = Verb::parse(frame.verb());
        // Most lines answer no request of their own name.
        let Some(request) = self.grammar.dialect.asks(verb) else {
            return;
        };
        let row = self.grammar.row(verb);
        if row.is_none_or(Message::negotiates) {
            let agreed = Dialect::agreed(frame.words());
            agreed.into_iter().for_each(|dialect| self.speak(dialect));
        }
        self.entered |= self.grammar.dialect.lets_in(frame.words());
        let row = self.grammar.read(frame.words());
        // It says nothing of the number (BATCH-3).
        let is_bare = row.is_some_and(|row| row.is_bare);
        let place = |param| row.and_then(|row| row.place_of(param));
        let word = |param| {
            let word = frame.words().nth(place(param)?)?;
            Some(frame.line.slice_ref(word))
        };
        match (request.rung, request.effect) {
            (Some(Rung::Syn), _) => {
                self.serial = word(Param::Serial);
                self.synchronised |= self.serial.is_some();
            }
            (Some(Rung::Chg), _) => self.state = word(Param::State),
            (_, effect) if !is_bare && (effect.is_of_lists() || effect == Effect::Name) => {
                self.serial = word(Param::Serial).filter(|word| *word != UNKNOWN);
            }
            _ => {}
        }
        if request.effect == Effect::Prompt {
            self.prompt = word(Param::Prompt);
        }
    }

    /// Reads both directions as those of a dialect from now on.
    fn speak(&mut self, dialect: &'static Dialect) {
        self.grammar.dialect = dialect;
        let asks = Grammar {
            direction: Direction::ToServer,
            ..self.grammar
        };
        self.incoming.set_rule(self.grammar);
        self.outgoing.set_rule(asks);
        self.has_payloads = asks.has_payloads();
    }

    pub(super) fn take_next(&mut self) -> Option<Result<Frame, End>> {
        match self.inbox.pop_front() {
            Some(frame) => Some(Ok(frame)),
            None => self.end.clone().map(Err),
        }
    }
}
