//! Where the choices of a case come from: bytes, and bytes from a seed and a number.
//!
//! The bytes of case `i` of a campaign are stream `i` of ChaCha8 under the campaign's seed. Its
//! output is fixed by the cipher, so they are the same on every machine and with every release of
//! the crate; and a stream is reached directly, without drawing those before it.

use arbitrary::Unstructured;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// The bytes that a short case has at least.
const SHORT: u32 = 48;
/// The most bytes of a case.
pub(super) const MOST_BYTES: usize = 1024;

/// Stream `number` under a seed.
#[must_use]
pub fn stream(seed: u64, number: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (place, byte) in key.iter_mut().zip(seed.to_le_bytes()) {
        *place = byte;
    }
    let mut random = ChaCha8Rng::from_seed(key);
    random.set_stream(number);
    random
}

/// The bytes of case `number`: mostly few, sometimes many.
#[must_use]
pub fn case_bytes(seed: u64, number: u64) -> Vec<u8> {
    let mut random = stream(seed, number);
    let shape = random.next_u32();
    let length = match shape % 8 {
        0..2 => SHORT + shape / 8 % 900,
        2..4 => SHORT + shape / 8 % 300,
        _ => SHORT + shape / 8 % 80,
    };
    let mut bytes = vec![0; (length as usize).min(MOST_BYTES)];
    random.fill_bytes(&mut bytes);
    bytes
}

/// Choices made by bytes. When they are used up, the first choice is made each time.
#[derive(Debug)]
pub struct Entropy<'b> {
    bytes: Unstructured<'b>,
}

impl<'b> Entropy<'b> {
    /// Choices made by these bytes.
    #[must_use]
    pub fn new(bytes: &'b [u8]) -> Self {
        Self {
            bytes: Unstructured::new(bytes),
        }
    }

    /// Whether all bytes are used up.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// A number below `bound`; 0 where there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        match bound.checked_sub(1) {
            None | Some(0) => 0,
            Some(most) => self.bytes.int_in_range(0..=most).unwrap_or(0),
        }
    }

    /// A number from `least` to `most`.
    pub fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most.saturating_sub(least) + 1)
    }

    /// True in about `parts` of 256 cases; false when the bytes are used up.
    pub fn chance(&mut self, parts: u8) -> bool {
        !self.is_empty() && self.below(256) >= 256 - usize::from(parts)
    }

    /// One of these; `None` where there is none.
    pub fn pick<'t, T>(&mut self, of: &'t [T]) -> Option<&'t T> {
        of.get(self.below(of.len()))
    }

    /// One of these names.
    pub fn name(&mut self, of: &[&'static str]) -> &'static str {
        self.pick(of).copied().unwrap_or_default()
    }

    /// One of these by weight; `None` where all weights are 0.
    pub fn weighted<T: Copy>(&mut self, of: &[(usize, T)]) -> Option<T> {
        let sum = of.iter().map(|(weight, _)| weight).sum();
        let mut at = self.below(sum);
        for (weight, one) in of {
            if at < *weight {
                return Some(*one);
            }
            at -= weight;
        }
        None
    }
}

/// A few bytes changed, put in, taken out or repeated.
pub(super) fn vary(bytes: &[u8], random: &mut impl rand_chacha::rand_core::Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut below = |bound: usize| random.next_u32() as usize % bound.max(1);
    for _ in 0..=below(4) {
        let at = below(bytes.len());
        match below(5) {
            0 | 1 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = u8::try_from(below(256)).unwrap_or_default();
                }
            }
            2 => {
                let more = (0..=below(16)).map(|_| u8::try_from(below(256)).unwrap_or_default());
                let more: Vec<u8> = more.collect();
                bytes.splice(at..at, more);
            }
            3 => {
                let end = (at + 1 + below(16)).min(bytes.len());
                bytes.drain(at.min(end)..end);
            }
            _ => {
                let more = (0..=below(200)).map(|_| u8::try_from(below(256)).unwrap_or_default());
                let more: Vec<u8> = more.collect();
                bytes.extend(more);
            }
        }
    }
    bytes.truncate(MOST_BYTES);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_derives_from_seed_and_number_alone() {
        assert_eq!(case_bytes(7, 3), case_bytes(7, 3));
        assert_ne!(case_bytes(7, 3), case_bytes(7, 4));
        assert_ne!(case_bytes(7, 3), case_bytes(8, 3));
        let lengths: Vec<usize> = (0..200).map(|i| case_bytes(1, i).len()).collect();
        assert!(lengths.iter().any(|l| *l > 500) && lengths.iter().any(|l| *l < 100));
        let begin = hex::encode(case_bytes(1, 1).get(..8).unwrap());
        assert_eq!(begin, "d425811a929149ac", "the same on every machine");
    }

    #[test]
    fn choices_are_total() {
        let mut none = Entropy::new(&[]);
        assert_eq!(
            (none.below(5), none.below(0), none.between(3, 9)),
            (0, 0, 3)
        );
        assert!(!none.chance(255));
        assert_eq!(none.pick::<u8>(&[]), None);
        assert_eq!(none.weighted(&[(0, 'a'), (2, 'b')]), Some('b'));
        assert_eq!(none.weighted::<u8>(&[]), None);
        let bytes: Vec<u8> = (0..=255).collect();
        let mut some = Entropy::new(&bytes);
        let mut seen = [0; 3];
        for _ in 0..250 {
            seen[some.below(3)] += 1;
        }
        assert!(seen.iter().all(|times| *times > 60), "{seen:?}");
    }
}
