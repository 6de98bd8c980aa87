//! Keeps passwords out of everything that is shown or written.

use std::borrow::Cow;

use super::escape::escape;

/// What stands where a secret stood.
const MASK: &str = "[redacted]";

/// What stands where the response to a challenge stood.
const DIGEST_MASK: &str = "[md5]";

/// What stands there in a recording: how a client makes it.
pub const RESPONSE: &str = "{md5(challenge, password)}";

/// What stands in a recording where a login ticket stood.
pub const TICKET: &str = "{ticket}";

/// Whether a word stands where something was that nobody may read.
#[must_use]
pub fn is_masked(word: &[u8]) -> bool {
    [MASK, DIGEST_MASK]
        .iter()
        .any(|mask| mask.as_bytes() == word)
        || word.starts_with(b"{md5(")
        || word == TICKET.as_bytes()
}

/// Shorter secrets are masked only where they are a whole word: else they would eat other text.
const SHORT: usize = 4;

/// Replaces secrets in texts.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    /// Longest first, ASCII in lower case: in which case they stand somewhere does not matter.
    secrets: Vec<String>,
}

impl Redactor {
    /// A redactor for these secrets; each is also found in its percent-encoded form, in the form that
    /// transcripts give it, and in upper and lower case.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut all: Vec<String> = Vec::new();
        for secret in secrets {
            for form in [secret.to_uppercase(), secret.to_lowercase(), secret] {
                let encoded = crate::protocol::encode_name(form.as_bytes());
                let [odd, every] = [|byte: u8| !byte.is_ascii_alphanumeric(), |_| true]
                    .map(|is_encoded| percent(&form, is_encoded));
                let plain = [escape(form.as_bytes()), escape(encoded.as_bytes()), form];
                for spelt in plain.into_iter().chain([odd, every]) {
                    all.push(spelt.to_ascii_lowercase());
                }
            }
        }
        all.retain(|secret| !secret.is_empty());
        all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        all.dedup();
        Self { secrets: all }
    }

    /// Keeps one secret more.
    pub fn add(&mut self, secret: &str) {
        let Self { secrets } = Self::new([secret.to_owned()]);
        self.secrets.extend(secrets);
        self.secrets
            .sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }

    /// The text without secrets. The response of an MD5 login is masked too: with the challenge
    /// beside it, it would let a reader guess the password offline.
    #[must_use]
    pub fn apply<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        let mut low = text.to_ascii_lowercase();
        for secret in &self.secrets {
            let masked = match secret.len() >= SHORT {
                true => replaced(&text, &low, secret),
                false => replaced_word(&text, secret),
            };
            if let Some(masked) = masked {
                low = masked.to_ascii_lowercase();
                text = Cow::Owned(masked);
            }
        }
        mask_tickets(mask_response(text))
    }
}

/// Some of the bytes percent-encoded.
fn percent(text: &str, is_encoded: fn(u8) -> bool) -> String {
    let spelt = |byte: u8| match is_encoded(byte) {
        true => format!("%{byte:02x}"),
        false => char::from(byte).to_string(),
    };
    text.bytes().map(spelt).collect()
}

/// The text with a mask wherever its lower-case form holds the secret.
fn replaced(text: &str, low: &str, secret: &str) -> Option<String> {
    let mut out = String::new();
    let mut done = 0;
    for (at, _) in low.match_indices(secret) {
        out.push_str(text.get(done..at)?);
        out.push_str(MASK);
        done = at + secret.len();
    }
    (done > 0).then(|| out + text.get(done..).unwrap_or_default())
}

/// The text with a mask for each word that is the secret.
fn replaced_word(text: &str, secret: &str) -> Option<String> {
    let is_secret = |word: &str| word.trim().eq_ignore_ascii_case(secret);
    if !text.split_ascii_whitespace().any(is_secret) {
        return None;
    }
    let words = text.split(' ');
    let words = words.map(|word| if is_secret(word) { MASK } else { word });
    Some(words.collect::<Vec<_>>().join(" "))
}

/// Masks what a client sends with the last step of a login that takes no password: `C: USR n TWN S
/// ticket`, and whatever stands there in later dialects. What the server says with the same words is no
/// secret.
fn mask_tickets(text: Cow<'_, str>) -> Cow<'_, str> {
    const LONGEST_TICKET: usize = 8 * 1024;
    const MARKS: [&str; 2] = [" twn s ", " sso s "];
    let low = text.to_ascii_lowercase();
    if !MARKS.iter().any(|mark| low.contains(mark)) {
        return text;
    }
    let lines = text.split_inclusive('\n').map(|line| {
        let low = line.to_ascii_lowercase();
        let mark = MARKS
            .iter()
            .find_map(|mark| low.find(mark).map(|at| (at, mark.len())));
        let Some((head, tail)) = mark.and_then(|(at, length)| line.split_at_checked(at + length))
        else {
            return line.to_owned();
        };
        let is_clients = match (head.rfind("C:"), head.rfind("S:")) {
            (Some(client), server) => server.is_none_or(|server| server < client),
            (None, Some(_)) => false,
            (None, None) => tail.starts_with("t="),
        };
        // What is longer is no ticket.
        let is_short = tail.len() <= LONGEST_TICKET;
        match is_clients && is_short && !tail.starts_with(TICKET) && !tail.starts_with(MASK) {
            true => {
                let end = tail.find(['\r', '\n', '`']).unwrap_or(tail.len());
                format!("{head}{MASK}{}", tail.get(end..).unwrap_or_default())
            }
            false => line.to_owned(),
        }
    });
    Cow::Owned(lines.collect())
}

/// Masks digests on lines that name MD5, such as `USR n MD5 S digest`, in whatever spelling.
fn mask_response(text: Cow<'_, str>) -> Cow<'_, str> {
    const DIGEST: usize = 32;
    let is_named = |line: &str| {
        line.as_bytes()
            .windows(3)
            .any(|it| it.eq_ignore_ascii_case(b"md5"))
    };
    if text.len() < DIGEST || !is_named(&text) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let is_digit = |char: char| char.is_ascii_hexdigit();
        let mut rest = line;
        while let Some(at) = rest.find(is_digit).filter(|_| is_named(line)) {
            let (head, tail) = rest.split_at(at);
            let end = tail.find(|char| !is_digit(char)).unwrap_or(tail.len());
            let (digits, tail) = tail.split_at(end);
            out.push_str(head);
            // A word that ends in letters of a digest is none.
            let is_whole =
                !head.ends_with(char::is_alphanumeric) && !tail.starts_with(char::is_alphanumeric);
            out.push_str(match digits.len() == DIGEST && is_whole {
                true => DIGEST_MASK,
                false => digits,
            });
            rest = tail;
        }
        out.push_str(rest);
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_also_when_encoded() {
        let redactor = Redactor::new(["se cret".to_owned(), "ab".to_owned()]);
        assert_eq!(
            redactor.apply("USR 1 se%20cret ab abc"),
            "USR 1 [redacted] [redacted] abc"
        );
    }

    #[test]
    fn secrets_are_masked_in_every_spelling() {
        let redactor = Redactor::new(["back\\slash\u{e9}9".to_owned(), "pw".to_owned()]);
        let spelt = escape("USR 4 MD5 S back\\slash\u{e9}9".as_bytes());
        for text in [
            spelt.as_str(),
            "USR 4 MD5 S back\\slash\u{e9}9",
            "USR 4 MD5 S BACK\\\\SLASH\u{c9}9",
            "USR 4 MD5 S BACK\\SLASH\u{c9}9",
            "USR 4 MD5 S back%5Cslash%C3%A99",
            "USR 4 MD5 S back%5cslash%c3%a99",
            "USR 4 MD5 S BACK%5CSLASH%C3%899",
            "USR 4 MD5 S %62%61%63%6B%5c%73%6c%61%73%68%c3%a9%39",
            "USR 4 MD5 S PW",
        ] {
            assert_eq!(redactor.apply(text), "USR 4 MD5 S [redacted]", "{text}");
        }
        assert_eq!(redactor.apply("USR 4 MD5 S PWX"), "USR 4 MD5 S PWX");
    }

    #[test]
    fn a_ticket_of_a_client_is_masked_and_the_word_of_the_server_is_not() {
        let redact = |text: &str| Redactor::default().apply(text).into_owned();
        for (text, masked) in [
            ("C: USR 4 TWN S t=abc&p=", "C: USR 4 TWN S [redacted]"),
            (
                "a C: USR 4 SSO S t=abc def {0}",
                "a C: USR 4 SSO S [redacted]",
            ),
            ("USR 4 TWN S t=abc", "USR 4 TWN S [redacted]"),
        ] {
            assert_eq!(redact(text), masked);
        }
        for text in [
            "S: USR 3 TWN S ct=1,rver=1",
            "USR 3 TWN S ct=1",
            "C: USR 4 TWN S {ticket}",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn an_md5_response_is_masked_and_a_challenge_is_not() {
        let redactor = Redactor::default();
        let line = "USR 7 MD5 S 1d86f39e3633c5f74dd79815c9375344";
        assert_eq!(redactor.apply(line), "USR 7 MD5 S [md5]");
        for line in [
            "usr 7 md5 s 1D86f39e3633c5f74dd79815c9375344",
            "USR 7\tMD5  S  1d86f39e3633c5f74dd79815c9375344\\n",
        ] {
            assert!(redactor.apply(line).contains(" [md5]"), "{line}");
            assert!(!redactor.apply(line).contains("3633c5"), "{line}");
        }
        let line = "MSG 1 N 5 x1d86f39e3633c5f74dd79815c9375344 md5";
        assert_eq!(redactor.apply(line), line);
        let line = "USR 6 MD5 S 1700000000.12345";
        assert_eq!(redactor.apply(line), line);
    }
}
