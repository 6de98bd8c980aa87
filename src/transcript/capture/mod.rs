//! Captures of the network: pcap and pcapng files become transcripts.
//!
//! Understood are Ethernet (with VLAN and PPPoE), PPP, Linux cooked (both forms), loopback and raw
//! IP, with IPv4 and IPv6, whole or in fragments; what a client says to a proxy before the server
//! hears it is left out. Segments may come late, twice or overlapping. Nothing is shown
//! before what it acknowledges, so a reply never stands in front of its request. What the capture
//! has missed is told as [`What::Missing`](super::What::Missing); reading goes on where the next
//! line begins.

mod container;
mod flow;
mod fragments;
mod packet;
mod talk;
mod tunnel;

use std::fmt::Write as _;

use super::read::Reading;
use super::record::Transcript;
use super::redact::Redactor;

/// The longest text of a packet, in characters.
const LONGEST_LINE: usize = 500;

/// How many connections that are not whole are told one by one.
const MOST_NOTES: usize = 20;

/// What a capture shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capture {
    /// The conversations with MSNP servers, all together.
    pub transcript: Transcript,
    /// The number of the packet, from 1, that completed each entry of the transcript.
    pub packets: Vec<usize>,
    /// What a reader should know: packets that are missing or could not be read.
    pub notes: Vec<String>,
}

/// Why a file is no capture of anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaptureError {
    /// Not pcap, not pcapng.
    #[error("neither a pcap nor a pcapng file")]
    Format,
    /// No packet of an MSNP conversation.
    #[error("no MSNP conversation among {packets} packets{}", told(.notes))]
    Nothing {
        /// How many packets there are.
        packets: usize,
        /// What could not be read of them.
        notes: Vec<String>,
    },
}

fn told(notes: &[String]) -> String {
    notes
        .iter()
        .fold(String::new(), |text, note| text + "; " + note)
}

/// What a capture is called that is of another kind, by its first bytes.
#[must_use]
pub fn foreign(bytes: &[u8]) -> Option<&'static str> {
    let heads: [(&[u8], &str); 6] = [
        (b"snoop\0\0\0", "snoop"),
        (b"GMBU", "Microsoft Network Monitor"),
        (b"RTSS", "Microsoft Network Monitor"),
        (b"XCP\0", "NetXray"),
        (b"TRSNIFF data", "Sniffer"),
        (b"\x7fver", "EtherPeek"),
    ];
    let known = heads.iter().find(|(head, _)| bytes.starts_with(head));
    known.map(|(_, name)| *name)
}

/// Whether a file begins like a capture.
#[must_use]
pub fn is_capture(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0xd4, 0xc3, 0xb2, 0xa1, ..]
            | [0xa1, 0xb2, 0xc3, 0xd4, ..]
            | [0x4d, 0x3c, 0xb2, 0xa1, ..]
            | [0xa1, 0xb2, 0x3c, 0x4d, ..]
            | [0x0a, 0x0d, 0x0d, 0x0a, ..]
    )
}

/// Reads a capture.
///
/// # Errors
///
/// When the file is no capture, or nobody speaks MSNP in it.
pub fn read(bytes: &[u8]) -> Result<Capture, CaptureError> {
    let mut flows = flow::Flows::default();
    let mut reader = packet::Reader::default();
    let mut count = 0;
    let damage = container::packets(bytes, |packet| {
        count = packet.number;
        reader.read(&packet, |segment| flows.take(&packet, segment));
    })?;
    let unread = flows.unread;
    let (flows, events) = flows.finish();
    let mut capture = talk::transcript(&flows, tunnel::through(events));
    let more = capture.notes.len().saturating_sub(MOST_NOTES);
    capture.notes.truncate(MOST_NOTES);
    if more > 0 {
        capture
            .notes
            .push(format!("{more} more connections are not whole"));
    }
    capture.notes.extend(remarks(&reader, damage, unread));
    match capture.packets.is_empty() {
        true => Err(CaptureError::Nothing {
            packets: count,
            notes: capture.notes,
        }),
        false => Ok(capture),
    }
}

/// What a reader should know of the file as a whole.
fn remarks(reader: &packet::Reader, damage: Option<usize>, unread: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(number) = damage {
        notes.push(format!(
            "the file is damaged or cut off behind packet {number}"
        ));
    }
    if let Some((count, link)) = reader.foreign {
        notes.push(format!(
            "{count} packets are of a link that is not read (the first of link type {link}); read \
             are Ethernet, PPP, Linux cooked, loopback and raw IP"
        ));
    }
    if reader.cut > 0 {
        notes.push(format!(
            "{} packets were not captured whole: `tcpdump -s 0` keeps all of each",
            reader.cut
        ));
    }
    let unfinished = reader.unfinished();
    if unfinished > 0 {
        notes.push(format!(
            "{unfinished} IP packets lack some of their fragments"
        ));
    }
    if unread > 0 {
        notes.push(format!(
            "there are too many connections: {unread} packets were left out"
        ));
    }
    notes
}

impl Capture {
    /// A text for messages to point into, with a line for each packet, and the transcript with
    /// its places in that text. Responses to challenges are masked.
    #[must_use]
    pub fn into_reading(self) -> (String, Reading) {
        let redactor = Redactor::default();
        let mut text = String::new();
        let mut places = Vec::with_capacity(self.packets.len());
        let mut line = 1;
        for (entry, packet) in self.transcript.entries().iter().zip(&self.packets) {
            let first = line;
            while line < *packet {
                text.push('\n');
                line += 1;
            }
            if first == line && !text.is_empty() && !text.ends_with('\n') {
                text.push_str("   ");
            }
            let start = text.len();
            let told = self.transcript.render_entry(entry, &redactor).join(" ");
            match told.char_indices().nth(LONGEST_LINE) {
                None => text.push_str(&told),
                Some((end, _)) => {
                    let _ = write!(text, "{}…", told.get(..end).unwrap_or_default());
                }
            }
            places.push((start, text.len()));
        }
        let transcript = self.transcript;
        (text, Reading { transcript, places })
    }
}
