use super::*;
use crate::engine::test_support::outcome;
use crate::event::test_support::failure;
use crate::protocol::ClauseId;
use crate::scenario::test_support::scenario;

/// When a server dies: what was played since it was started, and how often it has died.
type Dies = fn(&[u32], u64) -> bool;

/// A server whose cases are numbers.
struct World {
    dies: Dies,
    /// What was played since it was started.
    played: Vec<u32>,
    is_dead: bool,
    deaths: u64,
    /// It answers no sooner.
    takes: Duration,
    /// So many more plays fail with a wrong line.
    wrong: usize,
    /// It does not come back.
    is_gone: bool,
    is_over: bool,
    owns_server: bool,
    clock: Duration,
}

struct Fake {
    world: Arc<Mutex<World>>,
    timeouts: Timeouts,
}

impl Lane for Fake {
    fn attempt(&mut self, scenario: &Scenario) -> Outcome {
        let mut world = locked(&self.world);
        world.clock += Duration::from_millis(10);
        if world.is_dead {
            return outcome(
                Ending::Blocked,
                vec![failure(Some(ClauseId::VER_1), "VER", "closed")],
            );
        }
        world.played.push(scenario.name.parse().unwrap());
        world.is_dead = (world.dies)(&world.played, world.deaths);
        world.deaths += u64::from(world.is_dead);
        let failed = |got| {
            outcome(
                Ending::Failed,
                vec![failure(Some(ClauseId::CHG_1), "CHG", got)],
            )
        };
        if world.takes > self.timeouts.reply {
            return failed("nothing");
        }
        if world.wrong > 0 {
            world.wrong -= 1;
            return failed("CHG 1 AWY");
        }
        // What kills may pass: a server may die some milliseconds later.
        outcome(Ending::Passed, Vec::new())
    }

    fn look(&mut self) -> Result<(), Dead> {
        let world = locked(&self.world);
        let is_late = world.takes > self.timeouts.reply;
        if world.is_dead || is_late {
            return Err(Dead {
                why: "it does not answer".into(),
                is_silent: is_late,
                ..Dead::default()
            });
        }
        Ok(())
    }

    fn revive(&mut self, _: Dead) -> bool {
        let mut world = locked(&self.world);
        assert!(world.owns_server || world.is_dead, "nobody can start it");
        world.is_dead = world.is_gone;
        world.is_over = world.is_gone;
        world.played.clear();
        !world.is_gone
    }

    fn pause(&mut self, time: Duration) {
        locked(&self.world).clock += time;
    }

    fn set_reply(&mut self, reply: Duration) {
        self.timeouts.reply = reply;
    }

    fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    fn owns_server(&self) -> bool {
        locked(&self.world).owns_server
    }

    fn now(&self) -> Duration {
        locked(&self.world).clock
    }

    fn is_over(&self) -> bool {
        locked(&self.world).is_over
    }
}

fn world(dies: Dies) -> World {
    World {
        dies,
        played: Vec::new(),
        is_dead: false,
        deaths: 0,
        takes: Duration::ZERO,
        wrong: 0,
        is_gone: false,
        is_over: false,
        owns_server: true,
        clock: Duration::ZERO,
    }
}

fn isolation(world: World, jobs: usize) -> Isolation<Fake> {
    let world = Arc::new(Mutex::new(world));
    let fake = |_| Fake {
        world: Arc::clone(&world),
        timeouts: Timeouts::default(),
    };
    let more = (1..jobs).map(fake).collect();
    Isolation::new(fake(0), more, Known::default(), Level::Must)
}

/// Plays this many cases; the verdicts that are not `passed`, and who killed the server.
fn play(isolation: &Isolation<Fake>, cases: u32) -> (Vec<(u32, Verdict)>, Vec<String>) {
    let mut verdicts = Vec::new();
    let mut names = Vec::new();
    for case in 1..=cases {
        let outcome = isolation.execute(&scenario(&case.to_string(), &[], &[]));
        let (verdict, told) = Verdict::of(&outcome, Level::Must);
        if verdict != Verdict::Passed {
            verdicts.push((case, verdict));
        }
        let culprits = told.first().and_then(|(it, _)| {
            let culprits = isolation.culprits(&it.to_string())?;
            Some(culprits.iter().map(|it| it.name.clone()).collect())
        });
        names = culprits.unwrap_or(names);
    }
    (verdicts, names)
}

#[test]
fn a_death_is_charged_to_the_case_before_that_caused_it() {
    let isolation = isolation(world(|played, _| played.contains(&2)), 1);
    let (verdicts, culprits) = play(&isolation, 5);
    assert_eq!(verdicts, [(3, Verdict::Death)]);
    assert_eq!(culprits, ["2"]);
}

#[test]
fn a_death_of_several_cases_names_no_more_than_it_takes() {
    let dies: Dies = |played, _| [2, 4, 7].iter().all(|one| played.contains(one));
    for owns_server in [true, false] {
        let world = World {
            owns_server,
            ..world(dies)
        };
        let (verdicts, culprits) = play(&isolation(world, 1), 9);
        assert_eq!(verdicts, [(8, Verdict::Death)]);
        assert_eq!(culprits, ["2", "4", "7"]);
    }
}

#[test]
fn a_death_that_does_not_happen_again_leaves_all_its_suspects() {
    let isolation = isolation(world(|played, deaths| played.len() == 4 && deaths == 0), 1);
    let (verdicts, culprits) = play(&isolation, 6);
    assert_eq!(verdicts, [(5, Verdict::Death)]);
    assert_eq!(culprits, ["1", "2", "3", "4", "5"]);
    assert_eq!(isolation.tally().deaths, 1);
}

#[test]
fn a_server_that_stays_dead_leaves_its_suspects() {
    let world = World {
        is_gone: true,
        ..world(|played, _| played.contains(&2))
    };
    let isolation = isolation(world, 1);
    let (verdicts, culprits) = play(&isolation, 3);
    assert_eq!(verdicts, [(3, Verdict::Death)]);
    assert_eq!(culprits, ["1", "2", "3"]);
}

#[test]
fn a_slow_server_is_told_and_accused_of_nothing() {
    let reply = Timeouts::default().reply;
    let world = World {
        takes: reply * 2,
        ..world(|_, _| false)
    };
    let isolation = isolation(world, 1);
    let (verdicts, _) = play(&isolation, 1);
    assert_eq!(verdicts, []);
    let tally = isolation.tally();
    assert_eq!((tally.slow, tally.deaths), (2, 0));
    assert_eq!(isolation.lane().timeouts().reply, reply);
}

#[test]
fn what_fails_beside_others_alone_is_no_finding() {
    let wrong = |jobs| {
        let world = World {
            wrong: 1,
            ..world(|_, _| false)
        };
        let isolation = isolation(world, jobs);
        (play(&isolation, 2).0, isolation.tally().not_isolated)
    };
    assert_eq!(wrong(2), (vec![], 1));
    // Where there is nobody beside it, it is one at once.
    assert_eq!(wrong(1), (vec![(1, Verdict::Step)], 0));
}
