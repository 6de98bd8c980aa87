//! What follows from a breach that is known already: it is charged to that breach, and accuses
//! nobody of something else.
//!
//! Within a scenario, a step that is not met on a line that an oracle has accused, or that waits
//! for one, follows from what the oracle saw. Across scenarios, a command that is never answered, or
//! a line that never comes, is one breach of the clause that says so, whatever the scenarios that
//! wait for it are about.

use super::pair;
use crate::engine::{Outcome, command_of};
use crate::event::{Failure, Observed, Wanted};
use crate::oracle::Finding;
use crate::protocol::{
    Answer, ClauseId, Dialect, Direction, Effect, Grammar, LineRow, Message, Param, RequestRow,
    Rung, ServerKind, Verb,
};
use crate::rules::refusals;
use crate::transcript::{ConnId, Party, What};

/// Whether a failure of a step follows from what an oracle found.
pub(super) fn is_charged(failure: &Failure, outcome: &Outcome) -> bool {
    is_rest_of_line(failure, outcome) || charged_to(failure, outcome).is_some()
}

/// The finding of an oracle that a failure of a step follows from.
pub(super) fn charged_to<'o>(failure: &Failure, outcome: &'o Outcome) -> Option<&'o Finding> {
    let mut others = outcome
        .findings
        .iter()
        .filter(|other| Some(other.clause) != failure.clause);
    others.find(|other| follows(failure, other, outcome))
}

/// Whether what an oracle found follows from what another one did: numbers that stand still are not
/// raised by others either, and a name with blanks in it makes a line of too many.
pub(crate) fn is_of_another(accusation: &Failure, all: &[Failure]) -> bool {
    let any = |is: &dyn Fn(&Failure) -> bool| all.iter().any(is);
    match accusation.clause {
        Some(ClauseId::SER_3) => {
            any(&|other| matches!(other.clause, Some(ClauseId::SER_1 | ClauseId::SER_2)))
        }
        // A batch that does not carry the TrID is not seen to come.
        Some(ClauseId::SYN_3) => {
            any(&|other| matches!(other.clause, Some(ClauseId::SYN_4 | ClauseId::TRID_4)))
        }
        Some(ClauseId::FRAME_10) => {
            any(&|other| other.clause == Some(ClauseId::FRAME_3) && other.entry == accusation.entry)
        }
        // A second CR before the end of a line is a part of its last word.
        Some(ClauseId::FRAME_3) | None => false,
        Some(_) => any(&|other| {
            let ends_in_cr = matches!(&other.got, Observed::Line(line) if line.ends_with("\\r"));
            ends_in_cr && other.clause == Some(ClauseId::FRAME_3) && other.entry == accusation.entry
        }),
    }
}

/// Whether an accused line is what is left of the one before it, which has ended in a line feed too
/// early.
pub(super) fn is_rest_of_line(failure: &Failure, outcome: &Outcome) -> bool {
    let entries = outcome.transcript.entries();
    let ends_early = |at: usize| {
        let mut findings = outcome.findings.iter();
        findings.any(|finding| finding.entry == at && finding.clause == ClauseId::FRAME_1)
    };
    let (Some(at), Some(conn)) = (failure.entry, failure.conn) else {
        return false;
    };
    let before = entries.get(..at).unwrap_or_default().iter().enumerate();
    let mut own = before.rev().filter(|(_, entry)| {
        entry.conn == conn && matches!(entry.what, What::Frame(Party::Server, _))
    });
    // A server that ends all lines so has no rests.
    !ends_early(at) && own.next().is_some_and(|(at, _)| ends_early(at))
}

/// Whether a failure may follow from a step that was noted before it: it is about the same command,
/// or about no answer of its own.
pub(super) fn follows_note(failure: &Failure, notes: &[Failure]) -> bool {
    notes
        .iter()
        .any(|note| note.command == failure.command || !failure.got.is_answer())
}

fn follows(failure: &Failure, finding: &Finding, outcome: &Outcome) -> bool {
    if is_of_dress(finding, outcome) || is_of_old_batch(failure, finding, outcome.dialect) {
        return false;
    }
    if failure.entry == Some(finding.entry) {
        return true;
    }
    // A list that turns out to be other than requests made it was so before it was shown.
    if is_of_kept_lists(finding) && leans_on_lists(failure, finding, outcome) {
        return true;
    }
    // A REM that was refused and done all the same is one thing, whenever it is shown.
    let is_refused = matches!(failure.got, Observed::Error(..));
    if finding.clause == ClauseId::REM_1 && finding.oracle == "lists" && is_refused {
        let asked = failure.command.as_ref();
        let asked = asked.and_then(|verb| outcome.dialect.request_of(verb));
        return asked.is_some_and(|row| row.clause == finding.clause);
    }
    // That a message is lost is known only at the end: until then it may have been overtaken.
    let is_overtaken = finding.clause == ClauseId::MSG_1 && failure.clause == Some(ClauseId::MSG_8);
    if finding.entry >= failure.until || is_overtaken {
        return false;
    }
    if is_of_life(finding.clause) {
        return true;
    }
    is_of_the_same_kind(failure, finding, outcome) || follows_line(failure, finding, outcome)
}

/// Whether a failure follows from what a line has shown of the server, whatever the line was.
fn is_of_the_same_kind(failure: &Failure, finding: &Finding, outcome: &Outcome) -> bool {
    let is_silent = matches!(failure.got, Observed::Silence(_));
    // What is wrong with the names in one line is wrong with them in others; a line that never came
    // is not kept from coming by its name.
    let is_misread =
        || waits_for_names(failure, outcome) && (!is_silent || has_come(failure, outcome));
    // Another command or an error in a line's place is none of it.
    let differs = failure.word.is_some_and(|word| word > 1);
    if is_of_names(finding.clause) && (differs || is_misread()) {
        return true;
    }
    // A number that is not the server's own shows wherever numbers are compared.
    if is_of_numbers(finding.clause) && differs_in_number(failure) {
        return true;
    }
    if is_of_numbers(finding.clause) && is_silent && has_the_number(failure, outcome) {
        return true;
    }
    // What a batch has not told of settings and lists, nobody has put right.
    if is_of_batches(finding.clause) && is_refused_setting(failure, outcome) {
        return true;
    }
    let waits_to_see =
        || waits_for_visibility(failure, outcome) && !is_unanswered_call(failure, outcome.dialect);
    if is_of_batches(finding.clause) && waits_to_see() {
        return true;
    }
    // Who never heard that somebody watches does not tell the watcher either.
    finding.clause == ClauseId::ADD_10 && is_silent && waits_to_see()
}

/// Whether a failure follows from the very line that was accused: that line was waited for, or came
/// instead of what was.
fn follows_line(failure: &Failure, finding: &Finding, outcome: &Outcome) -> bool {
    let transcript = &outcome.transcript;
    let Some(entry) = transcript.entries().get(finding.entry) else {
        return false;
    };
    let verb = match &entry.what {
        What::Frame(_, frame) => String::from_utf8_lossy(frame.verb()).into_owned(),
        _ => String::new(),
    };
    let wants = |verb: &str| {
        let mut any = failure.expected.any.iter();
        any.any(|wanted| matches!(wanted, Wanted::Line(line) if line == verb))
    };
    // What answers nothing that was asked stands for itself: whoever has not taken it for an answer
    // waits for something else.
    let is_unasked = finding.clause == ClauseId::REPLY_4;
    let command = command_of(finding, transcript).filter(|_| !is_unasked);
    let is_silent = matches!(failure.got, Observed::Silence(_));
    // A wrong number keeps no line from coming, nor does a wrong name where any will do.
    let is_of_whom = [ClauseId::USR_3, ClauseId::USR_4, ClauseId::ADD_12].contains(&finding.clause);
    let is_idle =
        is_of_numbers(finding.clause) || (is_of_whom && !waits_for_names(failure, outcome));
    if is_silent && is_idle {
        return false;
    }
    let is_wanted = (wants(&verb) && !is_unasked) || command.as_deref().is_some_and(wants);
    // That a line was wrong before, or comes wrong to others, keeps none from coming.
    if !is_silent && (is_wanted || (command.is_some() && command == failure.command)) {
        return true;
    }
    // What a line that is not right hands out leads nowhere.
    let is_handed = |row: &RequestRow| {
        failure.command.as_deref() == Some(row.verb.as_str())
            && row.follows.iter().any(|line| line.as_str() == verb)
    };
    if leads_astray(failure, finding, &verb, outcome.dialect)
        && outcome.dialect.requests().any(|row| is_handed(&row))
    {
        return true;
    }
    // Where nothing should come, there came a line of a kind that was accused before.
    if waits_for_nothing(failure)
        && matches!(&failure.got, Observed::Line(line) if first_word(line) == verb)
    {
        return true;
    }
    let is_since = |conn| finding.entry >= last_request(outcome, conn, failure.until);
    if failure.conn != Some(entry.conn) || !is_since(failure.conn) {
        return false;
    }
    // What has come before others asked for more keeps nothing of that from coming, nor does what
    // is told of somebody else, nor a line of another kind that can be read.
    let may_stand_for = is_since(None) && finding.clause != ClauseId::TRID_9;
    !is_silent || (finding.clause != ClauseId::PRES_5 && (is_wanted || may_stand_for))
}

/// Whether a line that is not right leads whoever takes it for right astray.
fn leads_astray(
    failure: &Failure,
    finding: &Finding,
    verb: &str,
    dialect: &'static Dialect,
) -> bool {
    let handed = Verb::parse(verb.as_bytes());
    let invites = dialect.rows_of(handed).iter().any(Message::invites);
    if !invites {
        // A TrID too many keeps nobody out, and it does not matter how those are counted who sit
        // there.
        return finding.clause != ClauseId::TRID_9 && finding.oracle != "numbering";
    }
    // Who was let in with it is where it led to, unless that is another session.
    let enters = |row: &RequestRow| row.answer == Answer::Ok && row.follows.contains(&handed);
    let entry = dialect.requests().find(enters);
    let waits_to_enter = entry.is_some_and(|entry| {
        let mut any = failure.expected.any.iter();
        any.any(|wanted| {
            matches!(wanted, Wanted::Line(verb) if dialect.answers(entry.verb, Verb::parse(verb.as_bytes())))
        })
    });
    let is_silent = matches!(failure.got, Observed::Silence(_));
    !is_silent || waits_to_enter || finding.clause == ClauseId::RNG_2
}

/// Whether a line was accused of what keeps nobody from reading it: its end, or too many blanks.
fn is_of_dress(finding: &Finding, outcome: &Outcome) -> bool {
    let entry = outcome.transcript.entries().get(finding.entry);
    let has_tab = entry.is_some_and(|entry| match &entry.what {
        What::Frame(_, frame) => frame.line.contains(&b'\t'),
        _ => false,
    });
    match finding.clause {
        ClauseId::FRAME_1 => true,
        // A tab may be a part of a name.
        ClauseId::FRAME_10 => !has_tab,
        _ => false,
    }
}

/// The clauses that say how names are written, and which name is a user's.
fn is_of_names(clause: ClauseId) -> bool {
    [
        ClauseId::FRAME_3,
        ClauseId::NAME_1,
        ClauseId::USR_3,
        ClauseId::USR_4,
        ClauseId::ADD_12,
    ]
    .contains(&clause)
}

/// The clauses that say which number a change has.
fn is_of_numbers(clause: ClauseId) -> bool {
    [
        ClauseId::SER_1,
        ClauseId::SER_2,
        ClauseId::NUM_2,
        ClauseId::SYN_6,
    ]
    .contains(&clause)
}

/// Whether a line came that was waited for, with another number of the lists.
fn differs_in_number(failure: &Failure) -> bool {
    let Observed::Line(line) = &failure.got else {
        return false;
    };
    // Words are counted from one.
    place_of_number(line).is_some_and(|place| failure.word == Some(place + 1))
}

/// Whether a batch is waited for that was asked for with the number that the server told: a client
/// that has it is brought nothing.
fn has_the_number(failure: &Failure, outcome: &Outcome) -> bool {
    let dialect = outcome.dialect;
    let asked = failure.command.as_deref();
    let is_batch = |row: &RequestRow| row.rung == Some(Rung::Syn);
    let Some(request) = asked
        .and_then(|verb| dialect.request_of(verb))
        .filter(is_batch)
    else {
        return false;
    };
    let entries = outcome.transcript.entries();
    let number = |by: Party, direction: Direction| {
        let grammar = Grammar {
            dialect,
            ..Grammar::new(ServerKind::Notification, direction)
        };
        let place = grammar.row(request.verb)?.place_of(Param::Serial)?;
        let before = entries.get(..failure.until).unwrap_or(entries);
        before.iter().rev().find_map(|entry| match &entry.what {
            What::Frame(party, frame)
                if *party == by
                    && Some(entry.conn) == failure.conn
                    && frame.verb() == request.verb.as_bytes() =>
            {
                frame.words().nth(place)
            }
            _ => None,
        })
    };
    let had = number(Party::Client, Direction::ToServer);
    had.is_some() && had == number(Party::Server, Direction::ToClient)
}

/// Where the number of the lists stands in a line of a notification server.
fn place_of_number(line: &str) -> Option<usize> {
    let told = Grammar::new(ServerKind::Notification, Direction::ToClient);
    told.find(first_word(line).as_bytes())?
        .place_of(Param::Serial)
}

/// Whether a batch has an older number than the reply to its SYN, and the failure is about that
/// reply: it is not what is wrong.
fn is_of_old_batch(failure: &Failure, finding: &Finding, dialect: &'static Dialect) -> bool {
    let Observed::Line(line) = &finding.got else {
        return false;
    };
    let asked = match &failure.got {
        Observed::Line(line) => dialect.request_of(first_word(line)),
        _ => None,
    };
    let is_reply = asked.is_some_and(|row| row.rung == Some(Rung::Syn));
    let number = place_of_number(line).and_then(|place| line.split(' ').nth(place));
    let number = number.map(str::parse::<u64>);
    let of_reply = finding.expected.parse::<u64>();
    match (number, of_reply) {
        (Some(Ok(number)), Ok(of_reply)) if finding.clause == ClauseId::SYN_6 => {
            is_reply && number < of_reply
        }
        _ => false,
    }
}

/// Whether a clause says that a server takes commands apart, however they come.
pub(super) fn is_of_reads(clause: ClauseId) -> bool {
    [ClauseId::FRAME_8, ClauseId::FRAME_9].contains(&clause)
}

/// The clauses that say what a batch holds.
fn is_of_batches(clause: ClauseId) -> bool {
    [ClauseId::SYN_3, ClauseId::SYN_5].contains(&clause)
}

/// The clauses that say that a list is what was made of it.
const KEPT: [ClauseId; 7] = [
    ClauseId::SYN_5,
    ClauseId::SYN_7,
    ClauseId::LST_5,
    ClauseId::ADD_3,
    ClauseId::ADD_13,
    ClauseId::REM_3,
    ClauseId::REM_9,
];

/// Whether a list was shown that is not what was made of it.
fn is_of_kept_lists(finding: &Finding) -> bool {
    finding.oracle == "lists" && KEPT.contains(&finding.clause)
}

/// Whether a clause says what stands on which list.
pub(crate) fn is_of_lists(clause: ClauseId) -> bool {
    const SHOWN: [ClauseId; 3] = [ClauseId::SYN_8, ClauseId::ADD_9, ClauseId::REM_6];
    KEPT.contains(&clause) || SHOWN.contains(&clause)
}

/// Whether what should have come comes only where lists are as they were made: somebody is seen or
/// called, or an entry is where it should be.
fn leans_on_lists(failure: &Failure, finding: &Finding, outcome: &Outcome) -> bool {
    // What a list holds of others hides nobody, and who was seen before stood where he should.
    let hides = || {
        let is_of_both = pair::is_the_same(failure, finding, outcome);
        is_of_both && !shows_more(finding) && !pair::was_shown(failure, finding, outcome)
    };
    match &failure.got {
        _ if tells_of_lists(failure, outcome.dialect) => match (&failure.got, &finding.got) {
            (Observed::Line(line), Observed::Line(known)) => {
                line.split(' ').nth(2) == known.split(' ').nth(2)
            }
            _ => true,
        },
        _ if is_unanswered_call(failure, outcome.dialect) => false,
        Observed::Silence(_) if waits_for(failure, |verb| outcome.dialect.shows_entries(verb)) => {
            let is_told =
                |text: &str, known: &str| text.split(' ').nth(2) == known.split(' ').nth(2);
            matches!(&finding.got, Observed::Line(known) if is_told(&failure.expected.text, known))
        }
        Observed::Silence(_) => waits_for_visibility(failure, outcome) && hides(),
        Observed::Error(216 | 217, _) => waits_for_visibility(failure, outcome) && hides(),
        _ => false,
    }
}

/// Whether what came says what a list holds: it is shown, or a change of it is refused.
pub(crate) fn tells_of_lists(failure: &Failure, dialect: &'static Dialect) -> bool {
    let asked = failure.command.as_deref();
    let changes = |verb: &str| {
        let row = dialect.request_of(verb);
        row.is_some_and(|row| row.effect.is_of_entries())
    };
    let is_change = asked.is_some_and(changes) || waits_for(failure, |verb| changes(verb.as_str()));
    match &failure.got {
        Observed::Line(line) => {
            let shown = first_word(line);
            asked == Some(shown) && dialect.shows_entries(Verb::parse(shown.as_bytes()))
        }
        Observed::Error(code, _) => is_change && refusals::tells_of_lists(*code),
        _ => false,
    }
}

/// Whether what came, or what should have come, may be otherwise where lists are otherwise: they are
/// shown or changed, their number is told, somebody is seen or called, or nothing should come.
pub(super) fn may_lean_on_lists(failure: &Failure, dialect: &'static Dialect) -> bool {
    let is_of_them =
        |verb: &str| is_about_entries(verb, dialect) || is_of_visibility(verb, dialect);
    // That there is an answer at all, lists do not decide: only that it is another.
    let is_silent = matches!(failure.got, Observed::Silence(_)) && failure.detail.is_none();
    let is_due = |verb: &str| match is_silent {
        true => is_of_visibility(verb, dialect),
        false => is_of_them(verb),
    };
    let mut wanted = failure.expected.any.iter();
    let is_waited_for = wanted.any(|wanted| matches!(wanted, Wanted::Line(verb) if is_due(verb)));
    let is_asked = failure.command.as_deref().is_some_and(|verb| {
        let is_answer = failure.got.is_answer();
        is_answer && is_of_them(verb)
    });
    let has_come = failure.got.verb().is_some_and(is_of_them);
    is_waited_for || is_asked || has_come || waits_for_nothing(failure)
}

/// Whether a request changes lists or is answered by what is on them.
fn is_about_entries(verb: &str, dialect: &'static Dialect) -> bool {
    let row = dialect.request_of(verb);
    let changes = row.is_some_and(|row| row.effect.is_of_entries());
    changes || dialect.brings_entries(Verb::parse(verb.as_bytes()))
}

/// Whether FL or AL holds an entry too many: that hides nobody.
fn shows_more(finding: &Finding) -> bool {
    let Observed::Line(line) = &finding.got else {
        return false;
    };
    let list = line.split(' ').nth(2);
    finding.expected.starts_with("no ") && matches!(list, Some("FL" | "AL"))
}

/// Whether a failure waits for what depends on who may see and call whom.
fn waits_for_visibility(failure: &Failure, outcome: &Outcome) -> bool {
    let mut any = failure.expected.any.iter();
    let is_it = |verb: &str| is_of_visibility(verb, outcome.dialect);
    any.any(|wanted| matches!(wanted, Wanted::Line(verb) if is_it(verb)))
}

/// Whether a setting was refused, which may be so already.
fn is_refused_setting(failure: &Failure, outcome: &Outcome) -> bool {
    let is_setting = |row: &RequestRow| row.effect.is_of_settings();
    let mut settings = outcome.dialect.requests().filter(is_setting);
    matches!(failure.got, Observed::Error(..))
        && settings.any(|row| failure.command.as_deref() == Some(row.verb.as_str()))
}

/// Whether a call has no answer: it has one, whatever the lists hold.
fn is_unanswered_call(failure: &Failure, dialect: &'static Dialect) -> bool {
    let is_call = |verb: Verb| {
        let row = dialect.request_of(verb.as_str());
        row.is_some_and(|row| row.rung == Some(Rung::Cal))
    };
    matches!(failure.got, Observed::Silence(_)) && waits_for(failure, is_call)
}

/// Whether a request or a line depends on who may see and call whom.
fn is_of_visibility(verb: &str, dialect: &'static Dialect) -> bool {
    let requests = dialect.requests();
    let requests = requests.map(|row| (row.verb, row.rung));
    let lines = dialect.lines();
    let lines = lines.map(|row| (row.message.verb, row.rung));
    let seen = requests.chain(lines);
    let seen = seen.filter(|(_, rung)| rung.is_some_and(Rung::is_of_visibility));
    let verb = Verb::parse(verb.as_bytes());
    let mut verbs = seen.map(|(verb, _)| verb);
    verbs.any(|known| known == verb)
}

/// Whether a line of the kind that was waited for in vain has come nevertheless, since anybody
/// asked for something.
fn has_come(failure: &Failure, outcome: &Outcome) -> bool {
    let entries = outcome.transcript.entries();
    let entries = entries.get(..failure.until).unwrap_or(entries);
    let since = last_request(outcome, None, failure.until);
    let mut new = entries.iter().skip(since);
    new.any(|entry| match &entry.what {
        What::Frame(Party::Server, frame) => {
            let verb = Verb::parse(frame.verb());
            failure.conn.is_none_or(|conn| conn == entry.conn)
                && waits_for(failure, |wanted| wanted == verb)
        }
        _ => false,
    })
}

/// Whether a failure waits for a line with a verb of this kind.
fn waits_for(failure: &Failure, is_it: impl Fn(Verb) -> bool) -> bool {
    let mut any = failure.expected.any.iter();
    any.any(|wanted| matches!(wanted, Wanted::Line(verb) if is_it(Verb::parse(verb.as_bytes()))))
}

/// Whether nothing should have come.
pub(super) fn waits_for_nothing(failure: &Failure) -> bool {
    failure.expected.any.contains(&Wanted::Nothing)
}

pub(super) fn first_word(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}

/// Whether a failure waits for a line that holds a friendly name, and not for any name there.
fn waits_for_names(failure: &Failure, outcome: &Outcome) -> bool {
    let has_name = |row: &LineRow| {
        let Some(place) = row.message.place_of(Param::Name) else {
            return false;
        };
        let patterns = failure.expected.text.split(" | ");
        let mut own = patterns
            .filter(|text| first_word(text) == row.message.verb.as_str())
            .peekable();
        let takes_any = |text: &str| text.split(' ').nth(place) == Some("*");
        own.peek().is_none() || !own.all(takes_any)
    };
    let lines = outcome.dialect.lines().filter(has_name);
    let lines = lines.map(|row| row.message.verb);
    let renaming = outcome.dialect.requests();
    let renaming = renaming.filter(|row| row.effect == Effect::Name);
    let named: Vec<Verb> = lines.chain(renaming.map(|row| row.verb)).collect();
    waits_for(failure, |verb| named.contains(&verb))
}

/// The entry of the last request on a connection, or on any, of so many entries.
fn last_request(outcome: &Outcome, conn: Option<ConnId>, until: usize) -> usize {
    let entries = outcome.transcript.entries();
    let entries = entries.get(..until).unwrap_or(entries);
    let mut own = entries
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, entry)| conn.is_none_or(|conn| entry.conn == conn));
    let request = own.find(|(_, entry)| {
        matches!(
            entry.what,
            What::Frame(Party::Client, _) | What::Raw(Party::Client, _)
        )
    });
    request.map_or(0, |(at, _)| at)
}

fn is_of_life(clause: ClauseId) -> bool {
    [ClauseId::LIVE_1, ClauseId::LIVE_2, ClauseId::LIVE_3].contains(&clause)
}

/// Leaves out what only tells that a dead server is silent. Where a clause says that a server goes on
/// serving others, that is its own breach.
pub(super) fn drop_silence(failures: &mut Vec<Failure>) {
    let is_own = |failure: &Failure| failure.clause.is_some_and(is_of_life);
    let is_silence = |failure: &Failure| matches!(failure.got, Observed::Silence(_));
    let only_follows = |failure: &Failure| is_silence(failure) && !is_own(failure);
    failures.retain(|failure| !only_follows(failure));
}

/// Leaves out that the server no longer serves: nobody knows which of those who ran stopped it.
pub(super) fn drop_life(failures: &mut Vec<Failure>) {
    let is_of_life = |clause: ClauseId| clause.clause().group() == "LIVE";
    failures.retain(|failure| !failure.clause.is_some_and(is_of_life));
}
