//! From a packet to the TCP segment in it.

use std::net::{IpAddr, SocketAddr};

use etherparse::{
    EtherType, IpNumber, LaxIpPayloadSlice, LaxNetSlice, LaxSlicedPacket, TcpSlice, TransportSlice,
};

use super::container::Packet;
use super::fragments::{Fragment, Fragments};

/// The most bytes that a segment may have lost, whatever the file says.
const MOST_LOST: u32 = 1 << 20;

/// What a TCP segment says.
#[derive(Debug)]
pub(super) struct Segment<'p> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) sequence: u32,
    /// What its sender has received so far.
    pub(super) acknowledged: Option<u32>,
    pub(super) syn: bool,
    pub(super) fin: bool,
    pub(super) reset: bool,
    pub(super) payload: &'p [u8],
    /// How many bytes behind the payload were sent, and not kept.
    pub(super) lost: u32,
}

/// Reads packets, and counts what cannot be read.
#[derive(Debug, Default)]
pub(super) struct Reader {
    fragments: Fragments,
    /// Segments that were not kept whole.
    pub(super) cut: usize,
    /// Packets of links that are not read, and the link of the first.
    pub(super) foreign: Option<(usize, i32)>,
}

impl Reader {
    /// Hands over the segment in a packet, or the one that a fragment has completed.
    pub(super) fn read(&mut self, packet: &Packet<'_>, each: impl FnOnce(&Segment<'_>)) {
        let Ok(sliced) = slice(packet) else {
            self.foreign = Some(match self.foreign {
                Some((count, link)) => (count + 1, link),
                None => (1, packet.link),
            });
            return;
        };
        let Some((from, to, payload)) = sliced.as_ref().and_then(ends) else {
            self.cut += usize::from(packet.lost > 0 && sliced.is_none());
            return;
        };
        let lost = match payload.incomplete {
            true => packet.lost.min(MOST_LOST),
            false => 0,
        };
        if payload.fragmented {
            let fragment = sliced.as_ref().and_then(Fragment::of);
            let whole = fragment.filter(|_| lost == 0);
            let whole = whole.and_then(|it| self.fragments.take(&it, packet.at));
            if let Some(tcp) = whole
                .as_deref()
                .and_then(|it| TcpSlice::from_slice(it).ok())
            {
                each(&segment((from, to), &tcp, 0));
            }
            return;
        }
        match sliced.as_ref().and_then(|it| it.transport.as_ref()) {
            Some(TransportSlice::Tcp(tcp)) => {
                self.cut += usize::from(lost > 0);
                each(&segment((from, to), tcp, lost));
            }
            _ => self.cut += usize::from(lost > 0 && payload.ip_number == IpNumber::TCP),
        }
    }

    /// How many packets came in fragments of which some are missing.
    pub(super) fn unfinished(&self) -> usize {
        self.fragments.unfinished()
    }
}

/// A link type that is not read.
struct UnknownLink;

/// The packet's layers; `None` where they cannot be made out.
fn slice<'p>(packet: &Packet<'p>) -> Result<Option<LaxSlicedPacket<'p>>, UnknownLink> {
    let bytes = packet.bytes;
    let behind = |header: usize| bytes.get(header..).unwrap_or_default();
    let cooked = |kind: usize, header: usize| {
        let kind = bytes.get(kind..kind + 2).and_then(|it| it.try_into().ok());
        let kind = EtherType(u16::from_be_bytes(kind?));
        Some(LaxSlicedPacket::from_ether_type(kind, behind(header)))
    };
    Ok(match packet.link {
        // LINKTYPE_NULL, LINKTYPE_LOOP: the family, four bytes; the version says it again.
        0 | 108 => LaxSlicedPacket::from_ip(behind(4)).ok(),
        1 => match session(bytes) {
            Some(ppp) => inside_ppp(ppp),
            None => LaxSlicedPacket::from_ethernet(bytes).ok(),
        },
        // LINKTYPE_PPP, LINKTYPE_PPP_HDLC, LINKTYPE_PPP_ETHER.
        9 | 50 => inside_ppp(bytes.strip_prefix(&[0xff, 0x03]).unwrap_or(bytes)),
        51 => inside_ppp(behind(6)),
        // LINKTYPE_RAW, as several systems number it, LINKTYPE_IPV4, LINKTYPE_IPV6.
        12 | 14 | 101 | 228 | 229 => LaxSlicedPacket::from_ip(bytes).ok(),
        113 => cooked(14, 16),
        276 => cooked(0, 20),
        _ => return Err(UnknownLink),
    })
}

/// What a frame of Ethernet carries in a PPPoE session, behind VLAN tags or not.
fn session(bytes: &[u8]) -> Option<&[u8]> {
    let mut at = 12;
    while let Some([0x81 | 0x88 | 0x91, 0x00 | 0xa8]) = bytes.get(at..at + 2) {
        at += 4;
    }
    let rest = bytes.get(at..)?.strip_prefix(&[0x88, 0x64])?;
    rest.get(6..)
}

/// The IP packet in a frame of PPP.
fn inside_ppp(ppp: &[u8]) -> Option<LaxSlicedPacket<'_>> {
    let ip = match ppp {
        [0x00, 0x21 | 0x57, ip @ ..] | [0x21 | 0x57, ip @ ..] => ip,
        _ => return None,
    };
    LaxSlicedPacket::from_ip(ip).ok()
}

type Ends<'s, 'p> = (IpAddr, IpAddr, &'s LaxIpPayloadSlice<'p>);

/// Between whom the packet goes, and what it carries.
fn ends<'s, 'p>(sliced: &'s LaxSlicedPacket<'p>) -> Option<Ends<'s, 'p>> {
    match sliced.net.as_ref()? {
        LaxNetSlice::Ipv4(ip) => {
            let header = ip.header();
            let (from, to) = (header.source_addr(), header.destination_addr());
            Some((from.into(), to.into(), ip.payload()))
        }
        LaxNetSlice::Ipv6(ip) => {
            let header = ip.header();
            let (from, to) = (header.source_addr(), header.destination_addr());
            Some((from.into(), to.into(), ip.payload()))
        }
        LaxNetSlice::Arp(_) => None,
    }
}

fn segment<'p>((from, to): (IpAddr, IpAddr), tcp: &TcpSlice<'p>, lost: u32) -> Segment<'p> {
    Segment {
        from: SocketAddr::new(from, tcp.source_port()),
        to: SocketAddr::new(to, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
        syn: tcp.syn(),
        fin: tcp.fin(),
        reset: tcp.rst(),
        payload: tcp.payload(),
        lost,
    }
}
