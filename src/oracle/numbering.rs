//! Lists and rosters count their items: 1, 2, … total.

use super::Oracle;
use super::finding::Findings;
use super::line::{Verb, number};
use super::world::{Request, Role, Seen, Told, World};
use crate::protocol::{ClauseId, List};

/// The judge of item numbers.
#[derive(Debug)]
pub(super) struct Numbering;

impl Oracle for Numbering {
    fn name(&self) -> &'static str {
        "numbering"
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[
            ClauseId::LST_1,
            ClauseId::LST_2,
            ClauseId::LST_3,
            ClauseId::ANS_2,
        ]
    }

    fn is_for_lines(&self) -> bool {
        true
    }

    fn entry(&mut self, _: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        let Some((told, request)) = seen.told().and_then(|told| Some((told, told.request?))) else {
            return;
        };
        if told.role != Role::Answer || !request.is_sound || request.progress.is_garbled {
            return;
        }
        match told.line.verb {
            Verb::Lst => judge_item(seen, told, request, out),
            Verb::Iro => judge_participant(seen, told, request, out),
            Verb::Ans => judge_roster(seen, request, out),
            _ => {}
        }
    }
}

fn judge_item(seen: &Seen<'_, '_>, told: &Told<'_, '_>, request: &Request, out: &mut Findings) {
    let line = &told.line;
    let Some(list) = List::parse(line.word(2)) else {
        return;
    };
    let progress = &request.progress;
    let goes_on = progress.list == Some(list) && !progress.has_shown(list);
    let next = if goes_on {
        progress.item.saturating_add(1)
    } else {
        1
    };
    let (Some(item), Some(total)) = (number(line.word(4)), number(line.word(5))) else {
        return;
    };
    if total == 0 || line.count() == 6 {
        if item != 0 || total != 0 || next != 1 || line.count() != 6 {
            let message = "an empty list is told by `0 0` and nothing more";
            let expected = format!("LST … {} … 0 0", list.as_str());
            out.accuse_line(seen, ClauseId::LST_3, message, &expected);
        }
        return;
    }
    if line.count() == 7 {
        let message = "an entry has a handle and a name";
        out.accuse_line(
            seen,
            ClauseId::LST_1,
            message,
            "LST … item total handle name",
        );
    }
    let has_changed = next > 1 && total != progress.total;
    if item != next || item > total || has_changed {
        let message = "the items do not count 1, 2, … total";
        let total = if next > 1 { progress.total } else { total };
        out.accuse_line(seen, ClauseId::LST_2, message, &format!("{next} {total}"));
    }
}

fn judge_participant(
    seen: &Seen<'_, '_>,
    told: &Told<'_, '_>,
    request: &Request,
    out: &mut Findings,
) {
    let progress = &request.progress;
    let next = progress.item.saturating_add(1);
    let (item, total) = (number(told.line.word(2)), number(told.line.word(3)));
    let has_changed = next > 1 && total != Some(progress.total);
    if item != Some(next) || total < item || has_changed {
        let message = "the roster does not count 1, 2, … n";
        out.accuse_line(seen, ClauseId::ANS_2, message, &next.to_string());
    }
}

fn judge_roster(seen: &Seen<'_, '_>, request: &Request, out: &mut Findings) {
    let progress = &request.progress;
    if progress.item < progress.total {
        let message = "the roster ended early";
        let expected = format!("IRO … {} {0}", progress.total);
        out.accuse_line(seen, ClauseId::ANS_2, message, &expected);
    }
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, expects, silent};

    fn list(items: &[&str]) -> String {
        let lines: String = items
            .iter()
            .zip(b'b'..)
            .map(|(item, who)| match *item {
                "0 0" => "alice S: LST 9 FL 5 0 0\n".to_owned(),
                item => format!(
                    "alice S: LST 9 FL 5 {item} {0}@hotmail.com b\n",
                    char::from(who)
                ),
            })
            .collect();
        format!("alice in\nalice C: LST 9 FL\n{lines}")
    }

    #[test]
    fn items() {
        silent(&list(&["0 0"]));
        silent(&list(&["1 2", "2 2"]));
        for wrong in [
            &["2 2"][..],
            &["0 1", "1 1"],
            &["1 3", "3 3"],
            &["1 3", "2 2"],
        ] {
            accuses("LST-2", &list(wrong));
        }
        accuses("LST-1", &list(&["1 1"]).replace(" b\n", "\n"));
        accuses(
            "LST-3",
            "alice in\nalice C: LST 9 FL\nalice S: LST 9 FL 5 0 1",
        );
        accuses(
            "LST-3",
            "alice in\nalice C: LST 9 FL\nalice S: LST 9 FL 5 0 0 b@hotmail.com b",
        );
    }

    #[test]
    fn rosters() {
        let ask = "bob@sb C: ANS 1 bob@hotmail.com 5 6\n";
        let (one, two) = (
            "bob@sb S: IRO 1 1 2 a@h.com A\n",
            "bob@sb S: IRO 1 2 2 c@h.com C\n",
        );
        let ok = "bob@sb S: ANS 1 OK";
        silent(&format!("{ask}{one}{two}{ok}"));
        accuses("ANS-2", &format!("{ask}{one}{ok}"));
        accuses("ANS-2", &format!("{ask}{two}{ok}"));
    }

    #[test]
    fn which_item_should_have_come() {
        expects("1 2", &list(&["2 2"]));
        expects("2 3", &list(&["1 3", "2 2"]));
        expects(
            "LST … FL … 0 0",
            "alice in\nalice C: LST 9 FL\nalice S: LST 9 FL 5 0 1",
        );
        let ask = "bob@sb C: ANS 1 bob@hotmail.com 5 6\n";
        let longer = "bob@sb S: IRO 1 1 1 a@h.com A\nbob@sb S: IRO 1 2 2 c@h.com C";
        accuses("ANS-2", &format!("{ask}{longer}"));
    }
}
