//! Sessions of several users against the reference server, judged as in a campaign.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use crate::fuzzer::generate::{Manner, generate};
use crate::fuzzer::judge::Verdict;
use crate::fuzzer::reference::Reference;
use crate::fuzzer::watch::{Sight, watch};
use crate::protocol::Level;
use crate::scenario;
use crate::sim::{Chunking, SimOptions};

static REFERENCE: LazyLock<Reference> = LazyLock::new(Reference::default);

/// Any bytes as a case of `msnpspec fuzz`: the reference server passes every step, and neither
/// oracles nor model accuse it, at any level. The first byte says how the stream is cut and how
/// long it is on its way; the generator takes the rest.
///
/// # Panics
///
/// On a finding, with the scenario and what was on the wire.
pub fn server_session(data: &[u8]) {
    let Some((network, bytes)) = data.split_first() else {
        return;
    };
    judge(&REFERENCE, *network, bytes);
}

/// The same on any reference server.
fn judge(reference: &Reference, network: u8, bytes: &[u8]) {
    let options = SimOptions {
        chunk: match network & 3 {
            0 | 1 => Chunking::Whole,
            2 => Chunking::Bytes(1 + usize::from(network >> 2)),
            _ => Chunking::Random(u64::from(network >> 2)),
        },
        latency: Duration::from_millis(u64::from(network >> 5)),
    };
    let case = generate(bytes, Manner::default());
    let scenario = Arc::new(case.scenario);
    let server = reference.clone().over(options);
    let mut outcome = server.execute_shared(Arc::clone(&scenario));
    watch(&mut outcome, &scenario, Sight::Whole);
    let (verdict, told) = Verdict::of(&outcome, Level::Practice);
    if let Some((signature, failure)) = told.first() {
        let lines = failure.transcript.join("\n");
        panic!(
            "{verdict:?}: {signature}\nexpected {}, got {} ({:?})\n{}\n{lines}",
            failure.expected,
            failure.got,
            failure.detail,
            scenario::print(&scenario),
        );
    }
    assert_eq!(verdict, Verdict::Passed, "{}", scenario::print(&scenario));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzzer::entropy::case_bytes;
    use crate::server::{Fault, FaultSet};

    #[test]
    fn a_fault_is_a_panic() {
        let faulty = Reference::with_faults(FaultSet::from_iter([Fault::LINE_FEED_ALONE]));
        let played = std::panic::catch_unwind(|| judge(&faulty, 0, &case_bytes(1, 0)));
        assert!(played.is_err(), "the fault is not told");
        judge(&Reference::default(), 0xe3, &case_bytes(1, 0));
    }
}
