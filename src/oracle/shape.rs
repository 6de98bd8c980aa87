//! Every line of the server has the parameters that its command needs.

use super::Oracle;
use super::asynchronous::bears_trid;
use super::finding::Findings;
use super::form::{behind_name, has_counts_swapped, place_of_name};
use super::line::{Line, Verb, number};
use super::world::{Role, Seen, Told, World};
use crate::protocol::{
    ClauseId, DIALECTS, Dialect, Direction, Form, Grammar, List, Message, Param, Saying,
    ServerKind, TridRule, decode_name, join_name,
};
use crate::wire::Words;

/// The judge of parameters.
#[derive(Debug)]
pub(super) struct Shape;

impl Oracle for Shape {
    fn name(&self) -> &'static str {
        "shape"
    }

    fn is_for_form(&self) -> bool {
        true
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[
            ClauseId::VER_1,
            ClauseId::INF_1,
            ClauseId::USR_1,
            ClauseId::USR_2,
            ClauseId::XFR_4,
            ClauseId::SBX_1,
            ClauseId::SBU_1,
            ClauseId::SYN_1,
            ClauseId::LST_1,
            ClauseId::LST_2,
            ClauseId::GTC_1,
            ClauseId::BLP_1,
            ClauseId::CHG_1,
            ClauseId::ADD_1,
            ClauseId::ADD_10,
            ClauseId::REM_1,
            ClauseId::REM_7,
            ClauseId::PRES_4,
            ClauseId::PRES_7,
            ClauseId::RNG_1,
            ClauseId::CAL_1,
            ClauseId::ANS_1,
            ClauseId::ANS_2,
            ClauseId::JOI_1,
            ClauseId::BYE_1,
            ClauseId::MSG_2,
            ClauseId::OUT_5,
            ClauseId::FRAME_3,
            ClauseId::CVR_1,
            ClauseId::REA_1,
            ClauseId::URL_1,
            ClauseId::SND_1,
            ClauseId::FND_1,
            ClauseId::PNG_1,
            ClauseId::CVER_1,
            ClauseId::LINK_1,
            ClauseId::INVM_1,
            ClauseId::IMS_1,
            ClauseId::SDC_1,
            ClauseId::SYNC_6,
            ClauseId::GRP_1,
            ClauseId::GRP_9,
            ClauseId::GRP_11,
            ClauseId::NEGO_1,
            ClauseId::CHL_1,
            ClauseId::CHL_2,
            ClauseId::TWN_1,
            ClauseId::TWN_2,
            ClauseId::CVER_2,
            ClauseId::BATCH_1,
            ClauseId::BATCH_3,
            ClauseId::BATCH_6,
            ClauseId::LREQ_1,
            ClauseId::LSG_1,
            ClauseId::CAPS_1,
            ClauseId::CAPS_2,
            ClauseId::QNG_2,
        ]
    }

    fn is_for_lines(&self) -> bool {
        true
    }

    fn entry(&mut self, world: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        let Some(told) = seen.told() else {
            return;
        };
        if told.line.verb == Verb::Png && seen.conn.pings > 0 && seen.conn.is_clear() {
            let (message, expected) = ("PNG is answered by PNG", Verb::Qng.as_str());
            out.accuse_line(seen, ClauseId::PNG_1, message, expected);
        }
        // What succeeds before login is another oracle's.
        let is_login = matches!(told.line.verb, Verb::Ver | Verb::Inf | Verb::Usr)
            || (told.line.verb == Verb::Xfr
                && told
                    .request
                    .is_some_and(|request| request.verb == Verb::Usr));
        let is_early = seen.conn.kind == ServerKind::Notification
            && seen.conn.user.is_none()
            && seen.conn.is_whole
            && told.role == Role::Answer
            && !is_login;
        let judges = !is_early
            && matches!(told.role, Role::Answer | Role::Unasked)
            && told.request.is_none_or(|request| request.is_sound);
        if !judges {
            return;
        }
        if seen.conn.may_speak_any() && is_of_any_dialect(told) {
            return;
        }
        let Some((row, form)) = form_of(seen, told) else {
            judge_dialect(seen, told, out);
            return;
        };
        let unasked = form.unasked.filter(|_| told.role == Role::Unasked);
        let Some(clause) = unasked.or(form.shape) else {
            return;
        };
        judge_counts(seen, told, out);
        if judge_count(world, seen, told, (row, form), clause, out) {
            judge_values(seen, told, (row, form), clause, out);
        }
    }
}

/// How a line should look: its row, and the form that it has.
fn form_of(seen: &Seen<'_, '_>, told: &Told<'_, '_>) -> Option<(&'static Message, &'static Form)> {
    let row = seen
        .conn
        .grammar(Direction::ToClient)
        .read(told.frame.words())?;
    let form = row.form(told.line.words_from(row.first_param()))?;
    Some((row, form))
}

/// Whether a line has the form of some dialect.
fn is_of_any_dialect(told: &Told<'_, '_>) -> bool {
    let words: Words<'_> = told.frame.words().collect();
    Saying::of(Direction::ToClient, &words).is_some_and(|said| said.fits())
}

/// A line that the dialect in use does not have, and a later one has.
fn judge_dialect(seen: &Seen<'_, '_>, told: &Told<'_, '_>, out: &mut Findings) {
    let agreed = seen.conn.dialect;
    let clause = ClauseId::NEGO_1.clause();
    // A challenge has a clause of its own, which accepts it in MSNP5 (MIX-8).
    let is_challenge = told.line.verb == Verb::Chl;
    if !seen.conn.is_clear() || !clause.holds_in(agreed) || is_challenge {
        return;
    }
    let has = |dialect: &&&'static Dialect| {
        let grammar = Grammar {
            dialect,
            ..seen.conn.grammar(Direction::ToClient)
        };
        grammar.row(told.line.verb).is_some()
    };
    if let Some(later) = DIALECTS.iter().find(|dialect| has(dialect)) {
        let message = format!(
            "a line of {}, where {} was agreed on",
            later.name, agreed.name
        );
        out.accuse_line(seen, clause.id, &message, "a line of the dialect");
    }
}

/// Whether a tab parts a name from a word that cannot be what may stand behind it.
fn has_split_name(row: &Message, form: &Form, told: &Told<'_, '_>) -> bool {
    let Some(name) = form.place_of(Param::Name) else {
        return false;
    };
    if memchr::memchr(b'\t', &told.frame.line).is_none() {
        return false;
    }
    let words: Words<'_> = told.frame.words().collect();
    let expected = words.len().checked_sub(row.first_param() + name + 1);
    expected.is_some_and(|expected| behind_name(form, &words).is_some_and(|it| it < expected))
}

/// Whether a line has as many parameters as it should.
fn judge_count(
    world: &World,
    seen: &Seen<'_, '_>,
    told: &Told<'_, '_>,
    (row, form): (&Message, &Form),
    clause: ClauseId,
    out: &mut Findings,
) -> bool {
    let line = &told.line;
    let params = line.count().saturating_sub(row.first_param());
    // A TrID too many is another oracle's.
    if bears_trid(seen, told) {
        return true;
    }
    let is_short = params < form.least() || is_cut_entry(row, form, told);
    let is_long = params > form.most();
    let extra = is_long.then(|| what_is_extra(world, seen, told));
    if extra == Some(Extra::Name) || (!is_long && has_split_name(row, form, told)) {
        let message = "a blank stands in the name";
        out.accuse_line(seen, ClauseId::FRAME_3, message, "URL encoding");
    } else if is_short || extra == Some(Extra::Words) {
        let message = match is_short {
            true => "the line has too few parameters",
            false => TOO_MANY,
        };
        let expected = match (form.least(), form.most()) {
            (least, usize::MAX) => format!("at least {least} parameters"),
            (least, most) => format!("{least} to {most} parameters"),
        };
        out.accuse_line(seen, clause, message, &expected);
    }
    !is_short && !is_long
}

/// An entry of a list from which one parameter before the handle is missing.
fn is_cut_entry(row: &Message, form: &Form, told: &Told<'_, '_>) -> bool {
    let is_entry = form.optional > 0 && form.place_of(Param::Item).is_some();
    let before = form
        .place_of(Param::Handle)
        .and_then(|at| at.checked_sub(1));
    let Some(before) = before.filter(|_| is_entry) else {
        return false;
    };
    let mut words = told.frame.words().skip(row.first_param() + before);
    let is_handle = words.next().is_some_and(|word| word.contains(&b'@'));
    // The name stands behind it.
    is_handle && words.next().is_some()
}

/// What is said of a line that has parameters behind its last one.
pub(super) const TOO_MANY: &str = "the line has too many parameters";

/// What is said of a line that counts the wrong way round.
pub(super) const COUNTS_SWAPPED: &str = "the total stands before the item";

/// Lists and rosters name the item, and then how many there are.
fn judge_counts(seen: &Seen<'_, '_>, told: &Told<'_, '_>, out: &mut Findings) {
    let (clause, list) = match told.line.verb {
        Verb::Lst => (ClauseId::LST_2, List::parse(told.line.word(2))),
        Verb::Iro => (ClauseId::ANS_2, None),
        _ => return,
    };
    let Some(request) = told.request.filter(|_| told.role == Role::Answer) else {
        return;
    };
    let progress = &request.progress;
    let goes_on = told.line.verb == Verb::Iro || progress.list == list;
    let next = match goes_on {
        true => progress.item.saturating_add(1),
        false => 1,
    };
    let is_over = list.is_some_and(|list| progress.has_shown(list));
    if !is_over && has_counts_swapped(seen.conn.grammar(Direction::ToClient), told, next) {
        out.accuse_line(seen, clause, COUNTS_SWAPPED, "item, then total");
    }
}

/// What makes a line too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extra {
    /// A friendly name with a blank in it.
    Name,
    /// Words that do not belong there.
    Words,
    /// Nobody can tell.
    Unclear,
}

/// Whether what makes a line too long belongs to the name that it ends in. It does not where the
/// name is whole without it, or has an encoded blank.
fn what_is_extra(world: &World, seen: &Seen<'_, '_>, told: &Told<'_, '_>) -> Extra {
    let line = &told.line;
    // The length stands last, so what is too much stands in the name.
    if told.frame.payload.is_some() {
        return Extra::Name;
    }
    let grammar = seen.conn.grammar(Direction::ToClient);
    let Some(at) = place_of_name(grammar, told.frame) else {
        return Extra::Words;
    };
    let name = decode_name(line.word(at)).into_owned();
    let joined = join_name(told.frame.words().skip(at));
    let asked = told.request.and_then(|asked| match asked.verb {
        Verb::Add => Line::read(asked.line()).word(4).into(),
        Verb::Rea => Line::read(asked.line()).word(3).into(),
        _ => None,
    });
    let asked = asked.map(decode_name);
    let users = world.users();
    let user = users.find(line.word(at - 1)).map(|id| users.get(id));
    let is_known = |name: &Vec<u8>| {
        asked.as_deref() == Some(name) || user.is_some_and(|user| user.is_known_as(name))
    };
    let is_number = |word: &[u8]| number(word).is_some();
    let latin: String = joined.iter().map(|byte| char::from(*byte)).collect();
    if is_known(&joined) || is_known(&latin.into_bytes()) {
        Extra::Name
    } else if is_known(&name) || line.word(at).contains(&b'%') {
        Extra::Words
    } else if told.frame.words().skip(at + 1).all(is_number) {
        Extra::Unclear
    } else {
        Extra::Name
    }
}

fn judge_values(
    seen: &Seen<'_, '_>,
    told: &Told<'_, '_>,
    (row, form): (&Message, &Form),
    clause: ClauseId,
    out: &mut Findings,
) {
    let mut params = form
        .params
        .iter()
        .zip(told.line.words_from(row.first_param()));
    let is_wrong =
        params.any(|(param, word)| is_judged(seen.conn.dialect, row, *param) && !param.fits(word));
    if is_wrong && told.line.count() > 1 && !bears_trid(seen, told) {
        let expected: Vec<&str> = form.params.iter().map(|param| param.as_str()).collect();
        out.accuse_line(
            seen,
            clause,
            "a parameter is not what it should be",
            &expected.join(" "),
        );
    }
}

/// Whether this oracle looks at the value of a parameter; what was asked for, and whom it is about,
/// is for others.
fn is_judged(dialect: &Dialect, row: &Message, param: Param) -> bool {
    match param {
        Param::Is(_) | Param::OneOf(_) | Param::Serial | Param::Address | Param::Cookie => true,
        Param::SessionId => row.trid == TridRule::Request && dialect.has_decimal_sessions(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::dialogue::{accuses, accuses_first, silent};

    #[test]
    fn it_names_the_clauses_of_all_forms() {
        let to_client = DIALECTS.iter().flat_map(|dialect| dialect.messages());
        let to_client = to_client.filter(|row| row.direction == Direction::ToClient);
        let forms = to_client.flat_map(|row| row.forms);
        for clause in forms.flat_map(|form| form.shape.into_iter().chain(form.unasked)) {
            assert!(Shape.clauses().contains(&clause), "{clause:?}");
        }
    }

    #[test]
    fn a_blank_in_the_name_of_a_sender() {
        accuses(
            "FRAME-3",
            "alice@sb C: USR 1 alice@hotmail.com 5\nalice@sb S: MSG b@hotmail.com Bob B 2\n.. hi",
        );
    }

    #[test]
    fn counts() {
        for (clause, line) in [
            ("PRES-4", "NLN NLN bob@hotmail.com"),
            ("PRES-7", "FLN bob@hotmail.com BSY"),
            ("ADD-10", "ADD 0 RL 5 bob@hotmail.com"),
            ("RNG-1", "RNG 7 1.1.1.1:1 CKI 5 bob@hotmail.com"),
            ("OUT-5", "OUT BYE"),
        ] {
            accuses(clause, &format!("alice in\nalice S: {line}"));
        }
        silent("alice in\nalice S: NLN NLN bob@hotmail.com Bob\nalice S: OUT OTH");
        for (clause, ask, answer) in [
            (
                "ADD-1",
                "ADD 9 FL b@hotmail.com b",
                "ADD 9 FL 5 b@hotmail.com",
            ),
            ("REM-1", "REM 9 FL b@hotmail.com", "REM 9 FL 5"),
            (
                "REM-1",
                "REM 9 FL b@hotmail.com",
                "REM 9 FL x b@hotmail.com",
            ),
            ("LST-1", "LST 9 FL", "LST 9 FL 5 0"),
            ("GTC-1", "GTC 9 N", "GTC 9 x N"),
            ("BLP-1", "BLP 9 BL", "BLP 9 BL 5 x"),
            ("CHG-1", "CHG 9 NLN", "CHG 9"),
            ("SYN-1", "SYN 9 5", "SYN 9"),
            ("XFR-4", "XFR 9 SB", "XFR 9 PB 1.1.1.1"),
            ("PRES-4", "CHG 9 NLN", "ILN 9 NLN b@hotmail.com"),
        ] {
            let text = format!("alice in\nalice C: {ask}\nalice S: {answer}");
            accuses_first(clause, &text);
        }
        accuses("FRAME-3", "alice in\nalice S: NLN NLN b@hotmail.com Bob B");
        for (clause, ask, answer) in [
            (
                "CVR-1",
                "CVR 9 0x0409 win 4.10 i386 MSMSGS 1.0.0863",
                "CVR 9 1.0.0863",
            ),
            (
                "REA-1",
                "REA 9 alice@hotmail.com A",
                "REA 9 alice@hotmail.com A",
            ),
            ("SND-1", "SND 9 b@hotmail.com", "SND 9 b@hotmail.com"),
            ("PNG-1", "PNG", "PNG"),
        ] {
            accuses(
                clause,
                &format!("alice in\nalice C: {ask}\nalice S: {answer}"),
            );
        }
        accuses("REM-7", "alice in\nalice S: REM 0 RL 5");
        accuses("VER-1", "alice C: VER 1 MSNP2\nalice S: VER 1");
        accuses(
            "INF-1",
            "alice C: VER 1 MSNP2\nalice S: VER 1 MSNP2\nalice C: INF 2\nalice S: INF 2",
        );
        let ask = "alice C: USR 1 MD5 I a@hotmail.com\nalice S: USR 1 MD5 S";
        accuses("USR-1", ask);
        silent(&ask.replace("MD5", "CTP"));
        let (board, enter) = (
            "a@sb C: USR 1 a@hotmail.com 5\n",
            "a@sb S: USR 1 OK a@hotmail.com",
        );
        accuses("SBU-1", &format!("{board}{enter}"));
        for (clause, line) in [
            ("JOI-1", "JOI b@hotmail.com"),
            ("BYE-1", "BYE b@hotmail.com 1 2"),
            ("MSG-2", "MSG b@hotmail.com 0"),
        ] {
            accuses(clause, &format!("{board}{enter} A\na@sb S: {line}"));
        }
        let ask = "b@sb C: ANS 1 b@hotmail.com 5 6\n";
        accuses_first("ANS-2", &format!("{ask}b@sb S: IRO 1 1 1 a@hotmail.com"));
        accuses("ANS-1", &format!("{ask}b@sb S: ANS 1 6"));
    }

    #[test]
    fn values() {
        let ask = "alice in\nalice C: XFR 9 SB\n";
        accuses(
            "SBX-1",
            &format!("{ask}alice S: XFR 9 SB 1.1.1.1:99999 CKI 5"),
        );
        accuses("SBX-1", &format!("{ask}alice S: XFR 9 SB 1.1.1.1:9 5 CKI"));
        silent(&format!("{ask}alice S: XFR 9 SB sb.example CKI 5"));
        accuses("SYN-1", "alice in\nalice C: SYN 9 5\nalice S: SYN 9 x");
        let call = "a@sb C: USR 1 a@hotmail.com 5\na@sb S: USR 1 OK a@hotmail.com A\na@sb C: CAL 2 b@hotmail.com\n";
        accuses("CAL-1", &format!("{call}a@sb S: CAL 2 7 RINGING"));
        accuses("CAL-1", &format!("{call}a@sb S: CAL 2 RINGING 7a"));
        silent(&format!("{call}a@sb S: CAL 2 RINGING 71"));
    }

    #[test]
    fn lines_of_a_later_dialect() {
        let agreed = |dialect: &str| {
            let ver = format!("VER 1 {dialect}");
            let start = format!("alice C: {ver} CVR0\nalice S: {ver}\n");
            format!("{start}alice S: BPR 2 bob@hotmail.com PHH\n")
        };
        accuses("NEGO-1", &agreed("MSNP3"));
        silent(&agreed("MSNP5"));
        let challenged = |text: String| text.replace("BPR 2 bob@hotmail.com PHH", "CHL 0 5");
        silent(&challenged(agreed("MSNP3")));
        // The clause is none of MSNP2.
        silent(&agreed("MSNP2"));
    }

    #[test]
    fn what_is_judged_and_by_which_clause() {
        silent("alice in\nalice S: PNG");
        silent("alice@sb S: LST");
        silent("alice in\nalice S: XFR 0 NS 0");
        let start = "alice C: VER 1 MSNP2\nalice S: VER 1 MSNP2\n";
        let ask = format!("{start}alice C: USR 3 MD5 I a@hotmail.com\n");
        accuses("XFR-4", &format!("{ask}alice S: XFR 3 NS 1.1.1.1:99999"));
        accuses("XFR-4", &format!("{ask}alice S: XFR 3 XX 1.1.1.1:1"));
        accuses("USR-2", &format!("{ask}alice S: USR 3 MD5"));
        accuses(
            "USR-13",
            &format!("{start}alice C: XFR 9 SB\nalice S: XFR 9 SB 1.1.1.1:1 5 CKI"),
        );
        accuses("PRES-4", &format!("{start}alice S: NLN 4"));
        for (clause, ask, answer) in [
            ("BLP-1", "BLP 9 BL", "BLP 9 5"),
            ("CHG-1", "CHG 9 NLN", "CHG 9"),
            ("URL-1", "URL 9 INBOX", "URL 9 /x"),
            (
                "FND-1",
                "FND 9 fname=a lname=b city=c state=d country=e",
                "FND 9 1",
            ),
        ] {
            let text = format!("alice C: PNG\nalice C: {ask}\nalice S: {answer}");
            accuses(clause, &text);
        }
        for ring in ["1.1.1.1:1 XXX", "1.1.1.1:x CKI"] {
            let text = format!("alice in\nalice S: RNG 7 {ring} 5 bob@hotmail.com bob");
            accuses("RNG-1", &text);
        }
    }
}
