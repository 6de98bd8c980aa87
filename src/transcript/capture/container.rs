//! The file around the packets.

use std::time::Duration;

use pcap_parser::pcapng::Block;
use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{PcapBlockOwned, PcapError, create_reader};

use super::CaptureError;

/// The longest block that is read, in bytes.
const LONGEST: usize = 4 * 1024 * 1024;
/// How many interfaces a section may have.
const MOST_INTERFACES: usize = 4096;

/// A packet of the file.
#[derive(Debug)]
pub(super) struct Packet<'p> {
    /// From 1, as other tools count.
    pub(super) number: usize,
    /// Since the epoch.
    pub(super) at: Duration,
    /// The type of the link that it was captured on.
    pub(super) link: i32,
    /// What was kept of it.
    pub(super) bytes: &'p [u8],
    /// How many bytes at its end were not kept.
    pub(super) lost: u32,
}

/// An interface of a pcapng file: its link, and what a second has.
#[derive(Debug, Clone, Copy)]
struct Interface {
    link: i32,
    /// Units of time stamps in a second.
    units: u64,
    offset: i64,
}

/// Hands over all packets in turn. Gives the number of the last good one if the file is damaged
/// behind it.
pub(super) fn packets(
    bytes: &[u8],
    mut each: impl FnMut(Packet<'_>),
) -> Result<Option<usize>, CaptureError> {
    let capacity = bytes.len().clamp(1024, LONGEST) + 1024;
    let mut reader = create_reader(capacity, bytes).map_err(|_| CaptureError::Format)?;
    let mut state = State::default();
    loop {
        let is_exhausted = reader.reader_exhausted();
        let used = match reader.next() {
            Ok((used, block)) => {
                if let Some(packet) = state.block(&block) {
                    each(packet);
                }
                used
            }
            Err(PcapError::Eof) => return Ok(None),
            Err(PcapError::Incomplete(_)) if !is_exhausted => {
                if reader.refill().is_err() {
                    return Ok(Some(state.count));
                }
                continue;
            }
            Err(_) => return Ok(Some(state.count)),
        };
        reader.consume(used);
    }
}

#[derive(Debug, Default)]
struct State {
    count: usize,
    interfaces: Vec<Interface>,
}

impl State {
    fn block<'p>(&mut self, block: &'p PcapBlockOwned<'_>) -> Option<Packet<'p>> {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                let units = match header.is_nanosecond_precision() {
                    true => 1_000_000_000,
                    false => 1_000_000,
                };
                self.interfaces = vec![Interface {
                    link: header.network.0 & 0xffff,
                    units,
                    offset: 0,
                }];
                None
            }
            PcapBlockOwned::Legacy(packet) => {
                let interface = self.interfaces.first().copied()?;
                let seconds = Duration::from_secs(packet.ts_sec.into());
                let at = seconds + since(packet.ts_usec.into(), interface.units);
                let lost = packet.origlen.saturating_sub(packet.caplen);
                Some(self.packet(at, interface.link, packet.data, lost))
            }
            PcapBlockOwned::NG(block) => self.modern(block),
        }
    }

    fn modern<'p>(&mut self, block: &'p Block<'_>) -> Option<Packet<'p>> {
        match block {
            Block::SectionHeader(_) => self.interfaces.clear(),
            Block::InterfaceDescription(it) if self.interfaces.len() < MOST_INTERFACES => {
                self.interfaces.push(Interface {
                    link: it.linktype.0,
                    units: it.ts_resolution().unwrap_or(1_000_000),
                    offset: it.ts_offset(),
                });
            }
            Block::EnhancedPacket(it) => {
                let interface = usize::try_from(it.if_id).ok();
                let interface = interface.and_then(|id| self.interfaces.get(id)).copied();
                let Some(interface) = interface else {
                    self.count += 1;
                    return None;
                };
                let time = u64::from(it.ts_high) << 32 | u64::from(it.ts_low);
                let at = since(time, interface.units);
                let offset = u64::try_from(interface.offset).unwrap_or(0);
                let at = at.saturating_add(Duration::from_secs(offset));
                let lost = it.origlen.saturating_sub(it.caplen);
                return Some(self.packet(at, interface.link, it.packet_data(), lost));
            }
            Block::SimplePacket(it) => {
                let link = self.interfaces.first().map_or(-1, |first| first.link);
                let data = it.packet_data();
                let kept = u32::try_from(data.len()).unwrap_or(u32::MAX);
                let lost = it.origlen.saturating_sub(kept);
                return Some(self.packet(Duration::ZERO, link, data, lost));
            }
            _ => {}
        }
        None
    }

    fn packet<'p>(&mut self, at: Duration, link: i32, bytes: &'p [u8], lost: u32) -> Packet<'p> {
        self.count += 1;
        Packet {
            number: self.count,
            at,
            link,
            bytes,
            lost,
        }
    }
}

/// A time stamp in these units a second.
fn since(time: u64, units: u64) -> Duration {
    let units = units.max(1);
    let nanos = u128::from(time % units) * 1_000_000_000 / u128::from(units);
    let nanos = u64::try_from(nanos).unwrap_or(0);
    Duration::from_secs(time / units).saturating_add(Duration::from_nanos(nanos))
}
