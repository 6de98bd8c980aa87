//! The newest result of each server, and what has changed since the one before.

use std::collections::BTreeMap;

use super::side::{Cell, Side};
use crate::event::ClauseVerdict;
use crate::protocol::{ClauseId, Level};

/// Servers side by side.
#[derive(Debug, Clone)]
pub struct Field {
    /// A column for each server and dialect, in the order in which they were given.
    pub columns: Vec<Column>,
}

/// One server in one dialect.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its newest result.
    pub side: Side,
    /// The result before.
    pub before: Option<Side>,
}

/// A clause of which something else is said than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The clause.
    pub clause: ClauseId,
    /// What was said of it; `None` where it was not known.
    pub from: Option<ClauseVerdict>,
    /// What is said of it.
    pub to: Option<ClauseVerdict>,
}

/// A clause with what each server makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'f> {
    /// The clause.
    pub clause: ClauseId,
    /// Its level.
    pub level: Level,
    /// A cell for each column; `None` where it does not hold in the dialect.
    pub cells: Vec<Option<&'f Cell>>,
}

impl Field {
    /// Puts results beside each other. Those of one server in one dialect are one column: the
    /// newest, and the one before it.
    #[must_use]
    pub fn new(sides: Vec<Side>) -> Self {
        let mut columns: Vec<Column> = Vec::new();
        for side in sides {
            let known = columns.iter_mut().find(|column| {
                column.side.target == side.target && column.side.dialect == side.dialect
            });
            match known {
                Some(column) => column.add(side),
                None => columns.push(Column { side, before: None }),
            }
        }
        Self { columns }
    }

    /// The clauses, in the order of their names. Without `all`, those of which something is to be
    /// told: some server breaks it or does it in its own way.
    #[must_use]
    pub fn rows(&self, all: bool) -> Vec<Row<'_>> {
        let mut levels: BTreeMap<ClauseId, Level> = BTreeMap::new();
        for column in &self.columns {
            levels.extend(
                column
                    .side
                    .clauses
                    .iter()
                    .map(|(id, cell)| (*id, cell.level)),
            );
        }
        let row = |(clause, level)| {
            let cells = self.columns.iter();
            let cells = cells.map(|column| column.side.clauses.get(&clause));
            Row {
                clause,
                level,
                cells: cells.collect(),
            }
        };
        let is_told = |row: &Row<'_>| all || row.cells.iter().flatten().any(|cell| is_told(cell));
        levels.into_iter().map(row).filter(is_told).collect()
    }

    /// What makes columns hard to compare, a line each.
    #[must_use]
    pub fn cautions(&self) -> Vec<String> {
        let mut cautions = Vec::new();
        let sides = || self.columns.iter().map(|column| &column.side);
        let differ = |what: &str, words: Vec<String>| {
            let mut words: Vec<String> = words;
            words.sort();
            words.dedup();
            (words.len() > 1).then(|| format!("{what} differ: {}", words.join(", ")))
        };
        let levels = sides().map(|side| side.level.to_string()).collect();
        cautions.extend(differ("levels", levels));
        let versions = sides().map(|side| side.version.clone()).collect();
        cautions.extend(differ("versions of msnpspec", versions));
        let letters = sides().map(|side| side.strict).collect::<Vec<bool>>();
        if letters.contains(&true) && letters.contains(&false) {
            cautions.push("some were judged with --strict, others were not".to_owned());
        }
        for side in sides() {
            if let Some(part) = &side.part {
                cautions.push(format!("{}, {}: {part}", side.name(), side.dialect));
            }
        }
        cautions
    }
}

/// Whether a verdict is worth a line.
fn is_told(cell: &Cell) -> bool {
    cell.is_broken() || cell.verdict == Some(ClauseVerdict::Varied)
}

impl Column {
    /// Takes one more result of the same server.
    fn add(&mut self, side: Side) {
        let is_newer = side.started >= self.side.started;
        match is_newer {
            true => self.before = Some(std::mem::replace(&mut self.side, side)),
            false
                if self
                    .before
                    .as_ref()
                    .is_none_or(|it| it.started <= side.started) =>
            {
                self.before = Some(side);
            }
            false => {}
        }
    }

    /// What is said otherwise than before. What fails at one level and is noted at another has not
    /// changed.
    #[must_use]
    pub fn changes(&self) -> Vec<Change> {
        let Some(before) = &self.before else {
            return Vec::new();
        };
        let mut changes = Vec::new();
        for (id, cell) in &self.side.clauses {
            let from = before.clauses.get(id);
            let same = match from {
                Some(from) if before.level != self.side.level => {
                    from.verdict == cell.verdict || (from.is_broken() && cell.is_broken())
                }
                Some(from) => from.verdict == cell.verdict,
                None => false,
            };
            if !same {
                changes.push(Change {
                    clause: *id,
                    from: from.and_then(|cell| cell.verdict),
                    to: cell.verdict,
                });
            }
        }
        changes
    }

    /// Since when, in words; `None` where there is no result before.
    #[must_use]
    pub fn since(&self) -> Option<String> {
        let before = self.before.as_ref()?;
        let mut words = format!(
            "since {}",
            before.started.as_deref().unwrap_or("the one before")
        );
        if before.version != self.side.version {
            words.push_str(&format!(", when msnpspec was {}", before.version));
        }
        if before.level != self.side.level {
            words.push_str(&format!(", at level {}", before.level));
        }
        if let Some(part) = &before.part {
            words.push_str(&format!(", {part}"));
        }
        Some(words)
    }
}

impl Change {
    /// Both verdicts in words.
    #[must_use]
    pub fn words(&self) -> (&'static str, &'static str) {
        let word = |verdict: Option<ClauseVerdict>| verdict.map_or("?", ClauseVerdict::as_str);
        (word(self.from), word(self.to))
    }
}
