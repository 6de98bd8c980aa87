//! The words of the reports, explained.

use crate::protocol::Rung;

/// A word and what it means.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// The word as reports use it.
    pub name: &'static str,
    /// What it is a word for.
    pub of: &'static str,
    /// What it means.
    pub text: &'static str,
}

const fn word(name: &'static str, of: &'static str, text: &'static str) -> Word {
    Word { name, of, text }
}

const SCENARIO: &str = "a verdict of a scenario";
const CLAUSE: &str = "a verdict of a clause";
const BOTH: &str = "a verdict of a scenario or a clause";
const RUNG: &str = "what the first look found on a rung of the ladder";
const RUN: &str = "a word of the reports";
const UNTESTED: &str = "why a clause is untested";

/// All words but the rungs, the oracles and the levels.
pub const WORDS: &[Word] = &[
    word("passed", BOTH, "the server did what the clauses say"),
    word(
        "failed",
        BOTH,
        "the server broke a clause, which is named, and the clause belongs to the chosen level",
    ),
    word(
        "blocked",
        SCENARIO,
        "it could not be judged, because something that it needs is broken; that is told once, as a \
         cause, and it is not run in vain. Mend the cause and it will be judged",
    ),
    word(
        "inconclusive",
        SCENARIO,
        "it could not be judged because of a limit of the harness's own: out of descriptors, of time, \
         of memory. It says nothing about the server; over 5 % of such scenarios end the run with exit \
         code 3",
    ),
    word(
        "skipped",
        SCENARIO,
        "it was not run; the reason is told: more accounts are needed, `launch:` is, or the run ended",
    ),
    word(
        "flaky",
        SCENARIO,
        "it failed, and passed when it ran again, alone. It is not told as passed; --fail-flaky makes \
         a failure of it",
    ),
    word(
        "waived",
        BOTH,
        "it failed, and a waiver in the target file says why that is known; it does not fail the run",
    ),
    word(
        "varied",
        CLAUSE,
        "the server does otherwise than the clause says, in a way that the clause accepts; --strict \
         makes a failure of it",
    ),
    word(
        "noted",
        CLAUSE,
        "it is broken, and lies beyond the chosen level; --level takes it in. What it blocks is not \
         judged",
    ),
    word(
        "untested",
        CLAUSE,
        "nothing is said of it: what tests it was left out, skipped, blocked, inconclusive or flaky. \
         --require-complete makes a failure of it where you could mend that",
    ),
    word(
        "conforms",
        RUN,
        "nothing of the level is broken, waived, blocked or flaky, and every clause of it was tested \
         that can be tested in this set-up",
    ),
    word(
        "cause",
        RUN,
        "one thing that is wrong with the server: all scenarios that show it, and all that cannot be \
         judged because of it",
    ),
    word(
        "rung",
        RUN,
        "a step of the ladder that the first look climbs, in the order in which most servers are built",
    ),
    word(
        "ladder",
        RUN,
        "the steps of the first look: connect, VER, INF, USR, SYN and so on up to a message in a \
         session. What needs a step that is out is blocked",
    ),
    word(
        "probe",
        RUN,
        "the first look at the server, before the first scenario; what it saw broken is told, and it is \
         not counted among the scenarios",
    ),
    word("works", RUNG, "the server does what is asked, as it should"),
    word(
        "odd",
        RUNG,
        "it works, and breaks a clause on the way; what needs it is tested all the same",
    ),
    word(
        "refused",
        RUNG,
        "the server answers with an error, or with something else than it should",
    ),
    word("closed", RUNG, "the server ends the connection"),
    word("silent", RUNG, "nothing comes within the time of a reply"),
    word(
        "unreached",
        RUNG,
        "it could not be tried, since a lower rung is out",
    ),
    word(
        "step",
        "a judge",
        "a step of the scenario judged: what it expects stands at the place that is named",
    ),
    word(
        "model",
        "a judge",
        "the model of the protocol judged: it knows what a server should say after all that was said",
    ),
    word(
        "process",
        "a judge",
        "whoever watches the server's process judged: it exited, or it serves nobody any more",
    ),
    word(
        "oracle",
        "a judge",
        "a judge that watches every line of every scenario, whatever the scenario is about, each for its \
         own clauses; `msnpspec explain` knows each by its name",
    ),
    word(
        "clause",
        RUN,
        "one sentence of the protocol that a server keeps or breaks, with an id such as USR-6 and a level; \
         `msnpspec list clauses` has them all",
    ),
    word(
        "level",
        RUN,
        "how binding a clause is: must, draft, practice or open. --level says up to which one a breach \
         fails the run",
    ),
    word(
        "scenario",
        RUN,
        "a script of what clients send and what has to come; a file of `scenarios/`, or a row of its matrix, \
         which stands in brackets",
    ),
    word(
        "dialect",
        RUN,
        "a version of the protocol, MSNP2 and later, on which client and server agree by VER",
    ),
    word(
        "strict",
        RUN,
        "--strict takes variations for failures: the letter of the text",
    ),
    word(
        "seed",
        RUN,
        "the number from which all that is random comes: --seed with the same number repeats it",
    ),
    word(
        "shard",
        RUN,
        "a part of the scenarios, such as 2/3; `msnpspec merge` makes one report of all parts",
    ),
    word(
        "blocks",
        RUN,
        "so many scenarios need what the cause has broken, and could not be judged because of it",
    ),
    word(
        "breach",
        RUN,
        "a clause that is broken in a certain way, in words without numbers, handles or names: what a \
         waiver or a habit may name",
    ),
    word(
        "habit",
        RUN,
        "what a server always does in its own way, such as an extra word. It fails once, under its clause, \
         and is put right in the eyes of everything else",
    ),
    word(
        "waiver",
        RUN,
        "a known failure with a reason, in the target file under `waivers:`",
    ),
    word(
        "stale",
        RUN,
        "of a waiver or a habit: it matches nothing any more, or what it names no longer fails; that fails \
         the run",
    ),
    word(
        "first look",
        RUN,
        "what the harness does before the first scenario: it learns what the server is like, and climbs the \
         ladder",
    ),
    word(
        "accused",
        RUN,
        "the line that breaks the clause, or the silence or the end where a line was due; `>` stands before \
         it",
    ),
    word(
        "barrier",
        RUN,
        "a request of the harness's own without a side effect, whose answer shows that all is there that the \
         server sent before it",
    ),
    word(
        "clean-up",
        RUN,
        "a line of the harness's own that undoes what a scenario did",
    ),
    word(
        "not isolated",
        RUN,
        "it failed beside other scenarios and passed alone: the server may mix up what several users do at \
         once",
    ),
    word(
        "quiet",
        "what was waited for",
        "the time in which nothing must come, where no barrier proves a silence",
    ),
    word(
        "reply",
        "what was waited for",
        "an answer that did not come within `timeouts: reply`",
    ),
    word("fails", "the standing of a cause", "it fails the run"),
    word(
        "accounts",
        UNTESTED,
        "what tests it needs more accounts that can log in",
    ),
    word("stopped", UNTESTED, "the run ended before its turn came"),
    word(
        "unmet",
        UNTESTED,
        "what tests it ended at something else before it came to that",
    ),
    word(
        "left-out",
        UNTESTED,
        "the filter, the shard or the files that were named leave out what tests it",
    ),
    word(
        "launch",
        UNTESTED,
        "what tests it stops and starts the server: `launch:` in the target file lets the harness do that",
    ),
    word(
        "dispatch",
        UNTESTED,
        "what tests it needs a dispatch server that refers to a notification server",
    ),
    word(
        "challenges",
        UNTESTED,
        "what tests it needs a server that challenges its clients (CHL)",
    ),
    word(
        "dialects",
        UNTESTED,
        "what tests it is for other dialects than the one that is tested",
    ),
    word("nothing", UNTESTED, "no scenario tests it"),
];

/// What the first look does on a rung.
#[must_use]
pub fn rung(rung: Rung) -> &'static str {
    match rung {
        Rung::Connect => "the server accepts connections",
        Rung::Ver => "VER agrees on the dialect MSNP2",
        Rung::Inf => "INF names MD5",
        Rung::Usr => "USR logs a user in, in two steps: a challenge, then its response",
        Rung::Syn => "SYN is answered, and the batch follows: GTC, BLP and all four lists",
        Rung::Settings => "GTC and BLP change a setting",
        Rung::Chg => "CHG changes the user's state",
        Rung::Lists => "ADD and REM change a list",
        Rung::Presence => {
            "another user who has this one on the forward list sees a change of state"
        }
        Rung::Xfr => "XFR SB refers to a switchboard, with a cookie",
        Rung::SbUsr => "USR with that cookie enters the switchboard",
        Rung::Cal => "CAL is answered, and the other user gets RNG",
        Rung::Ans => "ANS joins the session: IRO for who is there, ANS OK, and JOI to the others",
        Rung::Msg => "MSG reaches the other participant, byte for byte",
        Rung::Out => "OUT ends the connection",
    }
}
