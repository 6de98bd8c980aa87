//! In which dialects a scenario can be played.

use super::ast::{Action, Expr, Part, Scenario, SendItem, Step};
use crate::protocol::{DIALECTS, Dialect, Direction, Param, ServerKind, Verb};

impl Scenario {
    /// Whether it shows what it is about only on accounts that nobody has used.
    #[must_use]
    pub fn is_of_new_accounts(&self) -> bool {
        self.tags.iter().any(|tag| tag == "new")
    }

    /// The dialect in whose forms its steps are written: the first that it can be played in.
    #[must_use]
    pub fn written_for(&self) -> &'static Dialect {
        let mut all = DIALECTS.into_iter();
        let own = all.find(|dialect| self.is_for(dialect));
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

    /// Whether it can be played in a dialect: all its clauses hold there, its `dialects` have it,
    /// and what it offers in VER of its own is that dialect.
    #[must_use]
    pub fn is_for(&self, dialect: &Dialect) -> bool {
        let mut offered = Vec::new();
        offers(&self.setup, &mut offered);
        offers(&self.steps, &mut offered);
        self.is_allowed(dialect) && (offered.is_empty() || offered.contains(&dialect))
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
        assert_eq!(limited(b"MSNP7"), "", "there is no later one");
        assert_eq!(limited(b"MSNP2"), "", "it is for none of them");
        assert_eq!(limited(b"MSNP6"), "MSNP5 MSNP6");
        assert_eq!(limited(b"MSNP5"), "MSNP5");
    }

    #[test]
    fn a_scenario_is_for_all_dialects_unless_it_says_so() {
        let any = "  - C: VER 1 {dialect} CVR0\n  - S: VER 1 {dialect} ...";
        let head = "clauses: [VER-1]";
        assert_eq!(of(head, any), (vec![2, 3, 4, 5, 6, 7], 2));
        let chosen = "clauses: [VER-1]\ndialects: [MSNP5, MSNP6]";
        assert_eq!(of(chosen, any), (vec![5, 6], 5));
        let unknown = "  - C: VER 1 MSNP99 CVR0\n  - S: VER 1 0";
        assert_eq!(of(head, unknown), (vec![2, 3, 4, 5, 6, 7], 2));
        let literal = "  - C: VER 1 MSNP2 CVR0\n  - S: VER 1 MSNP2 ...";
        assert_eq!(of(head, literal), (vec![2], 2));
        let among = "  - C: VER 1 {'MSNP2'} {dialect} CVR0\n  - S: VER 1 {dialect} ...";
        assert_eq!(of("clauses: [NEGO-2]", among), (vec![3, 4, 5, 6, 7], 3));
    }
}
