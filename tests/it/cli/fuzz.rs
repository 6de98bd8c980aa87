//! `msnpspec fuzz`.

use serde_json::Value;

use super::call;

/// The events that a call has told.
fn events(out: &str) -> Vec<Value> {
    let lines = out.lines().map(serde_json::from_str);
    lines.map(|line| line.expect("a line is JSON")).collect()
}

#[test]
fn a_sound_server_has_no_finding() {
    let told = call(&["fuzz", "--cases", "40", "--jobs", "2"]);
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    let events = events(&told.out);
    let last = events.last().expect("there is an end");
    assert_eq!(
        (&last["event"], &last["cases"]),
        (&"finished".into(), &40.into())
    );
    assert_eq!(last["verdicts"]["passed"], 40);
    let again = call(&["fuzz", "--cases", "40"]);
    let hash = |out: &str| {
        self::events(out)
            .pop()
            .map(|last| last["corpus_hash"].clone())
    };
    assert_eq!(hash(&told.out), hash(&again.out));
}

#[test]
fn a_fault_is_found_saved_and_played_again() {
    let folder = tempfile::tempdir().unwrap();
    let save = folder.path().to_str().unwrap();
    let fault = ["--fault", "unasked-reply"];
    let told = call(&[&["fuzz", "--cases", "5", "--save", save], &fault[..]].concat());
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    let first = events(&told.out).remove(0);
    assert_eq!(first["event"], "finding");
    let file = first["file"].as_str().expect("it is saved");
    assert!(
        std::fs::read_to_string(file)
            .unwrap()
            .contains("# signature: ")
    );
    let told = call(&[&["fuzz", "--replay", save], &fault[..]].concat());
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    assert!(told.out.contains(": still failing"), "{}", told.out);
    let told = call(&["fuzz", "--replay", save]);
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    assert!(told.out.contains(": fixed"), "{}", told.out);
}

#[test]
fn a_corpus_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = folder.path().join("corpus");
    let corpus = corpus.to_str().unwrap();
    let told = call(&["fuzz", "--cases", "10", "--corpus", corpus]);
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    let kept = std::fs::read_dir(corpus).unwrap().count();
    assert!(kept > 3, "{kept}");
    let told = call(&["fuzz", "--cases", "1", "--corpus", corpus]);
    let last = events(&told.out).pop().unwrap();
    assert!(last["children"].as_u64() >= Some(3), "{last}");
}

#[test]
fn wrong_words_are_told() {
    for words in [
        &["fuzz", "--fault", "no-such-fault"][..],
        &["fuzz", "--time", "soon"],
        &["fuzz", "--shard", "3/2"],
        &["fuzz", "--replay", "/no/such/folder"],
        &["fuzz", "--target", "127.0.0.1:1", "--fault", "any-password"],
    ] {
        assert_eq!(call(words).code, Some(2), "{words:?}");
    }
    let told = call(&["list", "mutators"]);
    assert!(told.out.contains("stops-reading\t"), "{}", told.out);
}
