//! The rows of MSNP2, held to lines of the draft.

use crate::protocol::{Direction, Grammar, PayloadForm, ServerKind, TridRule};
use crate::wire::words;

/// Lines as the draft shows them, with other names and numbers: they hold the rows to it.
const LINES: &[&str] = &[
    "ns C VER 1 MSNP2 MSNP3 CVR0",
    "ns S VER 1 MSNP2",
    "ns C INF 2",
    "ns S INF 2 MD5",
    "ns C USR 3 MD5 I alice@hotmail.com",
    "ns S USR 3 MD5 S 989048851.1851137130",
    "ns C USR 4 MD5 S 23e54a439a6a17d15025f4c6cbd0f6b5",
    "ns S USR 4 OK alice@hotmail.com Alice%20A",
    "ds S XFR 3 NS 10.0.0.1:1863",
    "ns C SYN 5 0",
    "ns S SYN 5 11",
    "ns S GTC 5 11 A",
    "ns S BLP 5 11 AL",
    "ns S LST 5 FL 11 1 2 bob@hotmail.com Bob",
    "ns S LST 5 BL 11 0 0",
    "ns C LST 6 RL",
    "ns C GTC 7 N",
    "ns C BLP 8 BL",
    "ns C ADD 9 FL carol@passport.com Carol",
    "ns S ADD 9 FL 12 carol@passport.com Carol",
    "ns S ADD 0 RL 13 dave@hotmail.com Dave",
    "ns C REM 10 AL bob@hotmail.com",
    "ns S REM 10 AL 14 bob@hotmail.com",
    "ns C CHG 11 NLN",
    "ns S CHG 11 NLN",
    "ns S ILN 11 BSY bob@hotmail.com Bob",
    "ns S NLN IDL bob@hotmail.com Bob",
    "ns S FLN bob@hotmail.com",
    "ns C XFR 12 SB",
    "ns S XFR 12 SB 10.0.0.2:1864 CKI 17262740.1050826919.32308",
    "ns S RNG 11752013 10.0.0.2:1864 CKI 849102291.520491113 alice@hotmail.com Alice",
    "sb C USR 1 alice@hotmail.com 17262740.1050826919.32308",
    "sb S USR 1 OK alice@hotmail.com Alice",
    "sb C CAL 2 bob@hotmail.com",
    "sb S CAL 2 RINGING 11752013",
    "sb C ANS 1 bob@hotmail.com 849102291.520491113 11752013",
    "sb S IRO 1 1 1 alice@hotmail.com Alice",
    "sb S ANS 1 OK",
    "sb S JOI bob@hotmail.com Bob",
    "sb C MSG 3 U 133",
    "sb S MSG alice@hotmail.com Alice 133",
    "sb S ACK 3",
    "sb S NAK 3",
    "sb S BYE bob@hotmail.com",
    "sb S BYE bob@hotmail.com 1",
    "sb C OUT",
    "ns S OUT OTH",
    "ns S OUT SSD",
];

#[test]
fn lines_of_the_draft_are_of_their_rows() {
    for text in LINES {
        let all: Vec<&str> = text.split(' ').collect();
        let kind = match all[0] {
            "ds" => ServerKind::Dispatch,
            "ns" => ServerKind::Notification,
            _ => ServerKind::Switchboard,
        };
        let direction = match all[1] {
            "C" => Direction::ToServer,
            _ => Direction::ToClient,
        };
        let line = all[2..].join(" ");
        let grammar = Grammar::new(kind, direction);
        let row = grammar.find(all[2].as_bytes()).expect(text);
        let params = words(line.as_bytes()).skip(row.first_param());
        let params: Vec<&[u8]> = params.collect();
        let form = row.form(params.iter().copied()).expect(text);
        assert!(form.fits(params.iter().copied()), "{text}: {form:?}");
        let is_number = all.get(3).is_some_and(|word| word.parse::<u32>().is_ok());
        let bears_trid = is_number && all[2] != "RNG";
        assert_eq!(row.trid != TridRule::Never, bears_trid, "{text}");
        assert_eq!(
            row.payload == PayloadForm::LengthLast,
            all[2] == "MSG",
            "{text}"
        );
    }
}

#[test]
fn what_is_out_of_form_does_not_fit() {
    for (line, place) in [
        ("ADD 9 FL 12 carol", "a handle"),
        ("LST 5 FL x 1 2 bob@hotmail.com Bob", "a number"),
        ("XFR 12 SB 10.0.0.2:x CKI 1", "a port"),
        ("CHG 11", "a state"),
    ] {
        let grammar = Grammar::new(ServerKind::Notification, Direction::ToClient);
        let line: Vec<&[u8]> = words(line.as_bytes()).collect();
        let row = grammar.find(line[0]).expect(place);
        let params = || line.iter().copied().skip(2);
        let form = row.form(params()).expect(place);
        assert!(!form.fits(params()), "{place}");
    }
}
