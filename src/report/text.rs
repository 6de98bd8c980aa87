//! Texts of others made fit to be shown, and small words that the formats share.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

/// The text with everything that could steer a terminal or a reader's eye made visible: control
/// characters and marks that change the direction of writing stand as `\n`, `\x1b`, `\u{202e}`.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        match char {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            hidden if is_hidden(hidden) => {
                let code = u32::from(hidden);
                let _ = if code <= 0xff {
                    write!(out, "\\x{code:02x}")
                } else {
                    write!(out, "\\u{{{code:x}}}")
                };
            }
            plain => out.push(plain),
        }
    }
    Cow::Owned(out)
}

/// Whether a character does something instead of showing something: controls, what Unicode calls
/// ignorable by default, ends of lines and paragraphs, and codes that are no characters (no XML can
/// hold some of them).
pub(super) fn is_hidden(char: char) -> bool {
    char.is_control()
        || u32::from(char) & 0xfffe == 0xfffe
        || matches!(
            char,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fdd0}'..='\u{fdef}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// [`printable`], and cut where it is longer than `most` characters.
pub(super) fn clipped(text: &str, most: usize) -> String {
    let text = printable(text);
    let Some((at, _)) = text.char_indices().nth(most) else {
        return text.into_owned();
    };
    let (head, tail) = text.split_at(at);
    format!("{head}\u{2026} ({} bytes more)", tail.len())
}

/// A duration as people read it: `0.004s`, `12.3s`.
#[must_use]
pub fn seconds(time: Duration) -> String {
    if time < Duration::from_secs(10) {
        format!("{:.3}s", time.as_secs_f64())
    } else {
        format!("{:.1}s", time.as_secs_f64())
    }
}

/// `1 clause`, `3 clauses`.
pub(super) fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// The first `most` of the names, and how many there are besides.
pub(super) fn some_of<'n>(names: impl IntoIterator<Item = &'n str>, most: usize) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown: Vec<Cow<'_, str>> = names
        .iter()
        .take(most)
        .map(|name| printable(name))
        .collect();
    let mut out = shown.join(", ");
    if names.len() > most {
        let _ = write!(out, " \u{2026} and {} more", names.len() - most);
    }
    out
}

/// A word in quotes where a shell would take it apart.
pub(super) fn shell_word(word: &str) -> Cow<'_, str> {
    let plain = |char: char| char.is_alphanumeric() || "-_./:@%+=,".contains(char);
    if !word.is_empty() && word.chars().all(plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", printable(word).replace('\'', r"'\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        let hostile = "\x1b[2J\x07\u{9b}31m\u{202e}a\u{7f}\r\nb";
        let shown = printable(hostile);
        assert_eq!(shown, r"\x1b[2J\x07\x9b31m\u{202e}a\x7f\r\nb");
        assert!(!shown.chars().any(is_hidden));
        assert!(matches!(printable("911 4 \u{e9}"), Cow::Borrowed(_)));
    }

    #[test]
    fn nothing_is_there_that_nobody_sees() {
        let unseen =
            "\u{ad}\u{34f}\u{180e}\u{3164}\u{fff9}\u{fffe}\u{ffff}\u{1fffe}\u{10ffff}\u{e0041}";
        let shown = printable(unseen);
        assert!(shown.is_ascii(), "{shown}");
        assert!(shown.starts_with(r"\xad\u{34f}\u{180e}"), "{shown}");
        assert!(matches!(
            printable("\u{fffd} \u{301}x \u{1f600}"),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(
            clipped("\u{e9}\u{e9}\u{e9}", 2),
            "\u{e9}\u{e9}\u{2026} (2 bytes more)"
        );
        assert_eq!(clipped("abc", 3), "abc");
    }

    #[test]
    fn a_filter_survives_the_shell() {
        assert_eq!(shell_word("auth/wrong-password"), "auth/wrong-password");
        assert_eq!(shell_word("a[x=1 'b']"), r"'a[x=1 '\''b'\'']'");
    }
}
