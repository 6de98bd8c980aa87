//! What packets come in, and what hostile ones cost: VLAN tags, fragments, whose a connection
//! without a name is, segments and connections without end.

use std::time::Duration;

use etherparse::{IpFragOffset, IpNumber, Ipv4Header, PacketBuilder, VlanId};
use msnpspec::transcript::capture::read;
use msnpspec::transcript::{Party, Redactor, What};

use super::Link;
use super::{Segment, captured};

fn segment(port: u16, party: Party, (sequence, acknowledged): (u32, u32), text: &str) -> Segment {
    Segment {
        at: Duration::ZERO,
        port,
        party,
        sequence,
        acknowledged: Some(acknowledged),
        syn: false,
        fin: false,
        reset: false,
        payload: text.as_bytes().to_vec(),
    }
}

/// A file of these packets, of links of this type.
fn file(link: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = 0xa1b2_c3d4_u32.to_le_bytes().to_vec();
    file.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0]);
    file.extend(link.to_le_bytes());
    for packet in packets {
        let length = u32::try_from(packet.len()).unwrap().to_le_bytes();
        file.extend([0; 8]);
        file.extend([length, length].concat());
        file.extend(packet);
    }
    file
}

fn said(file: &[u8]) -> Vec<String> {
    let capture = read(file).unwrap();
    capture.transcript.render(&Redactor::default())
}

const LINE: &[u8] = b"VER 1 MSNP2 CVR0 and more that makes it long enough\r\n";

#[test]
fn tags_of_vlans_are_passed_over() {
    let id = VlanId::try_new(7).unwrap();
    let start = || PacketBuilder::ethernet2([1; 6], [2; 6]);
    let mut single = Vec::new();
    let builder = start()
        .single_vlan(id)
        .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 9);
    let builder = builder.tcp(4000, 1863, 1, 9).ack(1);
    builder.write(&mut single, LINE).unwrap();
    let mut double = Vec::new();
    let builder = start().double_vlan(id, id).ipv6([1; 16], [2; 16], 9);
    let builder = builder.tcp(4000, 1863, 1, 9).ack(1);
    builder.write(&mut double, LINE).unwrap();
    for packet in [single, double] {
        let told = said(&file(1, &[packet]));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("C: VER 1 MSNP2"), "{told:?}");
    }
}

#[test]
fn fragments_in_any_order_make_a_packet() {
    let mut whole = Vec::new();
    let builder = PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 9);
    let builder = builder.tcp(4000, 1863, 1, 9).ack(1);
    builder.write(&mut whole, LINE).unwrap();
    let tcp = &whole[20..];
    let fragment = |from: usize, to: usize| {
        let length = u16::try_from(to - from).unwrap();
        let ends = ([10, 0, 0, 1], [10, 0, 0, 2]);
        let mut header = Ipv4Header::new(length, 9, IpNumber::TCP, ends.0, ends.1).unwrap();
        header.identification = 77;
        header.dont_fragment = false;
        header.more_fragments = to < tcp.len();
        header.fragment_offset = IpFragOffset::try_new(u16::try_from(from / 8).unwrap()).unwrap();
        let mut packet = Vec::new();
        header.write(&mut packet).unwrap();
        packet.extend(&tcp[from..to]);
        packet
    };
    let parts = [fragment(0, 24), fragment(24, 48), fragment(48, tcp.len())];
    let mut turned = parts.to_vec();
    turned.reverse();
    for packets in [parts.to_vec(), turned] {
        let told = said(&file(101, &packets));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].ends_with("long enough"), "{told:?}");
    }
    let mut holed = vec![whole.clone(), fragment(0, 24)];
    holed.push(fragment(48, tcp.len()));
    let notes = read(&file(101, &holed)).unwrap().notes;
    let is_told = |note: &String| note.contains("lack some of their fragments");
    assert!(notes.iter().any(is_told), "{notes:?}");
}

#[test]
fn a_cookie_tells_whose_a_connection_is() {
    let talk = [
        segment(1, Party::Client, (1, 1), "XFR 7 SB\r\n"),
        segment(
            1,
            Party::Server,
            (1, 11),
            "XFR 7 SB 10.0.0.2:1863 CKI 55\r\n",
        ),
        segment(2, Party::Client, (1, 1), "USR 1 carol@hotmail.com 55\r\n"),
    ];
    let told = captured(&talk, Link::Ethernet).transcript;
    let told = told.render(&Redactor::default());
    assert_eq!(told[0], "carol C: XFR 7 SB");
    assert!(told[2].starts_with("carol@sb C: USR 1"), "{told:?}");
}

#[test]
fn what_never_comes_is_not_waited_for_for_ever() {
    let lines = (1..5000_u32).map(|n| segment(1, Party::Client, (n * 100, 1), "PNG\r\n"));
    let lines: Vec<Segment> = lines.collect();
    let capture = captured(&lines, Link::Ethernet);
    let entries = capture.transcript.entries();
    let holes = entries
        .iter()
        .filter(|it| matches!(it.what, What::Missing(..)));
    let holes = holes.count();
    assert!((10..100).contains(&holes), "{holes} holes");
    assert_eq!(capture.notes.len(), 1, "{:?}", capture.notes);
    let strangers = (1..5000_u16).map(|port| segment(port, Party::Client, (1, 1), "PNG\r\n"));
    let strangers: Vec<Segment> = strangers.collect();
    let capture = captured(&strangers, Link::Ethernet);
    assert_eq!(capture.transcript.connections().len(), 4999);
    assert_eq!(capture.notes.len(), 21, "{:?}", capture.notes.last());
}
