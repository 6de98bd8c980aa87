//! Lines of MSNP10 as clients and servers of the time wrote them.

use super::msnp10::MSNP10;
use super::{ClauseId, Direction, Grammar, Param, ServerKind};
use crate::wire::words;

const SERVER: Grammar = Grammar {
    dialect: &MSNP10,
    kind: ServerKind::Notification,
    direction: Direction::ToClient,
};

/// The clause of the form that a line of the server has, where the line fits it.
fn clause(line: &str) -> Option<ClauseId> {
    let words: Vec<&[u8]> = words(line.as_bytes()).collect();
    let row = SERVER.read(words.iter().copied())?;
    let params = words.iter().skip(row.first_param()).copied();
    let form = row.form(params.clone()).filter(|form| form.fits(params))?;
    form.shape
}

const GUID: &str = "ba582e6e-6459-4c55-a0be-fbadeabe7256";
const GROUP: &str = "692b72ad-add7-45b0-9763-9f0d4b376e81";

#[test]
fn lines_of_servers() {
    for (line, wanted) in [
        ("USR 4 OK alice@example.com 1 0", ClauseId::TWN_14),
        (
            "SYN 5 2005-04-23T18:57:44.8130000-07:00 2005-04-23T18:57:54.2070000-07:00 2 1",
            ClauseId::STAMP_1,
        ),
        ("SYN 5 0 0", ClauseId::STAMP_1),
        ("GTC A", ClauseId::BATCH_3),
        ("GTC 5 A", ClauseId::SETT_1),
        ("BLP 33 BL", ClauseId::SETT_1),
        ("PRP MFN Alice", ClauseId::STAMP_5),
        ("PRP PHH 123", ClauseId::BATCH_3),
        ("PRP 28 MFN Alice%20Two", ClauseId::MFN_1),
        ("PRP 30 PHH 123", ClauseId::PRP_11),
        ("BPR PHH 456", ClauseId::BATCH_3),
        ("BPR alice@example.com PHH 123", ClauseId::BPR_1),
        ("BPR alice@example.com PHH", ClauseId::BPR_1),
        ("LSG Friends GROUP", ClauseId::LSG_2),
        (
            "LST N=bob@example.com F=Bob C=GUID 11 GROUP",
            ClauseId::ENTRY_1,
        ),
        ("LST N=bob@example.com F=Bob C=GUID 11", ClauseId::ENTRY_1),
        (
            "LST N=bob@example.com C=GUID 11 GROUP,GROUP",
            ClauseId::ENTRY_1,
        ),
        ("LST N=cal@example.com F=Cal 8", ClauseId::ENTRY_1),
        ("LST N=cal@example.com 8", ClauseId::ENTRY_1),
        ("ADC 8 AL N=bob@example.com", ClauseId::ADC_1),
        ("ADC 9 FL N=bob@example.com F=Bob C=GUID", ClauseId::ADC_2),
        ("ADC 17 FL C=GUID GROUP", ClauseId::ADC_4),
        ("ADC 0 RL N=alice@example.com F=Alice", ClauseId::ADC_14),
        ("ADC 0 RL N=alice@example.com F=Alice 1", ClauseId::ADC_14),
        ("REM 40 FL GUID", ClauseId::REMG_1),
        ("REM 23 FL GUID GROUP", ClauseId::REMG_1),
        ("REM 14 BL bob@example.com", ClauseId::REMG_2),
        ("REM 0 RL alice@example.com", ClauseId::REMG_2),
        ("REM 0 RL N=alice@example.com", ClauseId::REMG_5),
        ("SBP 27 GUID MFN Bob%20Two", ClauseId::SBP_1),
        ("ADG 15 Friends GROUP", ClauseId::GRPG_1),
        ("ADG 15 Friends GROUP 0", ClauseId::GRPG_1),
        ("ADG 15 1 Friends GROUP", ClauseId::GRPG_1),
        ("REG 21 GROUP Pals", ClauseId::GRPG_3),
        ("REG 21 1 Pals GROUP 0", ClauseId::GRPG_3),
        ("RMG 25 GROUP", ClauseId::GRPG_4),
        ("RMG 25 1 GROUP", ClauseId::GRPG_4),
        (
            "ILN 7 BSY bob@example.com Bob 268435500 %3Cmsnobj%2F%3E",
            ClauseId::CAPS_2,
        ),
        ("OUT MIG", ClauseId::BOOT_1),
    ] {
        let line = line.replace("GUID", GUID).replace("GROUP", GROUP);
        assert_eq!(clause(&line), Some(wanted), "{line}");
    }
    for line in [
        "LST N=bob@example.com F=Bob C=7 11",
        "LST bob@example.com Bob 11",
        "REM 40 FL bob@example.com",
        "LSG 1 Friends 0",
        "RMG 25 3",
    ] {
        assert_eq!(clause(line), None, "{line}");
    }
    for gone in [
        "ADD 8 AL 3 bob@example.com Bob",
        "REA 8 3 bob@example.com Bob",
    ] {
        assert!(SERVER.read(words(gone.as_bytes())).is_none(), "{gone}");
    }
}

#[test]
fn what_stands_behind_a_mark() {
    let line = format!("ADC 9 FL N=bob@example.com F=Bob C={GUID}");
    let words: Vec<&[u8]> = words(line.as_bytes()).collect();
    let said = MSNP10.saying(Direction::ToClient, &words).expect("a row");
    let get = |param| said.get(param).map(String::from_utf8_lossy);
    assert_eq!(get(Param::Handle).as_deref(), Some("bob@example.com"));
    assert_eq!(get(Param::Name).as_deref(), Some("Bob"));
    assert_eq!(get(Param::Contact).as_deref(), Some(GUID));
    assert_eq!(get(Param::Group), None);
}

#[test]
fn lines_of_clients() {
    let grammar = Grammar {
        direction: Direction::ToServer,
        ..SERVER
    };
    for (line, sound) in [
        ("SYN 5 0 0", true),
        ("ADC 8 AL N=bob@example.com", true),
        ("ADC 9 FL N=bob@example.com F=Bob", true),
        ("ADC 17 FL C=GUID GROUP", true),
        ("ADC 17 FL bob@example.com", false),
        ("REM 40 FL GUID", true),
        ("REM 40 FL bob@example.com", false),
        ("REM 23 FL GUID GROUP", true),
        ("REM 14 AL bob@example.com", true),
        ("SBP 27 GUID MFN Bob%20Two", true),
        ("PRP 28 MFN Alice", true),
        ("REG 21 GROUP Pals", true),
        ("RMG 25 GROUP", true),
        ("RMG 25 3", false),
    ] {
        let line = line.replace("GUID", GUID).replace("GROUP", GROUP);
        let words: Vec<&[u8]> = words(line.as_bytes()).collect();
        let row = grammar.find(words[0]).expect("a row");
        let params = words.iter().skip(row.first_param()).copied();
        let fits = row.form(params.clone()).is_some_and(|it| it.fits(params));
        assert_eq!(fits, sound, "{line}");
    }
}
