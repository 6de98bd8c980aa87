//! IP packets that came in fragments, put together again.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use etherparse::defrag::IpDefragBuf;
use etherparse::{IpFragOffset, IpNumber, Ipv6ExtensionSlice, LaxNetSlice, LaxSlicedPacket};

/// How many packets may wait for fragments at once; each holds at most 64 KiB.
const MOST_WAITING: usize = 128;
/// How long a packet waits for its fragments.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which packet a fragment belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Whose {
    from: IpAddr,
    to: IpAddr,
    identification: u32,
    protocol: IpNumber,
}

/// A fragment of an IP packet.
#[derive(Debug)]
pub(super) struct Fragment<'p> {
    whose: Whose,
    offset: IpFragOffset,
    has_more: bool,
    payload: &'p [u8],
}

impl<'p> Fragment<'p> {
    /// The fragment that a packet is; `None` where it is whole.
    pub(super) fn of(sliced: &LaxSlicedPacket<'p>) -> Option<Self> {
        match sliced.net.as_ref()? {
            LaxNetSlice::Ipv4(ip) => {
                let header = ip.header();
                Some(Self {
                    whose: Whose {
                        from: header.source_addr().into(),
                        to: header.destination_addr().into(),
                        identification: header.identification().into(),
                        protocol: ip.payload().ip_number,
                    },
                    offset: header.fragments_offset(),
                    has_more: header.more_fragments(),
                    payload: ip.payload().payload,
                })
            }
            LaxNetSlice::Ipv6(ip) => {
                let mut extensions = ip.extensions().clone().into_iter();
                let fragment = extensions.find_map(|extension| match extension {
                    Ipv6ExtensionSlice::Fragment(fragment) => Some(fragment),
                    _ => None,
                })?;
                Some(Self {
                    whose: Whose {
                        from: ip.header().source_addr().into(),
                        to: ip.header().destination_addr().into(),
                        identification: fragment.identification(),
                        protocol: ip.payload().ip_number,
                    },
                    offset: fragment.fragment_offset(),
                    has_more: fragment.more_fragments(),
                    payload: ip.payload().payload,
                })
            }
            LaxNetSlice::Arp(_) => None,
        }
    }
}

/// The packets that wait for fragments.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    waiting: HashMap<Whose, (IpDefragBuf, Duration)>,
    /// The same, oldest first, with some that do not wait any more.
    order: VecDeque<Whose>,
    given_up: usize,
}

impl Fragments {
    /// Takes a fragment; what the packet carries, once that is whole. Of packets that are not TCP
    /// nothing is kept.
    pub(super) fn take(&mut self, fragment: &Fragment<'_>, now: Duration) -> Option<Vec<u8>> {
        let whose = fragment.whose;
        if whose.protocol != IpNumber::TCP {
            return None;
        }
        let known = self.waiting.get(&whose);
        if known.is_some_and(|(_, since)| now.saturating_sub(*since) > PATIENCE) {
            self.give_up(&whose);
        }
        if !self.waiting.contains_key(&whose) {
            self.make_room();
            self.order.push_back(whose);
        }
        let fresh = || {
            (
                IpDefragBuf::new(whose.protocol, Vec::new(), Vec::new()),
                now,
            )
        };
        let (packet, _) = self.waiting.entry(whose).or_insert_with(fresh);
        let added = packet.add(fragment.offset, fragment.has_more, fragment.payload);
        if added.is_err() {
            self.give_up(&whose);
            return None;
        }
        if !packet.is_complete() {
            return None;
        }
        let (packet, _) = self.waiting.remove(&whose)?;
        Some(packet.take_bufs().0)
    }

    /// How many packets never became whole.
    pub(super) fn unfinished(&self) -> usize {
        self.given_up + self.waiting.len()
    }

    fn give_up(&mut self, whose: &Whose) {
        self.given_up += usize::from(self.waiting.remove(whose).is_some());
    }

    fn make_room(&mut self) {
        while self.order.len() >= MOST_WAITING {
            if let Some(oldest) = self.order.pop_front() {
                self.give_up(&oldest);
            }
        }
    }
}
