//! What must hold whatever the clients do: presence is exact, and garbage harms nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::fixture::{Fixture, at, config};
use super::{Config, ConnId, Door, Fault, FaultSet, Server, faults};

const USERS: [&str; 3] = ["alice", "bob", "carol"];
const STATES: [&str; 5] = ["NLN", "BSY", "AWY", "HDN", "FLN"];

#[derive(Debug, Clone)]
enum Deed {
    LogIn,
    Out,
    Lose,
    Chg(usize),
    Add(&'static str, usize),
    Rem(&'static str, usize),
    Blp(&'static str),
    Rea(u8),
}

fn deed() -> impl Strategy<Value = Deed> {
    let list = || prop::sample::select(vec!["FL", "AL", "BL"]);
    prop_oneof![
        4 => Just(Deed::LogIn),
        1 => Just(Deed::Out),
        1 => Just(Deed::Lose),
        6 => (0..STATES.len()).prop_map(Deed::Chg),
        5 => (list(), 0..USERS.len()).prop_map(|(list, whom)| Deed::Add(list, whom)),
        4 => (list(), 0..USERS.len()).prop_map(|(list, whom)| Deed::Rem(list, whom)),
        2 => prop::sample::select(vec!["AL", "BL"]).prop_map(Deed::Blp),
        1 => (0..3u8).prop_map(Deed::Rea),
    ]
}

/// What is known of a user from the lines that it has sent and received.
#[derive(Default)]
struct User {
    conn: Option<ConnId>,
    state: Option<&'static str>,
    name: String,
    lists: BTreeMap<String, BTreeSet<usize>>,
    is_closed: bool,
    view: BTreeMap<usize, (String, String)>,
}

impl User {
    fn has(&self, list: &str, whom: usize) -> bool {
        self.lists.get(list).is_some_and(|l| l.contains(&whom))
    }

    fn forget(&mut self) {
        self.conn = None;
        self.state = None;
        self.view.clear();
    }
}

struct World {
    s: Fixture,
    users: Vec<User>,
}

impl World {
    fn new() -> Self {
        let user = |name: &&str| User {
            name: format!("{}%20X", name.to_uppercase()),
            ..User::default()
        };
        Self {
            s: Fixture::new(),
            users: USERS.iter().map(user).collect(),
        }
    }

    /// All online, each with the others on the FL.
    fn busy() -> Self {
        let mut world = Self::new();
        for who in 0..USERS.len() {
            world.act(who, &Deed::LogIn);
            world.act(who, &Deed::Chg(0));
            for whom in 0..USERS.len() {
                world.act(who, &Deed::Add("FL", whom));
            }
        }
        (0..USERS.len()).for_each(|who| world.read(who));
        world
    }

    fn act(&mut self, who: usize, deed: &Deed) {
        let handle = |whom: usize| at(USERS[whom]);
        let own = handle(who);
        if matches!(deed, Deed::LogIn) {
            self.users[who].forget();
            let conn = self.s.login(USERS[who]);
            self.users[who].conn = Some(conn);
            return;
        }
        let Some(conn) = self.users[who].conn else {
            return;
        };
        match deed {
            Deed::LogIn => {}
            Deed::Out => {
                self.s.ask(conn, "OUT", "OUT");
                self.users[who].forget();
            }
            Deed::Lose => {
                self.s.hang_up(conn);
                self.users[who].forget();
            }
            Deed::Chg(state) => {
                let line = format!("CHG 1 {}", STATES[*state]);
                self.s.c(conn, &line);
                self.s.expect(conn, &line);
                self.users[who].state = Some(STATES[*state]);
            }
            Deed::Add(list, whom) => self.s.c(conn, &format!("ADD 1 {list} {} x", handle(*whom))),
            Deed::Rem(list, whom) => self.s.c(conn, &format!("REM 1 {list} {}", handle(*whom))),
            Deed::Blp(mode) => self.s.c(conn, &format!("BLP 1 {mode}")),
            Deed::Rea(name) => self.s.c(conn, &format!("REA 1 {own} {name}")),
        }
    }

    /// Takes in what a user received.
    fn read(&mut self, who: usize) {
        let Some(conn) = self.users[who].conn else {
            return;
        };
        while let Some(line) = self.s.try_line(conn) {
            let words: Vec<&str> = line.split(' ').collect();
            let index = |handle: &str| USERS.iter().position(|u| at(u) == handle).unwrap();
            let user = &mut self.users[who];
            match words[..] {
                ["ADD", "1", list, _, handle, _] => {
                    let list = user.lists.entry(list.to_owned()).or_default();
                    list.insert(index(handle));
                }
                ["REM", "1", list, _, handle] => {
                    user.lists.get_mut(list).unwrap().remove(&index(handle));
                    if list == "FL" {
                        user.view.remove(&index(handle));
                    }
                }
                ["BLP", _, _, mode] => user.is_closed = mode == "BL",
                ["REA", _, _, _, name] => user.name = name.to_owned(),
                ["NLN", state, handle, name] | ["ILN", _, state, handle, name] => {
                    let is_listener = !matches!(user.state, None | Some("FLN"));
                    assert!(is_listener || words[0] == "ILN", "{line} to a deaf user");
                    let new = (state.to_owned(), name.to_owned());
                    let old = user.view.insert(index(handle), new.clone());
                    assert_ne!(old, Some(new), "{line} is no news");
                }
                ["FLN", handle] => {
                    assert!(
                        user.view.remove(&index(handle)).is_some(),
                        "{line} is no news"
                    );
                }
                ["ADD" | "REM", "0", "RL", ..]
                | ["201" | "205" | "215" | "216" | "218" | "219", "1"] => {}
                _ => panic!("{line}"),
            }
        }
    }

    /// What a user must see of the others.
    fn truth(&self, watcher: usize) -> BTreeMap<usize, (String, String)> {
        let mut view = BTreeMap::new();
        for (subject, user) in self.users.iter().enumerate() {
            let shown = user.state.filter(|state| !matches!(*state, "HDN" | "FLN"));
            let is_admitted =
                !user.has("BL", watcher) && (!user.is_closed || user.has("AL", watcher));
            if let Some(state) = shown
                && is_admitted
                && self.users[watcher].has("FL", subject)
            {
                view.insert(subject, (state.to_owned(), user.name.clone()));
            }
        }
        view
    }
}

/// The same cases in each run; `PROPTEST_RNG_SEED` chooses others.
fn same_in_each_run() -> ProptestConfig {
    let from_outside = ProptestConfig::default();
    let rng_seed = match from_outside.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        chosen @ RngSeed::Fixed(_) => chosen,
    };
    ProptestConfig {
        rng_seed,
        failure_persistence: None,
        ..from_outside
    }
}

proptest! {
    #![proptest_config(same_in_each_run())]

    #[test]
    fn every_view_is_true_after_every_deed(
        deeds in prop::collection::vec((0..USERS.len(), deed()), 1..80),
    ) {
        let mut world = World::busy();
        for (who, deed) in &deeds {
            world.act(*who, deed);
            for user in 0..USERS.len() {
                world.read(user);
            }
            for (user, seen) in world.users.iter().enumerate() {
                if !matches!(seen.state, None | Some("FLN")) {
                    prop_assert_eq!(&seen.view, &world.truth(user), "{} after {:?}", user, deed);
                }
            }
        }
    }

    #[test]
    fn whatever_is_sent_the_others_are_served(
        steps in prop::collection::vec((0..4usize, any::<prop::sample::Index>(), garbage()), 1..60),
    ) {
        let doors = [Door::Single, Door::Dispatch, Door::Notification, Door::Switchboard];
        let mut s = Fixture::new();
        let mut conns = vec![s.online("alice", "NLN"), s.online("bob", "NLN")];
        let board = s.session(conns[0], "alice");
        let other = s.join(board, conns[1], "bob");
        conns.extend([board, other]);
        for (door, which, bytes) in steps {
            let conn = *which.get(&conns);
            match bytes {
                Some(bytes) => s.raw(conn, &bytes),
                None => s.hang_up(conn),
            }
            conns.push(s.open(doors[door]));
        }
        for conn in conns {
            while let Some(line) = s.try_line(conn) {
                prop_assert!(is_well_formed(&line), "{:?}", line);
            }
        }
        let carol = s.online("carol", "NLN");
        s.ask(carol, "PNG", "QNG");
    }
}

/// Some faults, with those that let anybody in.
fn some_faults() -> impl Strategy<Value = FaultSet> {
    let open = [
        Fault::ANY_PASSWORD,
        Fault::ANY_COOKIE,
        Fault::ANY_ANSWER_KEY,
    ];
    prop::collection::vec(prop::sample::select(faults()), 1..12)
        .prop_map(move |faults| faults.into_iter().chain(open).collect())
}

const LOGIN: &str = "VER 1 MSNP2\r\nINF 2\r\nUSR 3 MD5 I alice@hotmail.com\r\nUSR 4 MD5 S 0\r\n\
                     CHG 5 NLN\r\nADD 6 FL bob@hotmail.com b\r\n";
const ENTRY: &str = "USR 1 alice@hotmail.com 1\r\nCAL 2 bob@hotmail.com\r\nMSG 3 N 2\r\nhi";
const ANSWER: &str = "ANS 1 bob@hotmail.com 1 17\r\nMSG 2 A 2\r\nhi";

proptest! {
    #![proptest_config(same_in_each_run())]

    #[test]
    fn faults_break_the_protocol_and_not_the_program(
        faults in some_faults(),
        steps in prop::collection::vec((any::<prop::sample::Index>(), garbage()), 1..40),
    ) {
        let mut server = Server::new(Config { faults, ..config() });
        let mut conns = Vec::new();
        for (door, script) in [
            (Door::Dispatch, LOGIN.to_owned()),
            (Door::Notification, LOGIN.replace("bob", "carol").replace("alice", "bob")),
            (Door::Single, LOGIN.to_owned()),
            (Door::Switchboard, ENTRY.to_owned()),
            (Door::Switchboard, ANSWER.to_owned()),
        ] {
            let conn = server.handle_open(Duration::ZERO, door);
            server.handle_input(Duration::ZERO, conn, script.as_bytes());
            conns.push(conn);
        }
        for (second, (which, bytes)) in (1..).zip(steps) {
            let (now, conn) = (Duration::from_secs(second), *which.get(&conns));
            match bytes {
                Some(bytes) => server.handle_input(now, conn, &bytes),
                None => server.handle_close(now, conn),
            }
            while server.poll_output().is_some() {}
            server.handle_timeout(now);
            prop_assert!(server.poll_timeout().is_none_or(|alarm| alarm > now));
        }
        server.handle_shutdown(Duration::from_secs(100));
        while server.poll_output().is_some() {}
    }
}

/// Bytes that begin sensibly, or do not; `None`: the client hangs up.
fn garbage() -> impl Strategy<Value = Option<Vec<u8>>> {
    let words = vec![
        "VER",
        "INF",
        "USR",
        "MD5",
        "I",
        "S",
        "SYN",
        "LST",
        "GTC",
        "BLP",
        "CHG",
        "ADD",
        "REM",
        "REA",
        "OUT",
        "XFR",
        "SB",
        "CAL",
        "ANS",
        "MSG",
        "U",
        "N",
        "A",
        "FL",
        "AL",
        "BL",
        "RL",
        "NLN",
        "HDN",
        "CVR",
        "URL",
        "SND",
        "FND",
        "PNG",
        "MSNP2",
        "0",
        "1",
        "2",
        "4294967295",
        "99999999999",
        "alice@hotmail.com",
        "bob@hotmail.com",
        "user3@hotmail.com",
        "x@",
        "%0D%0A",
        "\u{e9}",
        "\0",
    ];
    let line = prop::collection::vec(prop::sample::select(words), 1..7)
        .prop_map(|words| (words.join(" ") + "\r\n").into_bytes());
    prop_oneof![
        20 => line.prop_map(Some),
        2 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Some),
        1 => Just(None),
    ]
}

/// One space between words, all of them printable, a verb or a code in front.
fn is_well_formed(line: &str) -> bool {
    let mut words = line.split(' ');
    let is_printable = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic());
    let is_verb = |word: &str| {
        word.len() == 3
            && (word.bytes().all(|b| b.is_ascii_uppercase())
                || word.bytes().all(|b| b.is_ascii_digit()))
    };
    words.clone().all(is_printable) && words.next().is_some_and(is_verb)
}
