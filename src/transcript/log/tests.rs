//! Logs of kinds that nobody has listed: whatever stands before lines is learned, nothing is lost
//! without a word, and time grows with length alone.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

const LINES: [(Party, &str); 8] = [
    (Party::Client, "VER 1 MSNP2 CVR0"),
    (Party::Server, "VER 1 MSNP2"),
    (Party::Client, "INF 2"),
    (Party::Server, "INF 2 MD5"),
    (Party::Client, "USR 3 MD5 I a@example.org"),
    (Party::Server, "USR 3 MD5 S 17.5"),
    (
        Party::Client,
        "USR 4 MD5 S 0f3f5a1d7a3c0c9bb5c9a70f0b9d0a11",
    ),
    (Party::Server, "USR 4 OK a@example.org A"),
];

/// What was said, without openings.
fn said(log: &Log) -> Vec<(Party, String)> {
    let entries = log.reading.transcript.entries().iter();
    let frames = entries.filter_map(|entry| match &entry.what {
        What::Frame(party, frame) => {
            Some((*party, String::from_utf8_lossy(&frame.line).into_owned()))
        }
        _ => None,
    });
    frames.collect()
}

fn expected() -> Vec<(Party, String)> {
    LINES
        .iter()
        .map(|(party, line)| (*party, (*line).to_owned()))
        .collect()
}

/// Words for a prefix that say nothing.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("DEBUG".to_owned()),
        Just("[main]".to_owned()),
        Just("msn:".to_owned()),
        Just("wire.Logger".to_owned()),
        Just("|".to_owned()),
        Just("app/conn.c:110".to_owned()),
        "[a-z]{2,8}".prop_filter("means something", |word| {
            super::marks::meaning(word).is_none()
        }),
        "\\[[0-9]{1,5}\\]",
    ]
}

/// Marks for the two sides: those that people use, and words of no known language.
fn marks() -> impl Strategy<Value = (String, String)> {
    let known = prop_oneof![
        Just(("C:", "S:")),
        Just((">>>", "<<<")),
        Just(("<-", "->")),
        Just(("sent", "received")),
        Just(("TX", "RX")),
        Just(("[in]", "[out]")),
        Just(("Client -> Server:", "Server -> Client:")),
    ];
    let known = known.prop_map(|(one, other)| (one.to_owned(), other.to_owned()));
    let unknown =
        ("[A-Z]?[a-z]{4,9}", "[A-Z]?[a-z]{4,9}").prop_filter("the same", |(one, other)| {
            let is_known = |word: &String| super::marks::meaning(word).is_some();
            one != other && !is_known(one) && !is_known(other)
        });
    prop_oneof![2 => known, 1 => unknown]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_stands_before_lines_is_learned(
        before in prop::collection::vec(word(), 0..4),
        behind in prop::collection::vec(word(), 0..2),
        (client, server) in marks(),
        has_time in any::<bool>(),
        foreign in prop::collection::vec((0..LINES.len(), "[a-z][a-z ,.]{3,40}"), 0..5),
    ) {
        // Words that stand before one line stand before all.
        prop_assume!(!before.iter().chain(&behind).any(|word| word.contains(&client) || word.contains(&server)));
        let mut text = String::new();
        for (at, (party, line)) in LINES.iter().enumerate() {
            for (_, other) in foreign.iter().filter(|(own, _)| *own == at) {
                let _ = writeln!(text, "{other}");
            }
            if has_time {
                let _ = write!(text, "2026-11-29 13:23:{at:02}.250 ");
            }
            let mark = if *party == Party::Client { &client } else { &server };
            for word in before.iter().chain([mark]).chain(&behind) {
                let _ = write!(text, "{word} ");
            }
            let _ = writeln!(text, "{line}");
        }
        let log = read(text.as_bytes());
        prop_assert!(log.is_ok(), "{log:?}");
        prop_assert_eq!(said(&log.unwrap()), expected(), "{}", text);
    }

    #[test]
    fn no_line_is_lost_without_a_word(
        lines in prop::collection::vec(prop_oneof![
            3 => (0..LINES.len()).prop_map(|at| {
                let (party, line) = LINES[at];
                format!("x {} {line}", if party == Party::Client { ">>>" } else { "<<<" })
            }),
            1 => "[a-zA-Z ]{1,30}",
            1 => (0..LINES.len()).prop_map(|at| LINES[at].1.to_owned()),
            1 => (0..LINES.len()).prop_map(|at| format!("x ??? {}", LINES[at].1)),
        ], 1..30)
    ) {
        let text = lines.join("\n");
        let found = sample::survey(&text);
        if let Some(lesson) = found.learned() {
            let told = assemble::assemble(&found, &lesson);
            let texts = lines.iter().filter(|line| !line.trim().is_empty()).count();
            let all = told.utterances.len() + told.skipped + told.headings + told.unread.len();
            prop_assert_eq!(all, texts, "{:?}\n{}", told, text);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        parts in prop::collection::vec(prop_oneof![
            Just(b">>> ".to_vec()), Just(b"<<< ".to_vec()), Just(b"\n".to_vec()), Just(b"C: ".to_vec()),
            Just(b"MSG 3 N 12\n".to_vec()), Just(b"VER 1 MSNP2 CVR0\n".to_vec()), Just(b"&gt;&lt;<br>".to_vec()),
            Just(b"\x1b[9".to_vec()), Just(b"{\"a\":\"INF 2\"}\n".to_vec()), Just(b"00000000  49 4e 46 20 32 0d 0a  x\n".to_vec()),
            Just(b"10.0.0.1:5 -> 10.0.0.2:1863\n".to_vec()), Just(b"..".to_vec()), Just(b"OUT\\r\\n\\r\\n".to_vec()),
            Just(b"$md5(a + b) [x y] ".to_vec()), any::<Vec<u8>>(),
        ], 0..40)
    ) {
        let bytes = parts.concat();
        match read(&bytes) {
            Ok(log) => {
                prop_assert_eq!(log.reading.places.len(), log.reading.transcript.entries().len());
                for (start, end) in &log.reading.places {
                    prop_assert!(start <= end && log.text.get(*start..*end).is_some());
                }
            }
            Err(error) => for mistake in &error.mistakes {
                prop_assert!(error.text.get(mistake.start..mistake.end).is_some());
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long it takes is what the test is about"
)]
#[test]
fn time_grows_with_length_alone() {
    let text = |count: usize| {
        let mut text = String::new();
        for at in 0..count {
            let _ = writeln!(
                text,
                "2026-11-29 13:23:04 [conn-{}] >>> CHG {at} NLN",
                at % 7
            );
            let _ = writeln!(
                text,
                "2026-11-29 13:23:04 [conn-{}] <<< CHG {at} NLN",
                at % 7
            );
            let _ = writeln!(text, "something else {at}");
            let _ = writeln!(
                text,
                "2026-11-29 13:23:04 [conn-{}] <<< MSG Hotmail Hotmail 900",
                at % 7
            );
        }
        text
    };
    let timed = |count: usize| {
        let text = text(count);
        let begun = std::time::Instant::now();
        assert!(read(text.as_bytes()).is_ok());
        begun.elapsed()
    };
    timed(100);
    let (small, large) = (timed(500), timed(4_000));
    assert!(
        large < small * 40,
        "{small:?} for 2,000 lines, {large:?} for 16,000"
    );
}

#[test]
fn a_payload_that_is_announced_and_missing_is_bounded() {
    let text = ">>> VER 1 MSNP2 CVR0\n<<< VER 1 MSNP2\n>>> MSG 3 N 99999999999\n<<< ACK 3\n";
    let log = read(text.as_bytes()).unwrap_or_else(|error| panic!("{error:?}"));
    let hidden = log
        .reading
        .transcript
        .entries()
        .iter()
        .find_map(|entry| match &entry.what {
            What::Frame(_, frame) if frame.is_hidden => frame.payload.as_ref().map(|it| it.len()),
            _ => None,
        });
    assert!(
        hidden.is_some_and(|length| length <= 64 * 1024),
        "{hidden:?}"
    );
}
