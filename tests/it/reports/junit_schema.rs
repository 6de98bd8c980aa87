//! JUnit by the strict schema, and by XML itself.

use msnpspec::event::Event;
use msnpspec::report::Junit;

use super::fixture::{assert_harmless, events, written, written_aborted, written_of};

type Names = &'static [&'static str];

/// What the strict schema allows: of each element its children in any order, its attributes, and which of
/// these it must have (junit-10.xsd of the xUnit plug-in of Jenkins).
const STRICT: [(&str, Names, Names, Names); 10] = [
    ("", &["testsuites"], &[], &[]),
    (
        "testsuites",
        &["testsuite"],
        &["name", "time", "tests", "failures", "errors"],
        &[],
    ),
    (
        "testsuite",
        &["properties", "testcase"],
        &["name", "tests", "failures", "errors", "skipped", "time"],
        &["name", "tests", "failures", "errors", "time"],
    ),
    ("properties", &["property"], &[], &[]),
    ("property", &[], &["name", "value"], &["name", "value"]),
    (
        "testcase",
        &["skipped", "error", "failure", "flakyFailure", "system-out"],
        &["name", "time", "classname"],
        &["name", "time", "classname"],
    ),
    ("skipped", &[], &["message", "type"], &[]),
    ("error", &[], &["message", "type"], &[]),
    ("failure", &[], &["message", "type"], &[]),
    ("flakyFailure", &[], &["message", "type"], &["type"]),
];

/// What is wrong with a report by the strict schema.
fn strictly(text: &str) -> Result<usize, String> {
    use quick_xml::events::{BytesStart, Event as Xml};
    let check = |parent: &str, start: &BytesStart<'_>| {
        let name = String::from_utf8(start.name().as_ref().to_vec()).map_err(|e| e.to_string())?;
        let row = |name: &str| STRICT.iter().find(|row| row.0 == name);
        let (_, children, ..) = row(parent).ok_or(format!("{parent} holds {name}"))?;
        if !children.contains(&name.as_str()) {
            return Err(format!("{name} in {parent}"));
        }
        let allowed = row(&name).map_or((&[][..], &[][..]), |row| (row.2, row.3));
        let mut seen = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let key = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
            let is_time = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
            if key == "time" && !attribute.value.iter().all(is_time) {
                return Err(format!("a time of {name}"));
            }
            if !allowed.0.contains(&key.as_str()) {
                return Err(format!("{key} of {name}"));
            }
            seen.push(key);
        }
        match allowed
            .1
            .iter()
            .find(|key| !seen.iter().any(|it| it == *key))
        {
            Some(missing) => Err(format!("{name} lacks {missing}")),
            None => Ok(name),
        }
    };
    let mut reader = quick_xml::Reader::from_str(text);
    let (mut open, mut count) = (vec![String::new()], 0);
    loop {
        let parent = open.last().cloned().unwrap_or_default();
        match reader.read_event().map_err(|error| error.to_string())? {
            Xml::Start(start) => {
                open.push(check(&parent, &start)?);
                count += 1;
            }
            Xml::Empty(start) => {
                check(&parent, &start)?;
                count += 1;
            }
            Xml::End(_) => {
                open.pop();
            }
            Xml::Eof => return Ok(count),
            _ => {}
        }
    }
}

#[test]
fn junit_passes_the_strict_schemas() {
    for text in [
        written(&mut Junit::default()),
        written_aborted(&mut Junit::default()),
    ] {
        assert!(strictly(&text).expect("it is allowed") > 2, "{text}");
        // The check itself bites.
        for (good, bad) in [
            ("<testsuites ", "<testsuites skipped=\"1\" "),
            ("<testcase ", "<testcase file=\"x\" "),
            ("time=\"", "time=\"x"),
            (
                "<system-out>",
                "<properties><property name=\"a\" value=\"b\"/></properties><system-out>",
            ),
            ("classname=\"", "group=\""),
        ] {
            if text.contains(good) {
                strictly(&text.replacen(good, bad, 1)).expect_err(bad);
            }
        }
    }
}

#[test]
fn junit_is_xml_whatever_the_server_sends() {
    let mut all: Vec<Event> = events();
    for event in &mut all {
        if let Event::Notice(notice) = event {
            notice
                .text
                .push_str("\u{fffe}\u{ffff}\u{1}\u{85}\u{e0041}]]>");
        }
    }
    let text = written_of(&mut Junit::default(), all);
    assert_harmless(&text);
    strictly(&text).expect("it is allowed");
    assert!(
        !text.contains(['\u{fffe}', '\u{ffff}', '\u{e0041}']),
        "{text}"
    );
}
