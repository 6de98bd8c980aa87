//! What a corpus of numbered cases comes to.

use std::collections::BTreeMap;

use md5::{Digest, Md5};

use super::name::Name;

/// A digest of the numbered cases of a corpus: each transition with the first case that reached
/// it, and the bytes of that case.
pub(super) fn digest(
    transitions: &BTreeMap<String, String>,
    bytes: impl Fn(u64) -> Vec<u8>,
) -> String {
    let mut digest = Md5::new();
    for (transition, name) in transitions {
        if let Some(Name::Case(number)) = Name::parse(name) {
            digest.update(format!("{transition} {number}\n"));
            digest.update(bytes(number));
        }
    }
    hex::encode(digest.finalize())
}
