//! Keeps passwords out of everything that is shown or written.

use std::borrow::Cow;

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
    secrets: Vec<String>,
}

impl Redactor {
    /// A redactor for these secrets; each is also found in its percent-encoded form.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut all: Vec<String> = Vec::new();
        for secret in secrets {
            if secret.is_empty() {
                continue;
            }
            let encoded = crate::protocol::encode_name(secret.as_bytes());
            if encoded != secret {
                all.push(encoded);
            }
            all.push(secret);
        }
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
        for secret in &self.secrets {
            if secret.len() >= SHORT {
                if text.contains(secret.as_str()) {
                    text = Cow::Owned(text.replace(secret.as_str(), MASK));
                }
            } else if text.split_ascii_whitespace().any(|word| word == secret) {
                let words: Vec<&str> = text
                    .split(' ')
                    .map(|word| if word.trim() == secret { MASK } else { word })
                    .collect();
                text = Cow::Owned(words.join(" "));
            }
        }
        mask_tickets(mask_response(text))
    }
}

/// Masks what a client sends with the last step of a login that takes no password: `C: USR n TWN S
/// ticket`, and whatever stands there in later dialects. What the server says with the same words is no
/// secret.
fn mask_tickets(text: Cow<'_, str>) -> Cow<'_, str> {
    const LONGEST_TICKET: usize = 8 * 1024;
    const MARKS: [&str; 2] = [" TWN S ", " SSO S "];
    if !MARKS.iter().any(|mark| text.contains(mark)) {
        return text;
    }
    let lines = text.split_inclusive('\n').map(|line| {
        let mark = MARKS
            .iter()
            .find_map(|mark| line.find(mark).map(|at| (at, mark.len())));
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

/// Masks the digest of `USR n MD5 S digest`, wherever it stands in the text.
fn mask_response(text: Cow<'_, str>) -> Cow<'_, str> {
    const MARK: &str = " MD5 S ";
    const DIGEST: usize = 32;
    let mut out = String::new();
    let mut rest: &str = &text;
    while let Some(at) = rest.find(MARK) {
        let (head, tail) = rest.split_at(at + MARK.len());
        out.push_str(head);
        let digits = tail.bytes().take_while(u8::is_ascii_hexdigit).count();
        rest = if digits == DIGEST {
            out.push_str(DIGEST_MASK);
            tail.get(DIGEST..).unwrap_or_default()
        } else {
            tail
        };
    }
    if out.is_empty() {
        return text;
    }
    out.push_str(rest);
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
        let line = "USR 6 MD5 S 1700000000.12345";
        assert_eq!(redactor.apply(line), line);
    }
}
