//! The steps of a case while it is made.

use std::sync::Arc;

use crate::diagnostic::{Source, Span};
use crate::protocol::ClauseId;
use crate::scenario::Composer;
use crate::scenario::ast::{
    Action, Era, Expect, Expected, LinePattern, Payload, PayloadPattern, Send, SendItem, Step,
    Text, User, Varies,
};
use crate::transcript::ConnName;

/// Writes steps, each with its clause.
#[derive(Debug)]
pub(super) struct Script {
    composer: Composer,
    steps: Vec<Step>,
    disguise: Option<Disguised>,
}

/// The last command of a connection was written in another way than usual.
#[derive(Debug)]
pub(super) struct Disguised {
    pub(super) conn: ConnName,
    /// The TrID that stands in place of a fresh one.
    pub(super) trid: Option<&'static str>,
    /// What a server breaks that does not take it as usual.
    pub(super) clause: ClauseId,
}

impl Script {
    /// For these users, with room for so many steps.
    pub(super) fn new(users: Vec<User>, room: usize) -> Self {
        let source = Source::new("case.yaml", "");
        Self {
            composer: Composer::new(source, users),
            steps: Vec::with_capacity(room),
            disguise: None,
        }
    }

    /// From now on, what this connection's last command was written like.
    pub(super) fn disguise(&mut self, disguise: Option<Disguised>) {
        self.disguise = disguise;
    }

    fn disguise_of(&self, conn: &ConnName) -> Option<&Disguised> {
        let disguise = self.disguise.as_ref();
        disguise.filter(|disguise| disguise.conn == *conn)
    }

    pub(super) fn source(&self) -> &Arc<Source> {
        self.composer.source()
    }

    pub(super) fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    /// A text of the generator's own.
    pub(super) fn text(&self, text: &str) -> Text {
        let read = self.composer.text(text);
        read.expect("the generator writes sound expressions")
    }

    pub(super) fn pattern(&self, conn: &ConnName, line: &str) -> LinePattern {
        let trid = self.disguise_of(conn).and_then(|disguise| disguise.trid);
        let read = match trid {
            Some(trid) => self.composer.line(&line.replace("{t}", trid)),
            None => self.composer.line(line),
        };
        read.expect("the generator writes sound lines")
    }

    /// Writes a step that was made before.
    pub(super) fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    pub(super) fn step(&self, action: Action, clause: Option<ClauseId>) -> Step {
        Step {
            source: Arc::clone(self.source()),
            at: Span::default(),
            action,
            clause,
            varies: None,
            optional: false,
            precondition: false,
            era: Era::default(),
        }
    }

    pub(super) fn act(&mut self, action: Action) {
        let step = self.step(action, None);
        self.push(step);
    }

    pub(super) fn open(&mut self, conn: &ConnName, address: Option<&str>) {
        let action = Action::Open {
            conn: conn.clone(),
            address: address.map(|address| self.text(address)),
        };
        self.act(action);
    }

    /// Opens a connection to a referral's address; a server that nobody can reach there breaks the
    /// clause.
    pub(super) fn reach(&mut self, conn: &ConnName, address: &str, clause: ClauseId) {
        let action = Action::Open {
            conn: conn.clone(),
            address: Some(self.text(address)),
        };
        let step = self.step(action, Some(clause));
        self.push(step);
    }

    /// A line to send.
    pub(super) fn item(&self, line: &str, payload: Option<Payload>) -> SendItem {
        SendItem::Line {
            text: self.text(line),
            payload,
        }
    }

    /// A step that sends.
    pub(super) fn sending(&self, conn: &ConnName, items: Vec<SendItem>) -> Step {
        let send = Send {
            conn: conn.clone(),
            items,
            segments: None,
        };
        self.step(Action::Send(send), None)
    }

    /// A step that sends a line.
    pub(super) fn sending_line(&self, conn: &ConnName, line: &str) -> Step {
        self.sending(conn, vec![self.item(line, None)])
    }

    /// The clause that is broken where nothing comes that does: that of a disguise, if the last command
    /// had one.
    pub(super) fn clause_of(&self, conn: &ConnName, clause: ClauseId) -> ClauseId {
        let disguise = self.disguise_of(conn);
        disguise.map_or(clause, |disguise| disguise.clause)
    }

    /// A step that expects something.
    pub(super) fn expecting(&self, conn: &ConnName, what: Expected, clause: ClauseId) -> Step {
        let expect = Expect {
            conn: conn.clone(),
            what,
            strict: false,
            exact: false,
            within: None,
        };
        let clause = self.clause_of(conn, clause);
        self.step(Action::Expect(expect), Some(clause))
    }

    /// A step that expects a line.
    pub(super) fn line(&self, conn: &ConnName, line: &str, clause: ClauseId) -> Step {
        let what = Expected::Line {
            pattern: self.pattern(conn, line),
            payload: None,
        };
        self.expecting(conn, what, clause)
    }

    /// A step that expects an error for the last request.
    pub(super) fn error(&self, conn: &ConnName, clause: ClauseId) -> Step {
        self.error_for(conn, "{t}", clause)
    }

    /// A step that expects an error with this TrID.
    pub(super) fn error_for(&self, conn: &ConnName, trid: &str, clause: ClauseId) -> Step {
        let word = self.pattern(conn, trid).words.pop();
        let what = Expected::Error(word);
        self.expecting(conn, what, clause)
    }

    /// A step that expects the end of the connection.
    pub(super) fn closed(&self, conn: &ConnName, clause: ClauseId) -> Step {
        self.expecting(conn, Expected::Closed, clause)
    }

    /// Expects a line.
    pub(super) fn expect(&mut self, conn: &ConnName, line: &str, clause: ClauseId) {
        let step = self.line(conn, line, clause);
        self.push(step);
    }

    /// Expects the end of the connection.
    pub(super) fn expect_closed(&mut self, conn: &ConnName, clause: ClauseId) {
        let step = self.closed(conn, clause);
        self.push(step);
    }

    /// A step that expects the payload that was sent last, under this line.
    pub(super) fn same(&self, conn: &ConnName, line: &str, clause: ClauseId) -> Step {
        let what = Expected::Line {
            pattern: self.pattern(conn, line),
            payload: Some(PayloadPattern::Same),
        };
        self.expecting(conn, what, clause)
    }

    /// Expects this payload, under this line.
    pub(super) fn expect_payload(
        &mut self,
        conn: &ConnName,
        line: &str,
        payload: Payload,
        clause: ClauseId,
    ) {
        let what = Expected::Line {
            pattern: self.pattern(conn, line),
            payload: Some(PayloadPattern::Exactly(payload)),
        };
        let step = self.expecting(conn, what, clause);
        self.push(step);
    }

    /// A step that takes a line where it comes.
    pub(super) fn perhaps(&self, conn: &ConnName, line: &str, clause: ClauseId) -> Step {
        let mut step = self.line(conn, line, clause);
        step.optional = true;
        step
    }

    /// Takes a line where it comes.
    pub(super) fn expect_perhaps(&mut self, conn: &ConnName, line: &str, clause: ClauseId) {
        let step = self.perhaps(conn, line, clause);
        self.push(step);
    }

    /// Goes the way of the first of these branches that is met.
    pub(super) fn one_of(&mut self, branches: Vec<Vec<Step>>, clause: ClauseId) {
        let step = self.step(Action::OneOf(branches), Some(clause));
        self.push(step);
    }

    /// Expects all of these, in any order.
    pub(super) fn any_order(&mut self, mut steps: Vec<Step>, clause: ClauseId) {
        match (steps.pop(), steps.is_empty()) {
            (None, _) => {}
            (Some(only), true) => self.push(only),
            (Some(last), false) => {
                steps.push(last);
                let step = self.step(Action::AnyOrder(steps), Some(clause));
                self.push(step);
            }
        }
    }
}

/// The same step as a variation of a clause.
pub(super) fn varying(mut step: Step, clause: ClauseId) -> Step {
    step.varies = Some(Varies { clause, seen: None });
    step
}
