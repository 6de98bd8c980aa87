//! What a scenario is made of.
//!
//! Parameters of a part (`with:`) and columns of a `matrix:` are replaced while loading; what is
//! left to be found out in a run (captures, TrIDs, the users' handles) stays symbolic, so a scenario
//! replays elsewhere and survives shrinking.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use compact_str::CompactString;
use smallvec::SmallVec;

use crate::diagnostic::{Source, Span};
use crate::protocol::{ClauseId, Dialect, List, Setting};
use crate::transcript::ConnName;

/// One scenario, ready to be run: a file without a matrix, or one row of it.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The stable id: the path below the suite's root without `.yaml`, and for a row of a matrix
    /// its values in brackets, `presence/change[state=BSY]`.
    pub name: String,
    /// Former names.
    pub aliases: Vec<String>,
    /// The file.
    pub source: Arc<Source>,
    /// What it says it is about.
    pub description: String,
    /// The clauses that it tests; a failing step that names none speaks for the first.
    pub clauses: Vec<ClauseId>,
    /// Free words to filter by. `alone` keeps other scenarios from running at the same time.
    pub tags: Vec<String>,
    /// The dialects that it is for; empty means all.
    pub dialects: Vec<String>,
    /// What it needs beyond a server.
    pub needs: Needs,
    /// The users, in order; the first is meant where a step names none.
    pub users: Vec<User>,
    /// Asynchronous lines between expected ones fail, in the whole scenario.
    pub strict: bool,
    /// Everything that is sent is cut into segments of this many bytes.
    pub segments: Option<usize>,
    /// The deadline of each reply, where the target's own is too short or too long.
    pub timeout: Option<Duration>,
    /// Preconditions: a failure here makes the scenario broken, not failed.
    pub setup: Vec<Step>,
    /// The steps that judge.
    pub steps: Vec<Step>,
}

/// What a scenario needs beyond a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// The harness must own the server's process (`server: stop`).
    pub launch: bool,
    /// The target must refer from a dispatch server to a notification server.
    pub dispatch: bool,
    /// The target must challenge its clients (CHL).
    pub challenges: bool,
    /// At least this many accounts; never less than the users.
    pub accounts: usize,
}

/// A user of the scenario, played by an account of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name used in steps.
    pub name: String,
    /// Where it is declared.
    pub at: Span,
    /// What is true of the user before the first step.
    pub fixture: Fixture,
}

/// What is true of a user before the first step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fixture {
    /// How far the user has come.
    pub stage: Stage,
    /// The forward list: users of the scenario.
    pub forward: Vec<String>,
    /// The allow list.
    pub allow: Vec<String>,
    /// The block list.
    pub block: Vec<String>,
    /// `A` (the default) or `N`.
    pub gtc: Option<String>,
    /// `AL` (the default) or `BL`.
    pub blp: Option<String>,
}

impl Fixture {
    /// The value of a setting, where the fixture gives one.
    #[must_use]
    pub fn setting(&self, setting: Setting) -> Option<&str> {
        match setting {
            Setting::Prompt => self.gtc.as_deref(),
            Setting::Privacy => self.blp.as_deref(),
        }
    }

    /// The same, to be set.
    pub fn setting_mut(&mut self, setting: Setting) -> &mut Option<String> {
        match setting {
            Setting::Prompt => &mut self.gtc,
            Setting::Privacy => &mut self.blp,
        }
    }

    /// Who stands on a list; `None` for the RL, which follows from the FLs of others.
    #[must_use]
    pub fn list(&self, list: List) -> Option<&Vec<String>> {
        match list {
            List::Forward => Some(&self.forward),
            List::Allow => Some(&self.allow),
            List::Block => Some(&self.block),
            List::Reverse => None,
        }
    }

    /// The same, to be changed.
    pub fn list_mut(&mut self, list: List) -> Option<&mut Vec<String>> {
        match list {
            List::Forward => Some(&mut self.forward),
            List::Allow => Some(&mut self.allow),
            List::Block => Some(&mut self.block),
            List::Reverse => None,
        }
    }

    /// Whether nothing need be done for the user before the first step.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        *self == Self::default()
    }
}

/// How far a user has come before the first step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Stage {
    /// No connection; the first step that names the user opens one.
    #[default]
    Offline,
    /// Logged in, not synchronised, no state.
    LoggedIn,
    /// Logged in and synchronised, no state.
    Synchronised,
    /// Logged in, synchronised, and in this state.
    State(String),
}

/// One step.
#[derive(Debug, Clone)]
pub struct Step {
    /// The file that it stands in: the scenario's own, or that of a part.
    pub source: Arc<Source>,
    /// Where it stands: the key and what follows on its line.
    pub at: Span,
    /// What it does.
    pub action: Action,
    /// The clause that is broken when the step fails.
    pub clause: Option<ClauseId>,
    /// The clause whose `accept` is used when this branch of a `one of` is taken.
    pub varies: Option<Varies>,
    /// An expectation that may go unmet.
    pub optional: bool,
    /// Part of `use:` or of `setup:`: a failure makes the scenario broken.
    pub precondition: bool,
    /// The dialects that it is for.
    pub era: Era,
}

/// The dialects that a step is for: from one on, up to one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Era {
    /// The first; it is written in the forms of that one.
    pub since: Option<&'static Dialect>,
    /// The last.
    pub until: Option<&'static Dialect>,
}

impl Era {
    /// Whether a dialect is one of them.
    #[must_use]
    pub fn has(self, dialect: &Dialect) -> bool {
        self.since.is_none_or(|since| since <= dialect)
            && self.until.is_none_or(|until| dialect <= until)
    }

    /// Those of both.
    #[must_use]
    pub fn within(self, outer: Self) -> Self {
        let earlier = |one: Option<&'static Dialect>, other| match (one, other) {
            (Some(one), Some(other)) => Some(std::cmp::min(one, other)),
            (one, other) => one.or(other),
        };
        Self {
            since: self.since.max(outer.since),
            until: earlier(self.until, outer.until),
        }
    }
}

/// Marks a branch as a variation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Varies {
    /// The clause.
    pub clause: ClauseId,
    /// What was seen, in words; the branch's first step speaks where this is missing.
    pub seen: Option<String>,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Opens a connection, to an address or (`None`) to where a client of its kind begins.
    Open {
        /// The connection.
        conn: ConnName,
        /// Where to, such as a captured referral.
        address: Option<Text>,
    },
    /// Sends bytes.
    Send(Send),
    /// Closes the connection in order.
    Close(ConnName),
    /// Resets the connection.
    Reset(ConnName),
    /// Stops reading from the connection.
    Pause(ConnName),
    /// Reads from it again.
    Resume(ConnName),
    /// Expects something.
    Expect(Expect),
    /// Expects all of these, in any order.
    AnyOrder(Vec<Step>),
    /// Goes the way of the first branch whose first step is met.
    OneOf(Vec<Vec<Step>>),
    /// Does the steps this many times; `{i}` counts from 1.
    Repeat(u32, Vec<Step>),
    /// Has a ticket of the login server for a user, by the server's word, and binds it.
    Ticket {
        /// A connection of the user.
        conn: ConnName,
        /// The word that the server gave for it.
        word: Text,
        /// The capture that it is bound to.
        into: String,
    },
    /// Waits until all connections are quiet.
    Settle,
    /// Stops the server in order, as `launch.stop` says.
    StopServer,
    /// Starts the server again.
    StartServer,
}

/// The capture that a ticket is bound to where nothing else is said.
pub const TICKET: &str = "ticket";

/// Something to send.
#[derive(Debug, Clone)]
pub struct Send {
    /// The connection.
    pub conn: ConnName,
    /// What: one line mostly, several to leave in one segment.
    pub items: Vec<SendItem>,
    /// Cut into segments of this many bytes.
    pub segments: Option<usize>,
}

/// One thing to send.
#[derive(Debug, Clone)]
pub enum SendItem {
    /// A line; CRLF is added. With a payload, `{length}` in the line is its length.
    Line {
        /// The line.
        text: Text,
        /// What follows it.
        payload: Option<Payload>,
    },
    /// Bytes as they are, without a line end.
    Raw(Payload),
}

/// The bytes of a payload.
#[derive(Debug, Clone)]
pub enum Payload {
    /// A text; captures are filled in.
    Text(Text),
    /// Bytes (from hex, or from a file that was read while loading).
    Bytes(Arc<[u8]>),
    /// This many bytes of a fixed pattern.
    Filler(usize),
}

/// An expectation.
#[derive(Debug, Clone)]
pub struct Expect {
    /// The connection.
    pub conn: ConnName,
    /// What is to come.
    pub what: Expected,
    /// No asynchronous line may come before it.
    pub strict: bool,
    /// Words must be equal byte for byte, also names and handles.
    pub exact: bool,
    /// A deadline of its own.
    pub within: Option<Duration>,
}

/// What is expected.
#[derive(Debug, Clone)]
pub enum Expected {
    /// A line, perhaps with a payload.
    Line {
        /// The words.
        pattern: LinePattern,
        /// The payload.
        payload: Option<PayloadPattern>,
    },
    /// An error of the table, with this TrID where one is given.
    Error(Option<WordPattern>),
    /// An error for the last request of the connection, or the end of the connection.
    Refused,
    /// The end of the connection, orderly or not.
    Closed,
    /// No line that the steps or the protocol do not explain, but for lines like these.
    Nothing {
        /// Lines that may come.
        except: Vec<LinePattern>,
    },
}

/// The payload that is expected.
#[derive(Debug, Clone)]
pub enum PayloadPattern {
    /// The bytes that a client last sent as a payload in this scenario.
    Same,
    /// These bytes.
    Exactly(Payload),
    /// Any bytes, this many.
    Length(u64),
    /// Text that the regular expression finds a match in; what is no UTF-8 is replaced.
    Matches(Regex),
}

/// A line by its words.
#[derive(Debug, Clone)]
pub struct LinePattern {
    /// The text, as the scenario has it.
    pub text: String,
    /// Where it stands.
    pub at: Span,
    /// The words.
    pub words: Vec<WordPattern>,
    /// More words may follow.
    pub rest: bool,
}

/// One word.
#[derive(Debug, Clone)]
pub struct WordPattern {
    /// Where it stands.
    pub at: Span,
    /// What it matches.
    pub kind: WordKind,
}

/// What a word matches.
#[derive(Debug, Clone)]
pub enum WordKind {
    /// `*`: any word.
    Any,
    /// A text that is known when the line comes.
    Text(Text),
    /// `{name}`: the first use binds, later ones compare.
    Capture(String),
    /// `A|B`: one of several.
    OneOf(Vec<WordKind>),
    /// `1..5`: a decimal number within the bounds.
    Range(u64, u64),
    /// `/…/`: a regular expression for the whole word.
    Matches(Regex),
    /// `!word`: any word that the other does not match. A capture in it is compared, never bound.
    Not(Box<WordKind>),
    /// `>word`: a decimal number above the other. A capture in it is compared, never bound.
    Above(Text),
}

/// A regular expression.
#[derive(Debug, Clone)]
pub struct Regex(pub regex_lite::Regex);

impl Regex {
    const HEAD: &'static str = r"\A(?:";
    const TAIL: &'static str = r")\z";

    /// An expression that finds a match anywhere in a text.
    ///
    /// # Errors
    ///
    /// When `pattern` is no regular expression.
    pub fn anywhere(pattern: &str) -> Result<Self, regex_lite::Error> {
        regex_lite::Regex::new(pattern).map(Self)
    }

    /// An expression that a whole word must match.
    ///
    /// # Errors
    ///
    /// When `pattern` is no regular expression.
    pub fn whole(pattern: &str) -> Result<Self, regex_lite::Error> {
        regex_lite::Regex::new(pattern)?;
        regex_lite::Regex::new(&format!("{}{pattern}{}", Self::HEAD, Self::TAIL)).map(Self)
    }

    /// The expression as it was written.
    #[must_use]
    pub fn pattern(&self) -> &str {
        let all = self.0.as_str();
        all.strip_prefix(Self::HEAD)
            .and_then(|rest| rest.strip_suffix(Self::TAIL))
            .unwrap_or(all)
    }
}

/// A text with expressions in braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Where it stands.
    pub at: Span,
    /// Its parts.
    pub parts: Parts,
}

/// The parts of a text; that of a word has no memory of its own.
pub type Parts = SmallVec<[Part; 1]>;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// As it stands.
    Literal(CompactString),
    /// In braces.
    Expr(Expr),
}

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// A capture.
    Capture(String),
    /// A user's property.
    Field(String, Field),
    /// `{t}` or `{t.name}`: in what is sent, a fresh TrID (a named one is fresh once); in what is
    /// expected, the last one of that name on the connection.
    Trid(Option<String>),
    /// `{length}`: the number of bytes of the step's payload.
    Length,
    /// `{i}`: the round of the innermost `repeat`.
    Round,
    /// `{nobody}`: a well-formed handle without an account, in the domain of the accounts.
    Nobody,
    /// `{dialect}`: the name of the dialect that is tested.
    Dialect,
    /// A text in quotes.
    Quoted(String),
    /// A number.
    Number(u64),
    /// A function of expressions.
    Call(Function, Vec<Expr>),
}

/// A user's property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The handle.
    Handle,
    /// The friendly name, encoded.
    Name,
    /// The password.
    Password,
    /// What stands after the handle's `@`.
    Domain,
}

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// `md5(a, …)`: the lower-case hexadecimal MD5 of the arguments, put together.
    Md5,
    /// `upper(a)`.
    Upper,
    /// `lower(a)`.
    Lower,
    /// `repeat(a, n)`.
    Repeat,
    /// `encode(a)`: percent-encoded.
    Encode,
    /// `add(a, n)`: a decimal number, n higher.
    Add,
    /// `sub(a, n)`: a decimal number, n lower, not below 0.
    Sub,
}

/// Captured values by name.
pub type Captures = BTreeMap<String, Vec<u8>>;
