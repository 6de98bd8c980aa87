//! In which dialects a scenario can be played.

use std::sync::Arc;

use super::ast::{Action, Expected, Expr, Part, Payload, Scenario, SendItem, Step, Text, WordKind};
use crate::protocol::{DIALECTS, Dialect, Direction, Grammar, Param, ServerKind, Verb};

impl Scenario {
    /// Whether it shows what it is about only on accounts that nobody has used.
    #[must_use]
    pub fn is_of_new_accounts(&self) -> bool {
        self.tags.iter().any(|tag| tag == "new")
    }

    /// The dialect in whose forms its steps are written: the first that it can be played in.
    #[must_use]
    pub fn written_for(&self) -> &'static Dialect {
        let offered = self.offered();
        let mut all = DIALECTS.into_iter();
        let own = all.find(|dialect| self.is_meant_for(dialect, &offered));
        own.unwrap_or_default()
    }

    /// The dialect that it is played in where nobody chooses: the one that it names alone, or the
    /// first that it can be played in.
    #[must_use]
    pub fn own_dialect(&self) -> &'static Dialect {
        let named = match &self.dialects[..] {
            [only] => Dialect::named(only.as_bytes()),
            _ => None,
        };
        named.unwrap_or_else(|| self.written_for())
    }

    /// The same with the steps alone that are for this dialect.
    #[must_use]
    pub fn in_dialect(mut self, dialect: &Dialect) -> Self {
        keep(&mut self.setup, dialect);
        keep(&mut self.steps, dialect);
        self
    }

    /// The same, of one that others share: itself, where nothing is taken away.
    #[must_use]
    pub fn shared_in_dialect(self: Arc<Self>, dialect: &Dialect) -> Arc<Self> {
        match is_cut(&self.setup, dialect) || is_cut(&self.steps, dialect) {
            true => Arc::new(Self::clone(&self).in_dialect(dialect)),
            false => self,
        }
    }

    /// Whether it can be played in a dialect: all its clauses hold there, its `dialects` have it,
    /// what it offers in VER of its own is that dialect, and its lines say the same there.
    #[must_use]
    pub fn is_for(&self, dialect: &'static Dialect) -> bool {
        self.is_meant_for(dialect, &self.offered()) && {
            let reading = Reading {
                written: self.written_for(),
                played: dialect,
            };
            reading.has_steps(&self.setup) && reading.has_steps(&self.steps)
        }
    }

    fn is_meant_for(&self, dialect: &Dialect, offered: &[&'static Dialect]) -> bool {
        self.is_allowed(dialect) && (offered.is_empty() || offered.contains(&dialect))
    }

    /// What it offers in VER of its own.
    fn offered(&self) -> Vec<&'static Dialect> {
        let mut offered = Vec::new();
        offers(&self.setup, &mut offered);
        offers(&self.steps, &mut offered);
        offered
    }

    /// The names of the dialects that it can be played in.
    #[must_use]
    pub fn names_of_dialects(&self) -> Vec<String> {
        if !self.dialects.is_empty() {
            return self.dialects.clone();
        }
        let own = DIALECTS.iter().filter(|dialect| self.is_for(dialect));
        own.map(|dialect| dialect.name.to_owned()).collect()
    }

    /// Keeps it from being played in later dialects than the one in which something was seen.
    pub fn limit_to(&mut self, latest: &Dialect) {
        let own = DIALECTS.iter().filter(|dialect| self.is_for(dialect));
        let (kept, later): (Vec<&Dialect>, Vec<&Dialect>) = own.partition(|it| **it <= latest);
        if !later.is_empty() && !kept.is_empty() {
            self.dialects = kept.iter().map(|dialect| dialect.name.to_owned()).collect();
        }
    }

    fn is_allowed(&self, dialect: &Dialect) -> bool {
        let is_named = |name: &String| name == dialect.name;
        let mut clauses = self.clauses.iter();
        (self.dialects.is_empty() || self.dialects.iter().any(is_named))
            && clauses.all(|clause| clause.clause().holds_in(dialect))
    }
}

/// Whether [`keep`] changes these steps.
fn is_cut(steps: &[Step], dialect: &Dialect) -> bool {
    steps.iter().any(|step| {
        step.era.until.is_some()
            || !step.era.has(dialect)
            || match &step.action {
                Action::AnyOrder(steps) | Action::Repeat(_, steps) => is_cut(steps, dialect),
                Action::OneOf(branches) => branches.iter().any(|branch| is_cut(branch, dialect)),
                _ => false,
            }
    })
}

/// Takes away the steps that are not for a dialect.
fn keep(steps: &mut Vec<Step>, dialect: &Dialect) {
    steps.retain(|step| step.era.has(dialect));
    for step in steps {
        step.era.until = None;
        match &mut step.action {
            Action::AnyOrder(steps) | Action::Repeat(_, steps) => keep(steps, dialect),
            Action::OneOf(branches) => {
                branches.iter_mut().for_each(|branch| keep(branch, dialect));
                branches.retain(|branch| !branch.is_empty());
            }
            _ => {}
        }
    }
}

/// Steps that are written for one dialect, read in another.
#[derive(Clone, Copy)]
struct Reading {
    written: &'static Dialect,
    played: &'static Dialect,
}

impl Reading {
    /// Whether all lines of the steps say the same in both.
    fn has_steps(self, steps: &[Step]) -> bool {
        let own = steps.iter().filter(|step| step.era.has(self.played));
        own.into_iter().all(|step| {
            let written = step
                .era
                .since
                .map_or(self.written, |it| it.max(self.written));
            Self { written, ..self }.has_step(step)
        })
    }

    fn has_step(self, step: &Step) -> bool {
        if self.written == self.played {
            return true;
        }
        match &step.action {
            Action::Send(send) => send.items.iter().all(|item| match item {
                SendItem::Line { text, .. } => {
                    self.has_line(send.conn.kind(), Direction::ToServer, &words_of(text))
                }
                SendItem::Raw(Payload::Text(text)) => {
                    let whole = words_of(text).join(" ");
                    let mut lines = whole.lines();
                    lines.all(|line| self.is_complete(send.conn.kind(), line))
                }
                SendItem::Raw(_) => true,
            }),
            Action::Expect(expect) => match &expect.what {
                Expected::Line { pattern, .. } => {
                    let words = pattern.words.iter().map(|word| match &word.kind {
                        WordKind::Text(text) => words_of(text).concat(),
                        _ => String::new(),
                    });
                    let words: Vec<String> = words.collect();
                    self.has_line(expect.conn.kind(), Direction::ToClient, &words)
                }
                _ => true,
            },
            Action::AnyOrder(steps) | Action::Repeat(_, steps) => self.has_steps(steps),
            Action::OneOf(branches) => branches.iter().all(|branch| self.has_steps(branch)),
            _ => true,
        }
    }

    /// Whether a line that is sent as it is lacks nothing in the dialect that is played.
    fn is_complete(self, kind: ServerKind, line: &str) -> bool {
        let grammar = Grammar {
            dialect: self.played,
            ..Grammar::new(kind, Direction::ToServer)
        };
        let words = line.split_whitespace().map(str::as_bytes);
        grammar.missing(self.written, words).is_empty()
    }

    /// Whether a line, each of whose unknown words is empty, has a form that the dialect which is
    /// played only adds words to; and whether what answers it is so too.
    fn has_line(self, kind: ServerKind, direction: Direction, words: &[String]) -> bool {
        let verb = words.first().map(|word| Verb::parse(word.as_bytes()));
        let verb = verb.unwrap_or_default();
        let row = |dialect: &'static Dialect| dialect.find(direction, kind, verb);
        let Some(written) = row(self.written) else {
            return true;
        };
        let Some(played) = row(self.played) else {
            return false;
        };
        let params = words
            .iter()
            .skip(written.first_param())
            .map(|word| word.as_bytes());
        let forms = (written.form(params.clone()), played.form(params));
        let is_extended = match forms {
            (Some(written), Some(played)) => played.extends(written),
            _ => true,
        };
        let batch_of = |dialect: &'static Dialect| dialect.has_bare_batch_of(verb);
        let is_asked = direction == Direction::ToServer;
        is_extended && (!is_asked || batch_of(self.written) == batch_of(self.played))
    }
}

/// The words of a text; one with an expression in it is empty.
fn words_of(text: &Text) -> Vec<String> {
    let parts = text.parts.iter().map(|part| match part {
        Part::Expr(_) => "\0",
        Part::Literal(literal) => literal,
    });
    let whole: String = parts.collect();
    let words = whole.split(' ').map(|word| match word.contains('\0') {
        true => String::new(),
        false => word.to_owned(),
    });
    words.collect()
}

/// The known dialects that steps offer by their names.
fn offers(steps: &[Step], into: &mut Vec<&'static Dialect>) {
    for step in steps {
        match &step.action {
            Action::Send(send) if send.conn.kind() != ServerKind::Switchboard => {
                into.extend(send.items.iter().flat_map(offered));
            }
            Action::AnyOrder(steps) | Action::Repeat(_, steps) => offers(steps, into),
            Action::OneOf(branches) => branches.iter().for_each(|branch| offers(branch, into)),
            _ => {}
        }
    }
}

/// The known dialects that one line offers, unless it offers the one that is tested among them.
fn offered(item: &SendItem) -> Vec<&'static Dialect> {
    let SendItem::Line { text, .. } = item else {
        return Vec::new();
    };
    if text.parts.contains(&Part::Expr(Expr::Dialect)) {
        return Vec::new();
    }
    let literals = text.parts.iter().filter_map(|part| match part {
        Part::Literal(literal) => Some(literal.as_str()),
        Part::Expr(_) => None,
    });
    let words = literals.flat_map(str::split_whitespace);
    let mut words = words.map(str::as_bytes);
    let verb = words.next().unwrap_or_default();
    if !offers_dialects(Verb::parse_any_case(verb)) {
        return Vec::new();
    }
    words.filter_map(Dialect::named).collect()
}

/// Whether a request with this verb names dialects.
fn offers_dialects(verb: Verb) -> bool {
    let rows = Dialect::first().rows_of(verb).iter();
    let mut asked = rows.filter(|row| row.direction == Direction::ToServer);
    asked.any(|row| row.place_of(Param::Dialect).is_some())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::diagnostic::Source;
    use crate::protocol::{DIALECTS, Dialect};
    use crate::scenario::{NoFiles, load};

    /// The numbers of the dialects that a scenario can be played in, and of the one that it is
    /// written for.
    fn of(head: &str, steps: &str) -> (Vec<u8>, u8) {
        let text = format!("description: x\n{head}\nusers: [alice]\nsteps:\n{steps}\n");
        let scenario = load("x", &Source::new("x.yaml", text), &NoFiles)
            .unwrap_or_else(|errors| panic!("{}", errors[0]))
            .remove(0);
        let all = DIALECTS.iter().filter(|dialect| scenario.is_for(dialect));
        let all = all.map(|dialect| dialect.number).collect();
        (all, scenario.written_for().number)
    }

    #[test]
    fn what_was_seen_in_a_dialect_is_not_played_in_a_later_one() {
        let source = Source::new(
            "x.yaml",
            "description: x\nclauses: [PRP-1]\nusers: [alice]\nsteps:\n  - alice C: PNG\n",
        );
        let mut scenario = load("x", &source, &NoFiles).unwrap().remove(0);
        let mut limited = |name: &[u8]| {
            scenario.limit_to(Dialect::named(name).unwrap());
            scenario.dialects.join(" ")
        };
        assert_eq!(limited(b"MSNP9"), "", "there is no later one");
        assert_eq!(limited(b"MSNP2"), "", "it is for none of them");
        assert_eq!(limited(b"MSNP6"), "MSNP5 MSNP6");
        assert_eq!(limited(b"MSNP5"), "MSNP5");
    }

    #[test]
    fn lines_that_a_later_dialect_says_otherwise_are_not_for_it() {
        let plain = "clauses: [REPLY-1]";
        let last = |steps: &str| of(plain, steps).0.pop();
        for (steps, latest) in [
            ("  - C: CHG {t} NLN\n  - S: CHG {t} NLN", 9),
            (
                "  - C: USR {t} MD5 I {alice.handle}\n  - S: USR {t} MD5 S *",
                7,
            ),
            ("  - C: INF {t}", 7),
            ("  - C: SYN {t} 0\n  - S: SYN {t} *", 7),
            ("  - C: LST {t} FL\n  - S: LST {t} FL ...", 8),
            ("  - C: { raw: \"CHG 5 NLN\\r\" }", 7),
            ("  - C: INF {t}\n    until: MSNP7\n  - C: PNG", 9),
            ("  - C: CHG {t} NLN 5\n    since: MSNP8\n  - C: PNG", 9),
        ] {
            assert_eq!(last(steps), Some(latest), "{steps}");
        }
    }

    #[test]
    fn steps_that_are_not_for_a_dialect_are_taken_away() {
        let steps =
            "  - C: INF {t}\n    until: MSNP7\n  - C: PNG\n    since: MSNP8\n  - S: QNG ...";
        let text = format!("description: x\nclauses: [REPLY-1]\nusers: [alice]\nsteps:\n{steps}\n");
        let scenario = load("x", &Source::new("x.yaml", text), &NoFiles).unwrap();
        let [scenario] = scenario.as_slice() else {
            panic!("one scenario");
        };
        for dialect in DIALECTS {
            let own = scenario.clone().in_dialect(dialect);
            assert_eq!(own.steps.len(), 2, "{dialect}");
            let own = Arc::new(own);
            let again = Arc::clone(&own).shared_in_dialect(dialect);
            assert!(Arc::ptr_eq(&own, &again), "{dialect}: once is enough");
            assert!(scenario.is_for(dialect), "{dialect}");
        }
    }

    #[test]
    fn a_scenario_is_for_all_dialects_unless_it_says_so() {
        let any = "  - C: VER 1 {dialect} CVR0\n  - S: VER 1 {dialect} ...";
        let head = "clauses: [VER-1]";
        assert_eq!(of(head, any), ((2..=9).collect(), 2));
        let chosen = "clauses: [VER-1]\ndialects: [MSNP5, MSNP6]";
        assert_eq!(of(chosen, any), (vec![5, 6], 5));
        let unknown = "  - C: VER 1 MSNP99 CVR0\n  - S: VER 1 0";
        assert_eq!(of(head, unknown), ((2..=9).collect(), 2));
        let literal = "  - C: VER 1 MSNP2 CVR0\n  - S: VER 1 MSNP2 ...";
        assert_eq!(of(head, literal), (vec![2], 2));
        let among = "  - C: VER 1 {'MSNP2'} {dialect} CVR0\n  - S: VER 1 {dialect} ...";
        assert_eq!(of("clauses: [NEGO-2]", among), ((3..=9).collect(), 3));
    }
}
