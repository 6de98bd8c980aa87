//! The lines of a text, without what only shows them: terminal colours, HTML, the braces of JSON.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Tags that stand around lines of text.
const TAGS: [&str; 22] = [
    "pre",
    "code",
    "p",
    "br",
    "span",
    "div",
    "td",
    "tr",
    "table",
    "tbody",
    "li",
    "ul",
    "ol",
    "html",
    "body",
    "head",
    "font",
    "b",
    "i",
    "tt",
    "blockquote",
    "samp",
];
/// Those that end a line.
const ENDS: [&str; 7] = ["br", "/p", "/div", "/li", "/tr", "/pre", "/blockquote"];
/// Arrows as HTML has them.
const ARROWS: [&str; 6] = ["&gt;&gt;", "&lt;&lt;", "-&gt;", "&lt;-", "=&gt;", "&lt;="];
/// The longest line of JSON that is taken apart.
const LONGEST_JSON: usize = 64 * 1024;

/// A line, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Logical<'t> {
    pub(super) place: (usize, usize),
    pub(super) text: Cow<'t, str>,
    /// What stands over it, where that is known otherwise than by the lines before.
    pub(super) heading: Option<String>,
}

impl<'t> Logical<'t> {
    pub(super) fn new(place: (usize, usize), text: impl Into<Cow<'t, str>>) -> Self {
        Self {
            place,
            text: text.into(),
            heading: None,
        }
    }
}

/// All lines of a text.
pub(super) fn lines(text: &str) -> Vec<Logical<'_>> {
    let has_arrows = ARROWS.iter().any(|arrow| text.contains(arrow));
    let is_html = has_arrows || has_tags(text);
    let mut all = Vec::new();
    let mut start = 0;
    for whole in text.split_inclusive('\n') {
        let body = whole.trim_end_matches(['\r', '\n']);
        let place = (start, start + body.len());
        start += whole.len();
        let plain = without_controls(body);
        if is_html && plain.contains(['<', '&']) {
            let parts = without_tags(&plain);
            let parts = parts.split('\n');
            all.extend(parts.map(|part| Logical::new(place, entities(part))));
        } else if let Some(flat) = flattened(&plain) {
            all.push(Logical::new(place, flat));
        } else {
            all.push(Logical::new(place, plain));
        }
    }
    all
}

fn has_tags(text: &str) -> bool {
    [
        "<pre",
        "<PRE",
        "<br",
        "<BR",
        "<span",
        "<code>",
        "<div",
        "<td",
        "<li>",
        "<blockquote",
    ]
    .iter()
    .any(|tag| text.contains(tag))
}

/// A line without the sequences that steer a terminal, and without a mark of its encoding.
fn without_controls(line: &str) -> Cow<'_, str> {
    let line = line.trim_start_matches('\u{feff}');
    if !line.contains(['\u{1b}', '\u{9b}']) {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line.chars().peekable();
    while let Some(char) = rest.next() {
        let is_csi = match char {
            '\u{9b}' => true,
            '\u{1b}' => match rest.peek() {
                Some('[') => {
                    rest.next();
                    true
                }
                Some(']') => {
                    // An operating system command ends in BEL or ESC \.
                    while let Some(next) = rest.next() {
                        if next == '\u{7}' || (next == '\u{1b}' && rest.next().is_some()) {
                            break;
                        }
                    }
                    continue;
                }
                _ => {
                    rest.next();
                    continue;
                }
            },
            plain => {
                out.push(plain);
                continue;
            }
        };
        if is_csi {
            let _ = rest.by_ref().find(|char| ('@'..='~').contains(char));
        }
    }
    Cow::Owned(out)
}

/// A line without its tags; what ends a line in HTML is a line feed.
fn without_tags(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('<') {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        let end = tail.find('>').filter(|end| *end < 200);
        let inner = end.and_then(|end| tail.get(1..end)).unwrap_or_default();
        let name: String = inner
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        match end {
            Some(end) if TAGS.contains(&name.as_str()) => {
                let is_end = ENDS.iter().any(|own| {
                    own.strip_prefix('/')
                        .map_or(*own == name, |own| inner.starts_with('/') && own == name)
                });
                if is_end {
                    out.push('\n');
                }
                rest = tail.get(end + 1..).unwrap_or_default();
            }
            _ => {
                out.push('<');
                rest = tail.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

/// A text with its entities taken back.
fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        let end = tail.find(';').filter(|end| *end < 10);
        let name = end.and_then(|end| tail.get(1..end));
        match (name.and_then(entity), end) {
            (Some(char), Some(end)) => {
                out.push(char);
                rest = tail.get(end + 1..).unwrap_or_default();
            }
            _ => {
                out.push('&');
                rest = tail.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "gt" => '>',
        "lt" => '<',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "rarr" => '\u{2192}',
        "larr" => '\u{2190}',
        name => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code).filter(|char| !char.is_control())?
        }
    })
}

/// A line of JSON as `key value …`, with the text that looks most like a message at its end.
fn flattened(line: &str) -> Option<String> {
    let body = line.trim();
    let open = body.find('{')?;
    if !body.ends_with('}') || body.len() > LONGEST_JSON {
        return None;
    }
    let (before, object) = body.split_at(open);
    let value: serde_json::Value = serde_json::from_str(object).ok()?;
    let mut pairs = Vec::new();
    flatten("", &value, &mut pairs);
    let speaks = |text: &str| super::find::find(&escaped(text)).is_some();
    let at = pairs.iter().position(|(_, text)| speaks(text))?;
    let (key, said) = pairs.remove(at);
    let mut out = String::from(before);
    for (key, value) in &pairs {
        let _ = write!(out, "{key}={} ", escaped(value));
    }
    let _ = write!(out, "{key} | {}", escaped(&said));
    Some(out)
}

fn flatten(key: &str, value: &serde_json::Value, out: &mut Vec<(String, String)>) {
    match value {
        serde_json::Value::Object(all) => {
            for (key, value) in all {
                flatten(key, value, out);
            }
        }
        serde_json::Value::String(text) => out.push((key.to_owned(), text.clone())),
        serde_json::Value::Null | serde_json::Value::Array(_) => {}
        other => out.push((key.to_owned(), other.to_string())),
    }
}

/// Line ends as escapes: a value of JSON is one line.
fn escaped(text: &str) -> String {
    text.replace('\r', "\\r").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let all = lines(text).into_iter();
        all.map(|line| line.text.into_owned()).collect()
    }

    #[test]
    fn what_only_shows_a_line_goes() {
        assert_eq!(texts("\u{1b}[91m>>> A\u{1b}[0m\r\n"), [">>> A"]);
        assert_eq!(texts("\u{1b}]0;title\u{7}>>> A"), [">>> A"]);
        assert_eq!(texts("<pre>&gt;&gt; A&amp;B<br>C<x>"), [">> A&B", "C<x>"]);
        assert_eq!(texts("plain &gt; <b"), ["plain &gt; <b"]);
        assert_eq!(
            texts(r#"{"dir":"in","msg":"INF 2 MD5\r\n","n":3}"#),
            [r"dir=in n=3 msg | INF 2 MD5\r\n"]
        );
        assert_eq!(texts(r#"{"msg":"nothing"}"#), [r#"{"msg":"nothing"}"#]);
    }
}
