//! How the simulated network behaves.

use std::time::Duration;

use bytes::Bytes;

/// How the bytes that cross the network are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Chunking {
    /// As they were written.
    #[default]
    Whole,
    /// Into pieces of so many bytes.
    Bytes(usize),
    /// Into pieces of 1 to 64 bytes, decided by a seed.
    Random(u64),
}

/// How the simulated network behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SimOptions {
    /// How the bytes are cut, in both directions.
    pub chunk: Chunking,
    /// How long each piece is on its way.
    pub latency: Duration,
}

/// Cuts bytes into pieces.
#[derive(Debug)]
pub(super) struct Cutter {
    chunk: Chunking,
    state: u64,
}

impl Cutter {
    pub(super) fn new(chunk: Chunking) -> Self {
        let state = match chunk {
            Chunking::Random(seed) => seed,
            _ => 0,
        };
        Self { chunk, state }
    }

    /// Takes the next piece off the front; `None` when nothing is left.
    pub(super) fn cut(&mut self, bytes: &mut Bytes) -> Option<Bytes> {
        if bytes.is_empty() {
            return None;
        }
        let size = match self.chunk {
            Chunking::Whole => return Some(std::mem::take(bytes)),
            Chunking::Bytes(size) => size.max(1),
            Chunking::Random(_) => self.random_size(),
        };
        Some(bytes.split_to(size.min(bytes.len())))
    }

    /// A size of 1 to 64 (splitmix64).
    fn random_size(&mut self) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let low = u8::try_from((z ^ (z >> 31)) & 63).unwrap_or_default();
        usize::from(low) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_up_the_whole() {
        let bytes = Bytes::from((0..=255).collect::<Vec<u8>>());
        let cut = |chunk| {
            let (mut cutter, mut rest) = (Cutter::new(chunk), bytes.clone());
            std::iter::from_fn(|| cutter.cut(&mut rest)).collect::<Vec<Bytes>>()
        };
        for chunk in [
            Chunking::Whole,
            Chunking::Bytes(7),
            Chunking::Bytes(0),
            Chunking::Random(3),
        ] {
            assert_eq!(cut(chunk).concat(), bytes, "{chunk:?}");
        }
        assert_eq!(cut(Chunking::Bytes(7)).len(), 37);
        let random = |seed| cut(Chunking::Random(seed));
        assert_eq!(random(3), random(3));
        assert_ne!(random(3), random(4));
    }
}
