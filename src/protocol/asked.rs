//! What a row says of a message beyond its form: of a request what it stands on, what it changes and
//! what answers it; of a line that no request is answered by, on which rung it stands; and which
//! clauses say so.

use super::clause::ClauseId;
use super::ladder::Rung;
use super::verb::Verb;

/// What answers a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A line with its own verb and TrID.
    Echo,
    /// The same, with `OK` behind the TrID.
    Ok,
    /// A line with this verb and no TrID.
    Line(Verb),
    /// The end of the connection.
    End,
    /// Nothing where all goes well.
    Nothing,
}

/// What a request changes that is there after its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing at all.
    Nothing,
    /// What lasts as long as the connection: who is logged in, which state others see, who takes
    /// part in a session.
    Presence,
    /// The account's lists: somebody is put on one.
    Adds,
    /// The account's lists: somebody is taken off one.
    Removes,
    /// The account's prompt setting.
    Prompt,
    /// The account's privacy setting.
    Privacy,
    /// The account's friendly name.
    Name,
    /// The account's phone numbers.
    Properties,
    /// The account's groups.
    Groups,
    /// What the account calls its contacts.
    Aliases,
}

impl Effect {
    /// Whether it is a change of who stands on which list.
    #[must_use]
    pub fn is_of_entries(self) -> bool {
        matches!(self, Self::Adds | Self::Removes)
    }

    /// Whether it is a change of a setting.
    #[must_use]
    pub fn is_of_settings(self) -> bool {
        matches!(self, Self::Prompt | Self::Privacy)
    }

    /// Whether it is a change of lists or settings, which a clean-up puts back.
    #[must_use]
    pub fn is_of_lists(self) -> bool {
        self.is_of_entries() || self.is_of_settings()
    }
}

/// What is known of a request that a sound server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The rung on which a server answers it; `None` where it need not be offered.
    pub rung: Option<Rung>,
    /// The rungs without which it cannot be tried.
    pub needs: &'static [Rung],
    /// The lines that hand out what it is sent with, or to whom: where they are wrong, it fails.
    pub follows: &'static [Verb],
    /// What answers it.
    pub answer: Answer,
    /// What it changes.
    pub effect: Effect,
    /// The clause that says that it is answered, and how.
    pub clause: ClauseId,
    /// The clause that an answer of the right form breaks by its content, where that is another.
    pub result: ClauseId,
    /// Another clause that says that it is answered.
    pub also: Option<ClauseId>,
    /// The clause that says so where it is answered for one thing, and not for another.
    pub in_part: Option<ClauseId>,
}

/// A request that this clause says to be answered by its own verb, that need not be offered, and
/// that changes nothing.
pub(super) const fn asked(clause: ClauseId, needs: &'static [Rung]) -> Asked {
    Asked {
        rung: None,
        needs,
        follows: &[],
        answer: Answer::Echo,
        effect: Effect::Nothing,
        clause,
        result: clause,
        also: None,
        in_part: None,
    }
}

impl Asked {
    /// A server answers it from this rung on.
    pub(super) const fn on(mut self, rung: Rung) -> Self {
        self.rung = Some(rung);
        self
    }

    /// Its content is another clause's matter.
    pub(super) const fn result(mut self, clause: ClauseId) -> Self {
        self.result = clause;
        self
    }

    /// Another clause says that it is answered.
    pub(super) const fn also(mut self, clause: ClauseId) -> Self {
        self.also = Some(clause);
        self
    }

    /// This clause says that it is answered for each thing that it may be about.
    pub(super) const fn in_part(mut self, clause: ClauseId) -> Self {
        self.in_part = Some(clause);
        self
    }

    /// Something else answers it.
    pub(super) const fn by(mut self, answer: Answer) -> Self {
        self.answer = answer;
        self
    }

    /// It changes something.
    pub(super) const fn changes(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// These lines hand out what it is sent with.
    pub(super) const fn follows(mut self, lines: &'static [Verb]) -> Self {
        self.follows = lines;
        self
    }
}

/// What is known of a line of the server for which nobody need ask, or that comes behind an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The rung that it stands on, where it is one that nobody need ask for.
    pub rung: Option<Rung>,
    /// The rungs without which it cannot be waited for, where no request stands on the same.
    pub needs: &'static [Rung],
    /// The clauses that say that it comes.
    pub clauses: &'static [ClauseId],
    /// It says that another user is gone.
    pub is_farewell: bool,
    /// The clause that says when it must not come, where that is none of those.
    pub stray: Option<ClauseId>,
}

/// A line that comes by these clauses.
pub(super) const fn told(clauses: &'static [ClauseId]) -> Told {
    Told {
        rung: None,
        needs: &[],
        clauses,
        is_farewell: false,
        stray: None,
    }
}

impl Told {
    /// It comes from this rung on, which stands on others.
    pub(super) const fn on(mut self, rung: Rung, needs: &'static [Rung]) -> Self {
        (self.rung, self.needs) = (Some(rung), needs);
        self
    }

    /// Another clause says when it must not come.
    pub(super) const fn stray(mut self, clause: ClauseId) -> Self {
        self.stray = Some(clause);
        self
    }

    /// It says that another user is gone.
    pub(super) const fn farewell(mut self) -> Self {
        self.is_farewell = true;
        self
    }
}
