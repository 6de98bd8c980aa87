//! What the dialects are, row by row.

use super::{DIALECTS, Dialect, Direction, Message, PayloadForm, ServerKind, TridRule, Verb};

/// A row as one line: kinds of server, direction, TrID, parameters of each form.
fn line(row: &Message) -> String {
    let kinds = [
        (row.kinds.dispatch, "ds"),
        (row.kinds.notification, "ns"),
        (row.kinds.switchboard, "sb"),
    ];
    let kinds = kinds.iter().filter(|(is_there, _)| *is_there);
    let kinds: Vec<&str> = kinds.map(|(_, kind)| *kind).collect();
    let side = match row.direction {
        Direction::ToServer => "C",
        Direction::ToClient => "S",
    };
    let trid = match row.trid {
        TridRule::Never => "",
        TridRule::Request => " t",
        TridRule::RequestOrZero => " t|0",
    };
    let forms = row.forms.iter().map(|form| {
        let mut words: Vec<String> = Vec::new();
        for (at, param) in form.params.iter().enumerate() {
            let word = param.as_str().to_owned();
            let is_sure = at < form.least();
            words.push(if is_sure { word } else { format!("[{word}]") });
        }
        words.extend(form.is_open.then(|| "...".to_owned()));
        words.join(" ")
    });
    let forms: Vec<String> = forms.collect();
    let payload = if row.payload == PayloadForm::None {
        ""
    } else {
        " + payload"
    };
    let answers: Vec<&str> = row.answers.iter().map(|verb| verb.as_str()).collect();
    let answers = if answers.is_empty() {
        String::new()
    } else {
        format!("  <- {}", answers.join(" "))
    };
    format!(
        "{:<8} {side}: {}{trid} {}{payload}{answers}",
        kinds.join("+"),
        row.verb.as_str(),
        forms.join(" | ")
    )
}

fn lines(dialect: &'static Dialect) -> Vec<String> {
    dialect.messages().map(line).collect()
}

#[test]
fn each_dialect_is_the_one_before_and_what_differs() {
    let mut told = Vec::new();
    let mut before: Vec<String> = Vec::new();
    for dialect in Dialect::with_rows() {
        told.push(format!("{dialect}"));
        let now = lines(dialect);
        let is_gone = |line: &&String| !now.contains(line);
        told.extend(
            before
                .iter()
                .filter(is_gone)
                .map(|line| format!("  - {line}")),
        );
        let is_new = |line: &&String| !before.contains(line);
        told.extend(now.iter().filter(is_new).map(|line| format!("  + {line}")));
        before = now;
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("dialects", told.join("\n")));
}

#[test]
fn names_and_numbers_agree_and_rise() {
    let mut before = None;
    for dialect in Dialect::with_rows() {
        assert_eq!(dialect.name, format!("MSNP{}", dialect.number));
        assert_eq!(dialect.before, before);
        before = Some(dialect);
    }
    for dialect in DIALECTS {
        assert_eq!(Dialect::named(dialect.name.as_bytes()), Some(dialect));
    }
    assert!(DIALECTS.is_sorted());
    assert_eq!(Dialect::named(b"msnp9"), DIALECTS.last().copied());
    assert_eq!(Dialect::named(b"MSNP99"), None);
}

#[test]
fn a_row_says_of_requests_what_the_row_before_said() {
    let ns = ServerKind::Notification;
    let rung = |dialect: &'static Dialect, verb| dialect.request(ns, verb).and_then(|row| row.rung);
    let (first, last) = (Dialect::first(), DIALECTS[5]);
    for verb in ["ADD", "REM", "CHG", "SYN"] {
        assert!(
            rung(first, verb).is_some() && rung(last, verb) == rung(first, verb),
            "{verb}"
        );
        let told = |dialect: &'static Dialect| dialect.line(ns, verb).map(|row| row.clauses);
        assert_eq!(told(last), told(first), "{verb}");
    }
    // One that says something else says it alone.
    let clause = |dialect: &'static Dialect| dialect.request(ns, "CVR").map(|row| row.clause);
    assert_ne!(clause(last), clause(first));
}

#[test]
fn the_batch_has_what_later_dialects_add() {
    let added = [Verb::Prp, Verb::Lsg];
    assert!(added.into_iter().all(Dialect::is_added_to_batch));
    let others = [
        Verb::Syn,
        Verb::Lst,
        Verb::Gtc,
        Verb::Blp,
        Verb::Bpr,
        Verb::Adg,
    ];
    assert!(!others.into_iter().any(Dialect::is_added_to_batch));
}

#[test]
fn a_verb_that_a_dialect_does_not_have_is_no_verb_of_it() {
    let (first, last) = (Dialect::first(), DIALECTS[5]);
    assert!(last.is_request(Verb::Sdc) && !first.is_request(Verb::Sdc));
    assert!(!first.has_trid(Direction::ToServer, Verb::Sdc));
    assert!(last.has_trid(Direction::ToServer, Verb::Sdc));
}
