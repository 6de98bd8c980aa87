//! Dialects that are not judged, in captures: nothing of them is taken for a breach of another.

use msnpspec::oracle;
use msnpspec::protocol::Inferred;
use msnpspec::suite::remarks;
use msnpspec::transcript::capture::read;
use msnpspec::transcript::read::Reading;
use msnpspec::transcript::{Party, What};

fn capture(name: &str) -> Reading {
    let path = format!("{}/tests/data/captures/{name}", env!("CARGO_MANIFEST_DIR"));
    let (_, reading) = read(&std::fs::read(path).unwrap()).unwrap().into_reading();
    reading
}

/// How many lines of the server of this verb came with a payload.
fn payloads(reading: &Reading, verb: &[u8]) -> usize {
    let entries = reading.transcript.entries().iter();
    let lines = entries.filter(|entry| match &entry.what {
        What::Frame(Party::Server, frame) => frame.verb() == verb && frame.payload.is_some(),
        _ => false,
    });
    lines.count()
}

#[test]
fn a_whole_login_of_a_later_dialect_is_read_and_not_accused() {
    let reading = capture("msnp15.pcap");
    assert!(payloads(&reading, b"GCF") > 0 && payloads(&reading, b"UBX") > 0);
    assert_eq!(oracle::judge(&reading.transcript), []);
    let remarks = remarks(&reading);
    let mut of_dialect = remarks
        .iter()
        .filter(|text| text.starts_with("MSNP15 is recognised"));
    assert!(
        of_dialect.next().is_some() && remarks.len() == 1,
        "{remarks:?}"
    );
}

#[test]
fn the_middle_of_a_later_dialect_is_told_by_its_lines() {
    for name in ["msnp15-midsession.pcap", "msnp11-midsession.pcap"] {
        let reading = capture(name);
        assert_eq!(oracle::judge(&reading.transcript), [], "{name}");
        let shown = reading.transcript.connections().iter();
        let inferred = shown.filter_map(|it| it.inference()).map(|it| it.dialect());
        let is_foreign = |it: &Inferred| matches!(it, Inferred::Foreign(_));
        assert!(inferred.clone().count() > 0, "{name}");
        assert!(inferred.into_iter().all(|it| is_foreign(&it)), "{name}");
        let remarks = remarks(&reading);
        assert!(
            remarks.iter().any(|text| text.contains("or later")),
            "{remarks:?}"
        );
    }
}
