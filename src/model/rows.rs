//! What the rows of a dialect say of the lines that the model speaks of.

use super::word::{Word, Words};
use crate::protocol::{ClauseId, Dialect, Direction, Form, Param, ServerKind, Verb};

/// A verb as a word.
pub(super) fn verb(verb: Verb) -> Word {
    Word::Text(verb.as_str())
}

/// The login scheme of a dialect.
pub(super) fn scheme(dialect: &'static Dialect) -> &'static str {
    dialect.login_scheme().unwrap_or_default()
}

/// A request to the notification server with as many of these values as its row has room for.
pub(super) fn request(dialect: &'static Dialect, of: Verb, values: &[Word]) -> Words {
    let row = dialect.find(Direction::ToServer, ServerKind::Notification, of);
    let form = row.and_then(|row| row.forms.first());
    let count = form.map_or(0, |form| form.params.len());
    let values = values.iter().copied().take(count);
    [verb(of), Word::TrId].into_iter().chain(values).collect()
}

/// The answer to a request that the model knows by its verb alone.
pub(super) fn answer(dialect: &'static Dialect, of: Verb) -> Words {
    let mut words: Words = [verb(of), Word::TrId].into_iter().collect();
    if let Some(form) = answer_form(dialect, of) {
        words.extend(
            form.params
                .iter()
                .take(form.least())
                .map(|param| match param {
                    Param::Is(word) => Word::Text(word),
                    _ => Word::Any,
                }),
        );
        if form.is_open || form.optional > 0 {
            words.push(Word::Rest);
        }
    }
    words
}

/// The clause that says how it is answered.
pub(super) fn clause_of(dialect: &'static Dialect, of: Verb) -> Option<ClauseId> {
    answer_form(dialect, of)?.clause
}

fn answer_form(dialect: &'static Dialect, of: Verb) -> Option<&'static Form> {
    let row = dialect.find(Direction::ToClient, ServerKind::Notification, of);
    row?.forms.first()
}

/// The clause of a referral to a notification server.
pub(super) fn clause_of_referral(dialect: &'static Dialect) -> ClauseId {
    let row = dialect.find(Direction::ToClient, ServerKind::Notification, Verb::Xfr);
    let mut forms = row.map_or(&[][..], |row| row.forms).iter();
    let clause = forms.find_map(|form| form.clause.filter(|clause| *clause != ClauseId::SBX_1));
    clause.unwrap_or(ClauseId::XFR_1)
}

/// The same line of a notification server, of which a later dialect may say more.
pub(super) fn open_ended(dialect: &'static Dialect, of: Verb, mut words: Words) -> Words {
    let most = |dialect: &'static Dialect| {
        let row = dialect.find(Direction::ToClient, ServerKind::Notification, of);
        let forms = row.map_or(&[][..], |row| row.forms);
        let is_it = |form: &&Form| match form.params.first() {
            Some(Param::Is(first)) => words.contains(&Word::Text(first)),
            _ => true,
        };
        forms.iter().find(is_it).map_or(0, Form::most)
    };
    if most(dialect) > most(Dialect::first()) {
        words.push(Word::Rest);
    }
    words
}
