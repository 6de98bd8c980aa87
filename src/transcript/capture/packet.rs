//! From a packet to the TCP segment in it.

use std::net::{IpAddr, SocketAddr};

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};

use super::container::Packet;

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
}

/// A link type that is not read.
#[derive(Debug)]
pub(super) struct UnknownLink;

/// The segment in a packet; `None` where there is none, or one that cannot be read.
pub(super) fn segment<'p>(packet: &Packet<'p>) -> Result<Option<Segment<'p>>, UnknownLink> {
    let bytes = packet.bytes;
    let behind = |header: usize| bytes.get(header..).unwrap_or_default();
    let cooked = |kind: usize, header: usize| {
        let kind = bytes.get(kind..kind + 2).and_then(|it| it.try_into().ok());
        let kind = EtherType(u16::from_be_bytes(kind.unwrap_or_default()));
        LaxSlicedPacket::from_ether_type(kind, behind(header))
    };
    let sliced = match packet.link {
        // LINKTYPE_NULL, LINKTYPE_LOOP: the family, four bytes; the version says it again.
        0 | 108 => LaxSlicedPacket::from_ip(behind(4)).ok(),
        1 => LaxSlicedPacket::from_ethernet(bytes).ok(),
        // LINKTYPE_RAW, as several systems number it, LINKTYPE_IPV4, LINKTYPE_IPV6.
        12 | 14 | 101 | 228 | 229 => LaxSlicedPacket::from_ip(bytes).ok(),
        113 => Some(cooked(14, 16)),
        276 => Some(cooked(0, 20)),
        _ => return Err(UnknownLink),
    };
    Ok(sliced.and_then(|it| tcp(&it, packet.lost > 0)))
}

fn tcp<'p>(packet: &LaxSlicedPacket<'p>, is_cut: bool) -> Option<Segment<'p>> {
    let Some(TransportSlice::Tcp(tcp)) = &packet.transport else {
        return None;
    };
    let (from, to): (IpAddr, IpAddr) = match packet.net.as_ref()? {
        LaxNetSlice::Ipv4(ip) => {
            let header = ip.header();
            (
                header.source_addr().into(),
                header.destination_addr().into(),
            )
        }
        LaxNetSlice::Ipv6(ip) => {
            let header = ip.header();
            (
                header.source_addr().into(),
                header.destination_addr().into(),
            )
        }
        LaxNetSlice::Arp(_) => return None,
    };
    Some(Segment {
        from: SocketAddr::new(from, tcp.source_port()),
        to: SocketAddr::new(to, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
        syn: tcp.syn(),
        // Where the end was not kept, what stands there is a hole, and not the end.
        fin: tcp.fin() && !is_cut,
        reset: tcp.rst(),
        payload: tcp.payload(),
    })
}
