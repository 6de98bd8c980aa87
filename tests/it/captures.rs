//! Captures: what was on the wire is judged as it was live, whatever the network did to it; what
//! the capture has missed makes no accusation.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod later;
mod packets;
mod twenty;

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use etherparse::PacketBuilder;
use msnpspec::oracle::{self, Finding};
use msnpspec::server::{Fault, FaultSet};
use msnpspec::sim::Chunking;
use msnpspec::transcript::capture::{Capture, CaptureError, read};
use msnpspec::transcript::{ConnId, Party, Transcript, What};
use proptest::prelude::*;

use crate::faults::{run, suite};

/// The links that are written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Link {
    Ethernet,
    Cooked,
    Cooked2,
    Loopback,
    Raw6,
}

const LINKS: [Link; 5] = [
    Link::Ethernet,
    Link::Cooked,
    Link::Cooked2,
    Link::Loopback,
    Link::Raw6,
];

impl Link {
    fn number(self) -> u16 {
        match self {
            Self::Ethernet => 1,
            Self::Cooked => 113,
            Self::Cooked2 => 276,
            Self::Loopback => 0,
            Self::Raw6 => 101,
        }
    }

    fn packet(self, segment: &Segment) -> Vec<u8> {
        let (from, to) = match segment.party {
            Party::Client => (segment.port, 1863),
            Party::Server => (1863, segment.port),
        };
        let hosts = match segment.party {
            Party::Client => (1, 2),
            Party::Server => (2, 1),
        };
        let v4 = ([10, 0, 0, hosts.0], [10, 0, 0, hosts.1], 64);
        let v6 = |host| {
            let mut address = [0; 16];
            address[15] = host;
            address
        };
        let mut ip = Vec::new();
        macro_rules! finish {
            ($builder:expr) => {{
                let mut tcp = $builder.tcp(from, to, segment.sequence, 65_535);
                tcp = if let Some(number) = segment.acknowledged {
                    tcp.ack(number)
                } else {
                    tcp
                };
                tcp = if segment.syn { tcp.syn() } else { tcp };
                tcp = if segment.fin { tcp.fin() } else { tcp };
                tcp = if segment.reset { tcp.rst() } else { tcp };
                tcp.write(&mut ip, &segment.payload).unwrap();
            }};
        }
        match self {
            Self::Ethernet => {
                finish!(PacketBuilder::ethernet2([1; 6], [2; 6]).ipv4(v4.0, v4.1, v4.2));
                return ip;
            }
            Self::Raw6 => {
                finish!(PacketBuilder::ipv6(v6(hosts.0), v6(hosts.1), 64));
                return ip;
            }
            _ => finish!(PacketBuilder::ipv4(v4.0, v4.1, v4.2)),
        }
        let head: &[u8] = match self {
            Self::Cooked => &[0, 0, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0],
            Self::Cooked2 => &[8, 0, 0, 0, 0, 0, 0, 1, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0],
            _ => &[2, 0, 0, 0],
        };
        [head, &ip].concat()
    }
}

#[derive(Debug, Clone)]
struct Segment {
    at: Duration,
    port: u16,
    party: Party,
    sequence: u32,
    acknowledged: Option<u32>,
    syn: bool,
    fin: bool,
    reset: bool,
    payload: Vec<u8>,
}

/// The segments of a transcript, one for each entry and the hands that are shaken. The numbers
/// wrap around early.
fn segments(transcript: &Transcript) -> Vec<Segment> {
    let mut next: HashMap<ConnId, [u32; 2]> = HashMap::new();
    let mut all = Vec::new();
    for entry in transcript.entries() {
        let port = 40_000 + u16::try_from(entry.conn.0).unwrap();
        let numbers = next
            .entry(entry.conn)
            .or_insert([u32::MAX - 50, 0x8000_0000]);
        let mut push = |party: Party, flags: &str, payload: &[u8]| {
            let [client, server] = &mut *numbers;
            let (own, other) = match party {
                Party::Client => (client, server),
                Party::Server => (server, client),
            };
            let is_first = flags == "syn";
            all.push(Segment {
                at: entry.at,
                port,
                party,
                sequence: *own,
                acknowledged: (!is_first).then_some(*other),
                syn: flags.starts_with("syn"),
                fin: flags == "fin",
                reset: flags == "reset",
                payload: payload.to_vec(),
            });
            let used = u32::try_from(payload.len()).unwrap();
            let flag = u32::from(flags.starts_with("syn") || flags == "fin");
            *own = own.wrapping_add(used + flag);
        };
        match &entry.what {
            What::Opened(_) => {
                push(Party::Client, "syn", b"");
                push(Party::Server, "syn ack", b"");
                push(Party::Client, "", b"");
            }
            What::Frame(party, frame) => {
                for part in frame.to_bytes().chunks(1000) {
                    push(*party, "", part);
                }
            }
            What::Raw(party, bytes) => {
                for part in bytes.chunks(1000) {
                    push(*party, "", part);
                }
            }
            What::Missing(..) => {}
            What::Closed(party) => push(*party, "fin", b""),
            What::Reset(party) => push(*party, "reset", b""),
        }
    }
    all
}

fn pcap(segments: &[Segment], link: Link) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(0xa1b2_c3d4_u32.to_le_bytes());
    file.extend([2, 0, 4, 0]);
    file.extend([0; 8]);
    file.extend(65_535_u32.to_le_bytes());
    file.extend(u32::from(link.number()).to_le_bytes());
    for segment in segments {
        let packet = link.packet(segment);
        let length = u32::try_from(packet.len()).unwrap().to_le_bytes();
        let seconds = u32::try_from(segment.at.as_secs()).unwrap();
        file.extend((1_700_000_000 + seconds).to_le_bytes());
        file.extend(segment.at.subsec_micros().to_le_bytes());
        file.extend([length, length].concat());
        file.extend(packet);
    }
    file
}

fn captured(segments: &[Segment], link: Link) -> Capture {
    read(&pcap(segments, link)).unwrap()
}

/// What findings say, in an order of their own.
fn said(findings: &[Finding]) -> Vec<String> {
    let told = findings.iter().map(|it| {
        format!(
            "{} by {}: {}: {} / {}",
            it.clause, it.oracle, it.message, it.expected, it.got
        )
    });
    let mut told: Vec<String> = told.collect();
    told.sort();
    told
}

fn has_raw(transcript: &Transcript) -> bool {
    let mut entries = transcript.entries().iter();
    entries.any(|entry| matches!(entry.what, What::Raw(..)))
}

#[test]
fn a_capture_is_judged_as_the_run_was() {
    let faults = [
        "trid-off-by-one",
        "nln-twice",
        "batch-order",
        "message-twice",
    ];
    let mut found = 0;
    let suite = suite();
    for (nth, scenario) in suite.iter().enumerate().filter(|(nth, _)| nth % 3 == 0) {
        let link = LINKS[nth % LINKS.len()];
        let fault = Fault::find(faults[nth % faults.len()]).unwrap();
        for faults in [FaultSet::default(), FaultSet::from_iter([fault])] {
            let live = run(scenario, faults, Chunking::Whole).transcript;
            // Half lines and their ends are not cut alike by a network.
            if live.entries().len() < 2 || has_raw(&live) {
                continue;
            }
            let capture = captured(&segments(&live), link);
            assert_eq!(capture.notes, [""; 0], "{}", scenario.name);
            let judged = oracle::judge(&capture.transcript);
            assert_eq!(
                said(&judged),
                said(&oracle::judge(&live)),
                "{}",
                scenario.name
            );
            found += judged.len();
        }
    }
    assert!(found > 100, "only {found} findings to compare");
}

#[test]
fn payloads_of_later_dialects_are_read_with_their_lines() {
    let suite = suite();
    let payloads = |transcript: &Transcript| -> Vec<String> {
        let frames = transcript
            .entries()
            .iter()
            .filter_map(|entry| match &entry.what {
                What::Frame(_, frame) => frame.payload.as_ref().map(|it| (frame, it)),
                _ => None,
            });
        let told = frames.map(|(frame, it)| format!("{:?} {}", frame.line, it.len()));
        told.collect()
    };
    for name in ["challenges/right-answer", "pages/page"] {
        let own = suite.iter().find(|it| it.name.starts_with(name)).unwrap();
        let live = run(own, FaultSet::default(), Chunking::Whole).transcript;
        assert!(!payloads(&live).is_empty(), "{name}");
        let all = segments(&live);
        let capture = captured(&all, Link::Ethernet);
        assert_eq!(payloads(&capture.transcript), payloads(&live), "{name}");
        // It begins before the capture, so that nobody knows what was agreed on.
        let rest: Vec<Segment> = all.iter().filter(|it| !it.syn).skip(2).cloned().collect();
        let capture = captured(&rest, Link::Ethernet);
        assert_eq!(payloads(&capture.transcript), payloads(&live), "{name}");
        assert_eq!(oracle::judge(&capture.transcript), [], "{name}");
    }
}

/// Conversations of several users, on a server without faults.
static CONVERSATIONS: LazyLock<Vec<Transcript>> = LazyLock::new(|| {
    let suite = suite();
    let conversations = suite
        .iter()
        .step_by(7)
        .map(|it| run(it, FaultSet::default(), Chunking::Whole).transcript)
        .filter(|it| it.entries().len() < 200 && it.connections().len() > 2 && !has_raw(it));
    let conversations: Vec<Transcript> = conversations.collect();
    assert!(conversations.len() > 20);
    conversations
});

/// The longest of them.
fn conversation() -> Transcript {
    let all = CONVERSATIONS.iter();
    all.max_by_key(|it| it.entries().len()).unwrap().clone()
}

fn frames(transcript: &Transcript) -> usize {
    let entries = transcript.entries().iter();
    entries
        .filter(|it| matches!(it.what, What::Frame(..)))
        .count()
}

proptest! {
    #![proptest_config(crate::tried(60))]

    #[test]
    fn what_comes_late_or_twice_changes_nothing(
        which in any::<prop::sample::Index>(),
        moves in prop::collection::vec((any::<prop::sample::Index>(), 1..4usize, any::<bool>()), 0..30)
    ) {
        let live = which.get(&CONVERSATIONS);
        let mut shuffled = segments(live);
        for (at, distance, is_twice) in moves {
            let at = at.index(shuffled.len());
            let to = (at + distance).min(shuffled.len() - 1);
            let one = shuffled[at].clone();
            if is_twice {
                shuffled.insert(to, one);
            } else if !shuffled[at..=to].iter().any(|it| it.syn || it.reset || it.port != one.port) {
                shuffled.remove(at);
                shuffled.insert(to, one);
            }
        }
        let capture = captured(&shuffled, Link::Ethernet);
        prop_assert_eq!(&capture.notes, &[""; 0]);
        let plain = captured(&segments(live), Link::Ethernet);
        prop_assert_eq!(frames(&capture.transcript), frames(&plain.transcript));
        prop_assert_eq!(said(&oracle::judge(&capture.transcript)), said(&oracle::judge(live)));
    }

    #[test]
    fn what_is_missing_accuses_nobody(
        which in any::<prop::sample::Index>(),
        gone in prop::collection::vec(any::<prop::sample::Index>(), 1..6), begin in any::<prop::sample::Index>(), middle in any::<bool>()
    ) {
        let mut holed = segments(which.get(&CONVERSATIONS));
        for index in gone {
            let at = index.index(holed.len());
            // That the very end of a connection is missing shows nowhere.
            if holed[at + 1..].iter().any(|it| it.port == holed[at].port) {
                holed.remove(at);
            }
        }
        if middle {
            holed.drain(..begin.index(holed.len()));
        }
        if let Ok(capture) = read(&pcap(&holed, Link::Ethernet)) {
            let findings = oracle::judge(&capture.transcript);
            prop_assert_eq!(said(&findings), Vec::<String>::new(), "{:?}\n{:#?}", capture.notes,
                capture.transcript.render(&msnpspec::transcript::Redactor::default()));
        }
    }

    #[test]
    fn any_file_is_read_or_refused(
        is_modern in any::<bool>(), cut in any::<prop::sample::Index>(), flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20)
    ) {
        let modern = include_bytes!("../data/captures/ipv6.pcapng").to_vec();
        let mut file = match is_modern {
            true => modern,
            false => pcap(&segments(&conversation()), Link::Cooked),
        };
        for (at, byte) in flips {
            let at = at.index(file.len());
            file[at] = byte;
        }
        file.truncate(cut.index(file.len()) + 1);
        if let Ok(capture) = read(&file) {
            let entries = capture.packets.len();
            let (text, reading) = capture.into_reading();
            prop_assert_eq!(reading.places.len(), entries);
            prop_assert!(reading.places.iter().all(|(from, to)| text.get(*from..*to).is_some()));
        }
    }
}

#[test]
fn what_is_no_capture_is_refused() {
    assert_eq!(read(b"C: VER 1 MSNP2"), Err(CaptureError::Format));
    let web = Segment {
        at: Duration::ZERO,
        port: 80,
        party: Party::Client,
        sequence: 1,
        acknowledged: None,
        syn: true,
        fin: false,
        reset: false,
        payload: Vec::new(),
    };
    assert_eq!(
        read(&pcap(&[web], Link::Ethernet)),
        Err(CaptureError::Nothing {
            packets: 1,
            notes: Vec::new()
        })
    );
}

#[test]
fn a_missing_segment_is_told_with_its_connection() {
    let mut holed = segments(&conversation());
    let last = holed
        .iter()
        .rposition(|it| it.party == Party::Server && !it.payload.is_empty());
    let at = holed
        .iter()
        .position(|it| it.party == Party::Server && it.payload.starts_with(b"SYN"));
    holed.remove(at.unwrap_or(last.unwrap()));
    let capture = captured(&holed, Link::Ethernet);
    assert_eq!(capture.notes.len(), 1, "{:?}", capture.notes);
    assert!(
        capture.notes[0].contains("missing in one place, first behind packet"),
        "{:?}",
        capture.notes
    );
}

#[test]
fn the_line_of_a_place_is_the_packet() {
    let capture = captured(&segments(&conversation()), Link::Ethernet);
    let packets = capture.packets.clone();
    let (text, reading) = capture.into_reading();
    for (packet, (from, _)) in packets.iter().zip(&reading.places) {
        assert_eq!(
            text.get(..*from).unwrap().matches('\n').count() + 1,
            *packet
        );
    }
}
