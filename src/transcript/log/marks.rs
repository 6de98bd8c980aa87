//! What may tell a direction in what stands before a line: words, arrows, two ends with an arrow
//! between them.

use crate::transcript::Party;

/// So many tokens of a context are looked at.
const MOST: usize = 64;
/// A context that is set in, as tools show one side of a conversation.
pub(super) const INDENT: &str = "\t";

/// Words that say who speaks, where nothing else is known.
const CLIENT: [&str; 33] = [
    "C", "c", "client", "sent", "send", "sending", "sends", "tx", "out", "outgoing", "outbound",
    "write", "writing", "wrote", "request", "req", "c2s", "upstream", ">", ">>", ">>>", "->",
    "-->", "--->", "=>", "==>", "\u{2192}", "\u{21d2}", "\u{bb}", "\u{25b6}", "\u{2191}", "snd",
    "cs",
];
const SERVER: [&str; 36] = [
    "S",
    "s",
    "server",
    "received",
    "receive",
    "receiving",
    "receives",
    "recv",
    "recd",
    "rcvd",
    "rcv",
    "rx",
    "in",
    "incoming",
    "inbound",
    "read",
    "reading",
    "got",
    "response",
    "resp",
    "reply",
    "s2c",
    "downstream",
    "<",
    "<<",
    "<<<",
    "<-",
    "<--",
    "<---",
    "<=",
    "\u{2190}",
    "\u{21d0}",
    "\u{ab}",
    "\u{25c0}",
    "\u{2193}",
    "sc",
];
/// Those of them that name the speaker, not what a program does with a line.
const LABELS: [&str; 6] = ["C", "S", "c", "s", "client", "server"];

/// Who speaks by the word itself; whether the word names the speaker.
pub(super) fn meaning(token: &str) -> Option<(Party, bool)> {
    let lower = token.to_lowercase();
    let is_in =
        |all: &[&str]| all.contains(&token) || (token.len() > 1 && all.contains(&lower.as_str()));
    let is_label = LABELS.contains(&token) || LABELS.contains(&lower.as_str());
    if is_in(&CLIENT) {
        Some((Party::Client, is_label))
    } else if is_in(&SERVER) {
        Some((Party::Server, is_label))
    } else {
        None
    }
}

fn is_arrow(char: char) -> bool {
    "<>\u{2190}\u{2192}\u{2191}\u{2193}\u{21d0}\u{21d2}\u{ab}\u{bb}\u{25b6}\u{25c0}".contains(char)
}

fn is_shaft(char: char) -> bool {
    is_arrow(char) || char == '-' || char == '='
}

/// The tokens of a context, in order: words without digits, and arrows.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    let pieces = std::iter::from_fn(move || {
        let begin = rest.find(|char: char| char.is_alphanumeric() || is_shaft(char))?;
        rest = rest.get(begin..)?;
        let first = rest.chars().next()?;
        let end = if first.is_alphanumeric() {
            rest.find(|char: char| !char.is_alphanumeric() && char != '_')
        } else {
            rest.find(|char: char| !is_shaft(char))
        };
        let (token, tail) = rest.split_at(end.unwrap_or(rest.len()));
        rest = tail;
        Some(token)
    });
    let is_mark = |token: &&str| {
        let first = token.chars().next().unwrap_or_default();
        match first.is_alphanumeric() {
            true => !token.bytes().any(|byte| byte.is_ascii_digit()) || meaning(token).is_some(),
            false => token.chars().any(is_arrow),
        }
    };
    pieces.filter(is_mark).take(MOST)
}

/// Two ends with an arrow between them, the one that speaks first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) from: String,
    pub(super) to: String,
}

impl Ends {
    /// In a line such as `10.0.0.1:5000 -> 10.0.0.2:1863`, `Client => Server`.
    pub(super) fn of(text: &str) -> Option<Self> {
        let spaced = spaced(text);
        let words: Vec<&str> = spaced.split_whitespace().take(MOST).collect();
        let arrow = words.iter().position(|word| is_pointer(word))?;
        let trim = |word: &str| {
            let inner = |char: char| char.is_alphanumeric();
            let value = word.rsplit('=').next().unwrap_or_default();
            value.trim_matches(|char| !inner(char)).to_owned()
        };
        let before = trim(words.get(arrow.checked_sub(1)?)?);
        let behind = trim(words.get(arrow + 1)?);
        if before.is_empty() || behind.is_empty() || before == behind {
            return None;
        }
        let points_left = words.get(arrow)?.starts_with(['<', '\u{2190}', '\u{21d0}']);
        let (from, to) = match points_left {
            true => (behind, before),
            false => (before, behind),
        };
        Some(Self { from, to })
    }

    /// In the lines of a packet that name source and destination apart.
    pub(super) fn of_packet(text: &str) -> Option<Self> {
        let value = |keys: [&str; 2]| {
            let lower = text.to_ascii_lowercase();
            // Of addresses the last: before it stand those of the link.
            let parts = keys.iter().filter_map(|key| {
                let mut found = lower.rmatch_indices(key);
                found.next().map(|(at, key)| at + key.len())
            });
            let mut all = Vec::new();
            for at in parts {
                let tail = text.get(at..)?.trim_start_matches([':', ' ', '=', '(']);
                let end = tail.find([',', ' ', ')', '(']).unwrap_or(tail.len());
                all.push(tail.get(..end)?.to_owned());
            }
            (!all.is_empty()).then(|| all.join("/"))
        };
        let from = value(["src port", "src:"])?;
        let to = value(["dst port", "dst:"])?;
        (from != to).then_some(Self { from, to })
    }

    /// Whether they are addresses, which name a connection, and not `client` and `server`.
    pub(super) fn are_addresses(&self) -> bool {
        let has_digit = |word: &str| word.bytes().any(|byte| byte.is_ascii_digit());
        has_digit(&self.from) || has_digit(&self.to)
    }

    /// Both, in an order that does not depend on who speaks.
    pub(super) fn key(&self) -> (String, String) {
        let (from, to) = (self.from.clone(), self.to.clone());
        match from <= to {
            true => (from, to),
            false => (to, from),
        }
    }
}

/// A text with blanks around its arrows.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut was_shaft = false;
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        // A dash within a word is part of it.
        let is_pointing = is_arrow(char)
            || (is_shaft(char) && (was_shaft || chars.peek().is_some_and(|next| is_shaft(*next))));
        if is_pointing != was_shaft {
            out.push(' ');
        }
        out.push(char);
        was_shaft = is_pointing;
    }
    out
}

fn is_pointer(word: &str) -> bool {
    let is_two = word.contains(['<', '\u{2190}', '\u{21d0}'])
        && word.contains(['>', '\u{2192}', '\u{21d2}']);
    !is_two && word.chars().all(is_shaft) && word.chars().any(is_arrow)
}

/// Whether one of two ends is the server's, by its name or its port.
pub(super) fn is_server_end(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let is_name = matches!(meaning(word), Some((Party::Server, _)));
    let port = word.rsplit([':', '.', '/']).next().unwrap_or_default();
    is_name
        || port == "1863"
        || lower.ends_with("msnp")
        || lower.split('/').any(|part| part == "1863")
}

/// Whether one of two ends is the client's, by its name.
pub(super) fn is_client_end(word: &str) -> bool {
    matches!(meaning(word), Some((Party::Client, _)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_words_and_arrows() {
        let all = |text| tokens(text).collect::<Vec<_>>();
        assert_eq!(all("(20:14) msn: C: NS 000: "), ["msn", "C", "NS"]);
        assert_eq!(
            all("\u{2192}>>>[NS7] a-b c2s"),
            ["\u{2192}>>>", "a", "b", "c2s"]
        );
        assert_eq!(meaning("SENT"), Some((Party::Client, false)));
        assert_eq!(meaning("s"), Some((Party::Server, true)));
        assert_eq!(meaning("msn"), None);
    }

    #[test]
    fn two_ends_are_found() {
        let ends = |text| Ends::of(text).map(|ends| (ends.from, ends.to));
        let pair = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
        assert_eq!(
            ends("T 10.0.0.1:5 -> 10.0.0.2:1863 [AP]"),
            pair("10.0.0.1:5", "10.0.0.2:1863")
        );
        assert_eq!(
            ends("IP a.b.5 > c.d.1863: Flags"),
            pair("a.b.5", "c.d.1863")
        );
        assert_eq!(
            ends("**Client \u{2192} Server (x):**"),
            pair("Client", "Server")
        );
        assert_eq!(ends("C<-S:"), pair("S", "C"));
        assert_eq!(ends("alice >>> "), None);
        assert_eq!(ends("<-> Connecting"), None);
        let packet = "IP, Src: 10.0.0.1, Dst: 10.0.0.2 TCP, Src Port: 5, Dst Port: 1863, Seq";
        let ends = Ends::of_packet(packet).unwrap();
        assert!(
            is_server_end(&ends.to) && !is_server_end(&ends.from),
            "{ends:?}"
        );
    }
}
