//! Words that stand where somebody has left something out, in whatever spelling.

/// Words that say so.
const WORDS: [&str; 18] = [
    "redacted",
    "removed",
    "hidden",
    "censored",
    "masked",
    "snip",
    "snipped",
    "deleted",
    "anonymized",
    "anonymised",
    "omitted",
    "secret",
    "obfuscated",
    "scrubbed",
    "unknown",
    "stripped",
    "private",
    "elided",
];
/// Pairs that placeholders stand between.
const BRACKETS: [(char, char); 4] = [('<', '>'), ('[', ']'), ('{', '}'), ('(', ')')];

/// Whether a word stands for something unknown: `xxxx`, `***`, `<email>`, `[removed]`, `alice@...`,
/// `$md5(…)`, `{ticket}`, `...`.
#[must_use]
pub fn is_redacted(word: &[u8]) -> bool {
    let Ok(word) = std::str::from_utf8(word) else {
        return false;
    };
    let word = word.trim_matches(['"', '\'', ',', ';']);
    if word.is_empty() || word.len() > 512 {
        return false;
    }
    is_placeholder(word)
        || is_said(word)
        || word.split(['@', ':', '/', '=', ',']).any(is_crossed_out)
}

/// A line with each placeholder that has blanks in it as one word; `None` where it has none.
pub(super) fn joined(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let mut out: Vec<&str> = Vec::with_capacity(words.len());
    let mut at = 0;
    let mut is_changed = false;
    while let Some(word) = words.get(at) {
        let opens = word.starts_with(['<', '[', '{', '$']) && at > 0;
        let close = opens
            .then(|| closing(words.get(at..).unwrap_or_default()))
            .flatten();
        match close {
            Some(count) => {
                is_changed = true;
                out.push(UNKNOWN);
                at += count;
            }
            None => {
                out.push(word);
                at += 1;
            }
        }
    }
    is_changed.then(|| out.join(" "))
}

/// What an unknown word is written as.
const UNKNOWN: &str = "<unknown>";
/// So many words may stand in a placeholder.
const WIDEST: usize = 8;

/// How many words a placeholder has that begins here; none where it is one word, or does not end.
fn closing(words: &[&str]) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, word) in words.iter().take(WIDEST).enumerate() {
        for char in word.chars() {
            depth += i32::from("<[{(".contains(char)) - i32::from(">]})".contains(char));
        }
        if depth <= 0 {
            return (at > 0).then_some(at + 1);
        }
    }
    None
}

fn is_said(word: &str) -> bool {
    let lower = word.trim_matches(['*', '_', '-']).to_ascii_lowercase();
    WORDS.contains(&lower.as_str())
}

/// In brackets, or as a variable is written.
fn is_placeholder(word: &str) -> bool {
    let is_in_brackets = |word: &str| {
        BRACKETS.iter().any(|(open, close)| {
            let inner = word
                .strip_prefix(*open)
                .and_then(|it| it.strip_suffix(*close));
            inner.is_some_and(|inner| !inner.is_empty() && !is_guid(inner))
        })
    };
    let is_call = |word: &str| {
        let name = word.trim_start_matches('{');
        let end = name.find('(').unwrap_or_default();
        let is_name = name.get(..end).is_some_and(|name| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|it| it.is_ascii_alphanumeric() || it == b'_')
        });
        is_name && name.trim_end_matches('}').ends_with(')')
    };
    match word.strip_prefix('$') {
        Some(rest) => {
            let first = rest.chars().next().unwrap_or_default();
            is_in_brackets(rest) || is_call(rest) || first.is_ascii_alphabetic()
        }
        None => {
            is_in_brackets(word)
                || is_call(word)
                || (word.len() > 2 && word.starts_with('%') && word.ends_with('%'))
        }
    }
}

/// What a client's later dialects really have in braces.
fn is_guid(word: &str) -> bool {
    word.len() == 36
        && word.bytes().all(|it| it.is_ascii_hexdigit() || it == b'-')
        && !word.bytes().all(|it| it == b'-')
}

/// Whether a part of a word is made of what people cross out with.
fn is_crossed_out(part: &str) -> bool {
    if part.contains('\u{2026}') || part.contains("...") || part.contains('\u{2588}') {
        return true;
    }
    let longest = |is: &dyn Fn(char) -> bool| {
        let mut best = 0;
        let mut now = 0;
        for char in part.chars() {
            now = if is(char) { now + 1 } else { 0 };
            best = best.max(now);
        }
        best
    };
    if longest(&|char| char == '*' || char == '\u{2022}') >= 2 || longest(&|char| char == '#') >= 3
    {
        return true;
    }
    // Letters and digits crossed out: every label of it, as in `xx.xx.xx.xx`.
    let labels = part
        .split(['.', '-', '_'])
        .filter(|label| !label.is_empty());
    let is_x = |label: &str| {
        label.len() >= 2
            && (label.bytes().all(|it| it == b'x') || label.bytes().all(|it| it == b'X'))
    };
    let is_many = part.len() >= 3;
    let (mut crossed, mut all) = (0, 0);
    for label in labels {
        all += 1;
        crossed += usize::from(is_x(label));
    }
    crossed > 0 && is_many && (crossed == all || longest(&|char| char == 'x' || char == 'X') >= 4)
        || longest(&|char| char == '?') >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_known() {
        for word in [
            "xxxxx@example.org",
            "xxxxxxxxxx.xxxxxxxxx",
            "xx.xx.xx.xx:1863",
            "***",
            "a***@example.org",
            "<email>",
            "<unknown>",
            "[removed]",
            "[md5]",
            "alice@...",
            "alice@\u{2026}",
            "alice@xxxx.com",
            "$md5(prefix+password)",
            "$PASSWORD",
            "${ticket}",
            "{{name}}",
            "{ticket}",
            "{md5(challenge,password)}",
            "md5(challenge)",
            "...",
            "REDACTED",
            "XXXXXXXX",
            "%EMAIL%",
            "\u{2588}\u{2588}\u{2588}",
        ] {
            assert!(is_redacted(word.as_bytes()), "{word}");
        }
        for word in [
            "alice@example.org",
            "Alice",
            "1013928519.693957190",
            "0f3f5a1d7a3c0c9bb5c9a70f0b9d0a11",
            "10.0.0.1:1863",
            "fox@example.org",
            "max",
            "Xx",
            "%20",
            "A%20B",
            "MSNP2",
            "{765E4FFC-ECC6-4136-B4A0-A40FFBC55BE8}",
            "1",
            "X",
            "t=abc&p=",
            "",
        ] {
            assert!(!is_redacted(word.as_bytes()), "{word}");
        }
    }
}
