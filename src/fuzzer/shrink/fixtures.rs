//! What is true of the users before the first step: less of it, or more of it and fewer steps.

use super::prune::prune;
use super::visit;
use crate::diagnostic::Source;
use crate::protocol::{Dialect, Effect, List, Rung, ServerKind, Setting, State, Verb};
use crate::scenario::ast::{
    Action, Expected, Expr, Field, Fixture, Part, Scenario, SendItem, Stage, Step,
};
use crate::scenario::{NoFiles, load};

/// The scenario without this user and all that has to do with it.
pub(super) fn without_user(scenario: &Scenario, user: usize) -> Option<Scenario> {
    let mut scenario = scenario.clone();
    if scenario.users.len() < 2 || user >= scenario.users.len() {
        return None;
    }
    scenario.users.remove(user);
    scenario.needs.accounts = scenario
        .needs
        .accounts
        .saturating_sub(1)
        .max(scenario.users.len());
    prune(&mut scenario);
    Some(scenario)
}

/// Simpler fixtures of this user, the simplest first.
pub(super) fn simpler(scenario: &Scenario, user: usize) -> Vec<Scenario> {
    let Some(fixture) = scenario.users.get(user).map(|user| &user.fixture) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Fixture)| {
        let mut candidate = scenario.clone();
        if let Some(user) = candidate.users.get_mut(user) {
            change(&mut user.fixture);
        }
        prune(&mut candidate);
        all.push(candidate);
    };
    if !fixture.is_offline() {
        with(&|fixture| *fixture = Fixture::default());
    }
    for stage in lower(&fixture.stage) {
        with(&|fixture| fixture.stage = stage.clone());
    }
    if !fixture.forward.is_empty() {
        with(&|fixture| fixture.forward.clear());
    }
    if !fixture.allow.is_empty() {
        with(&|fixture| fixture.allow.clear());
    }
    if !fixture.block.is_empty() {
        with(&|fixture| fixture.block.clear());
    }
    for at in 0..fixture
        .forward
        .len()
        .max(fixture.allow.len())
        .max(fixture.block.len())
    {
        for list in 0..3 {
            with(&|fixture| {
                let lists = [&mut fixture.forward, &mut fixture.allow, &mut fixture.block];
                if let Some(list) = lists.into_iter().nth(list)
                    && at < list.len()
                {
                    list.remove(at);
                }
            });
        }
    }
    if fixture.gtc.is_some() {
        with(&|fixture| fixture.gtc = None);
    }
    if fixture.blp.is_some() {
        with(&|fixture| fixture.blp = None);
    }
    all
}

/// The stages below this one, the lowest first.
fn lower(stage: &Stage) -> Vec<Stage> {
    let online = Stage::State(State::NLN.as_str().to_owned());
    let all = [Stage::Offline, Stage::LoggedIn, Stage::Synchronised, online];
    let below = match stage {
        Stage::Offline => 0,
        Stage::LoggedIn => 1,
        Stage::Synchronised => 2,
        Stage::State(code) if code == State::NLN.as_str() => 3,
        Stage::State(_) => 4,
    };
    all.into_iter().take(below).collect()
}

/// The scenario with the steps that log this user in made into a fixture; the most that can be
/// folded first.
pub(super) fn folded_login(scenario: &Scenario, user: usize) -> Vec<Scenario> {
    let Some(user_now) = scenario.users.get(user) else {
        return Vec::new();
    };
    let name = user_now.name.as_str();
    let mut all = Vec::new();
    for (last, stage) in milestones(&scenario.steps, name, &user_now.fixture.stage) {
        let mut candidate = scenario.clone();
        let mut index = 0;
        candidate.steps.retain(|step| {
            index += 1;
            index > last + 1 || !is_before_board(step, name)
        });
        if let Some(user) = candidate.users.get_mut(user) {
            user.fixture.stage = stage;
        }
        prune(&mut candidate);
        all.push(candidate);
    }
    all.reverse();
    all
}

/// The scenario with what a user does to its lists and settings made into its fixture: a request
/// and its answer become an entry, or one less.
pub(super) fn folded_edits(scenario: &Scenario, user: usize) -> Vec<Scenario> {
    let Some(it) = scenario.users.get(user) else {
        return Vec::new();
    };
    let edits = scenario.steps.iter().filter_map(|step| match &step.action {
        Action::Send(send) if send.conn.user() == it.name && send.items.len() == 1 => {
            let edit = edit_asked(send.items.first()?)?;
            // Without a TrID nothing tells its answer.
            let trids = visit::sent_trids(send);
            (!trids.is_empty()).then(|| (trids, send.conn.clone(), edit))
        }
        _ => None,
    });
    let folded = edits.map(|(trids, conn, edit)| {
        let mut candidate = scenario.clone();
        candidate.steps.retain(|step| {
            let is_request = match &step.action {
                Action::Send(send) => send.conn == conn && visit::sent_trids(send) == trids,
                _ => false,
            };
            let mut replies = visit::expected_trids(step).into_iter();
            let is_reply = replies.any(|(on, name)| on == conn && trids.contains(&name));
            !is_request && !is_reply
        });
        if let Some(user) = candidate.users.get_mut(user) {
            edit.apply(&mut user.fixture);
        }
        prune(&mut candidate);
        candidate
    });
    folded.collect()
}

/// A change of lists or settings.
enum Edit {
    Entry(List, String),
    NoEntry(List, String),
    /// A setting, to its second value.
    Set(Setting),
}

impl Edit {
    fn apply(self, fixture: &mut Fixture) {
        match self {
            Self::Entry(list, name) => {
                let list = fixture.list_mut(list);
                if let Some(list) = list.filter(|list| !list.contains(&name)) {
                    list.push(name);
                }
            }
            Self::NoEntry(list, name) => {
                if let Some(list) = fixture.list_mut(list) {
                    list.retain(|it| *it != name);
                }
            }
            Self::Set(setting) => {
                *fixture.setting_mut(setting) = Some(setting.as_str(false).to_owned());
            }
        }
    }
}

/// The change that a line asks for, where it is one that a fixture can have.
fn edit_asked(item: &SendItem) -> Option<Edit> {
    let SendItem::Line { text, .. } = item else {
        return None;
    };
    let [
        Part::Literal(verb),
        Part::Expr(Expr::Trid(_)),
        Part::Literal(rest),
        more @ ..,
    ] = text.parts.as_slice()
    else {
        return None;
    };
    let verb = Verb::parse(verb.trim_end().as_bytes());
    let value = rest.trim().as_bytes();
    match more.first() {
        None => {
            let setting = Setting::of(verb)?;
            // The other value is what is so without a fixture.
            let is_set = setting.parse(value) == Some(false);
            is_set.then_some(Edit::Set(setting))
        }
        Some(Part::Expr(Expr::Field(user, Field::Handle))) => {
            let list = List::parse(value).filter(|list| *list != List::Reverse)?;
            match Dialect::first().request_of(verb.as_bytes())?.effect {
                Effect::Adds => Some(Edit::Entry(list, user.clone())),
                Effect::Removes => Some(Edit::NoEntry(list, user.clone())),
                _ => None,
            }
        }
        Some(_) => None,
    }
}

/// The scenario with a user's login as steps instead of a fixture, where the fixture is nothing but
/// a login: what fails within it can then be told apart.
pub(super) fn unfolded_login(scenario: &Scenario, user: usize) -> Option<Scenario> {
    let it = scenario.users.get(user)?;
    let plain = Fixture {
        stage: it.fixture.stage.clone(),
        ..Fixture::default()
    };
    if it.fixture.stage == Stage::Offline || it.fixture != plain {
        return None;
    }
    let steps = parsed(&login_text(&it.name, &it.fixture.stage, user))?;
    let mut scenario = scenario.clone();
    if let Some(user) = scenario.users.get_mut(user) {
        user.fixture = Fixture::default();
    }
    scenario.steps.splice(0..0, steps);
    Some(scenario)
}

/// A login as a scenario of its own. The TrIDs have names of which no step has heard.
fn login_text(name: &str, stage: &Stage, user: usize) -> String {
    let mut text = format!(
        "description: x\nclauses: [USR-1]\nusers: [{name}]\nsteps:\n\
         - {name} C: VER {{ta}} MSNP2 CVR0\n\
         - {name} S: VER {{ta}} MSNP2 ...\n\
         - {name} C: INF {{tb}}\n\
         - {name} S: INF {{tb}} MD5 ...\n\
         - {name} C: USR {{tc}} MD5 I {{{name}.handle}}\n\
         - {name} S: USR {{tc}} MD5 S {{challenge_{name}}}\n\
         - {name} C: USR {{td}} MD5 S {{md5(challenge_{name}, {name}.password)}}\n\
         - {name} S: USR {{td}} OK ...\n"
    );
    if matches!(stage, Stage::Synchronised | Stage::State(_)) {
        text += &format!(
            "- {name} C: SYN {{te}} 0\n- {name} S: SYN {{te}} *\n\
             - {name} S: GTC {{te}} ...\n- {name} S: BLP {{te}} ...\n"
        );
        for list in ["FL", "AL", "BL", "RL"] {
            text += &format!("- {name} S: LST {{te}} {list} * 0 0\n");
        }
    }
    if let Stage::State(code) = stage {
        text += &format!("- {name} C: CHG {{tf}} {code}\n- {name} S: CHG {{tf}} {code}\n");
    }
    for (number, letter) in ["ta", "tb", "tc", "td", "te", "tf"].iter().enumerate() {
        let trid = format!("{{t.r{}}}", 100_000 + user * 10 + number);
        text = text.replace(&format!("{{{letter}}}"), &trid);
    }
    text
}

fn parsed(text: &str) -> Option<Vec<Step>> {
    let source = Source::new("login.yaml", text);
    let mut all = load("login", &source, &NoFiles).ok()?;
    all.pop().map(|scenario| scenario.steps)
}

/// How much a fixture makes a server do, in requests.
pub(super) fn weight(scenario: &Scenario) -> usize {
    let weights = scenario.users.iter().map(|user| {
        let fixture = &user.fixture;
        let stage = match fixture.stage {
            Stage::Offline => 0,
            Stage::LoggedIn => 4,
            Stage::Synchronised => 5,
            Stage::State(_) => 6,
        };
        let lists = [&fixture.forward, &fixture.allow, &fixture.block];
        stage + lists.iter().map(|list| list.len()).sum::<usize>()
    });
    weights.sum()
}

/// Whether all that a step does is done on a dispatch or notification connection of the user.
fn is_before_board(step: &Step, user: &str) -> bool {
    let conns = visit::conns_of(step);
    let is_it = |conn: &&crate::transcript::ConnName| {
        conn.user() == user
            && (conn.label() == crate::transcript::ConnName::DEFAULT
                || conn.kind() == ServerKind::Dispatch)
    };
    !conns.is_empty() && conns.iter().all(is_it)
}

/// How far the user comes by steps: the index of the last step of each stage, and the stage.
fn milestones(steps: &[Step], user: &str, from: &Stage) -> Vec<(usize, Stage)> {
    let mut found: Vec<(usize, Stage)> = Vec::new();
    let mut stage = from.clone();
    let mut asked: Option<Stage> = None;
    for (index, step) in steps.iter().enumerate() {
        if !is_before_board(step, user) {
            continue;
        }
        match &step.action {
            Action::Send(send) => {
                if let Some(state) = send.items.first().and_then(state_asked) {
                    asked = Some(state);
                }
            }
            Action::Expect(expect) => {
                let Expected::Line { pattern, .. } = &expect.what else {
                    continue;
                };
                let plain = |at: usize| {
                    pattern
                        .words
                        .get(at)
                        .and_then(|word| visit::plain_word(&word.kind))
                };
                let words = [0, 1, 2].map(|at| plain(at).unwrap_or_default().as_bytes());
                let dialect = Dialect::first();
                let rung = dialect.request_of(words[0]).and_then(|row| row.rung);
                let is_in = dialect.lets_in(words.into_iter());
                match (rung, &stage) {
                    (_, Stage::Offline) if is_in => stage = Stage::LoggedIn,
                    (Some(Rung::Syn), Stage::LoggedIn) => stage = Stage::Synchronised,
                    // The answers to SYN go on.
                    (_, Stage::Synchronised) if is_of_batch(words[0]) => {}
                    (Some(Rung::Chg), Stage::LoggedIn | Stage::Synchronised) => {
                        match asked.take() {
                            Some(state) => stage = state,
                            None => continue,
                        }
                    }
                    _ => continue,
                }
                found.push((index, stage.clone()));
            }
            _ => {}
        }
    }
    found
}

/// Whether a line with this verb belongs to the batch that follows SYN, behind its first line.
fn is_of_batch(verb: &[u8]) -> bool {
    let dialect = Dialect::first();
    let mut requests = dialect.requests();
    let asked = requests.find(|row| row.rung == Some(Rung::Syn));
    let mut rows = dialect.rows_of(Verb::parse(verb)).iter();
    let mut is_of = |asked: Verb| rows.any(|row| row.verb != asked && row.answers.contains(&asked));
    asked.is_some_and(|asked| is_of(asked.verb))
}

/// The state that a CHG asks for.
fn state_asked(item: &SendItem) -> Option<Stage> {
    let row = Dialect::first().request_of(visit::sent_verb(item)?)?;
    if row.rung != Some(Rung::Chg) {
        return None;
    }
    let SendItem::Line { text, .. } = item else {
        return None;
    };
    let Some(Part::Literal(last)) = text.parts.last() else {
        return None;
    };
    let code = last.trim_end().rsplit(' ').next()?;
    let state = State::parse(code.as_bytes()).filter(|state| *state != State::Offline);
    state.map(|state| Stage::State(state.as_str().to_owned()))
}
