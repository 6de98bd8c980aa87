//! Diagnostics as people read them: the place, the line, what is wrong below it.

use std::borrow::Cow;
use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use msnpspec::diagnostic::{Diagnostic, Severity, Source, Span};
use msnpspec::report::printable;

use super::console::Console;

/// Tells all of them on standard error, and how many errors there are.
pub(crate) fn tell(diagnostics: &[Diagnostic], console: Console) {
    let renderer = if console.err_colours() {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut err = io::stderr().lock();
    for diagnostic in diagnostics {
        let shown = harmless(&without_passwords(&diagnostic.source.text));
        let text = renderer.render(&[group(diagnostic, &shown)]);
        // Where standard error is gone, there is nobody to tell that to.
        let _ = writeln!(err, "{text}\n");
    }
    drop(err);
    let errors = diagnostics
        .iter()
        .filter(|known| known.severity == Severity::Error)
        .count();
    if errors > 1 {
        console.error(&format!("{errors} mistakes; nothing was run"));
    }
}

fn group<'a>(diagnostic: &'a Diagnostic, shown: &'a str) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Note => Level::NOTE,
        Severity::Warning => Level::WARNING,
        Severity::Error => Level::ERROR,
    };
    let source = &diagnostic.source;
    let primary = AnnotationKind::Primary.span(range(source, diagnostic.span));
    let labels = diagnostic.labels.iter().map(|label| {
        let annotation = AnnotationKind::Context.span(range(source, label.span));
        annotation.label(printable(&label.text))
    });
    let snippet = Snippet::source(shown)
        .path(printable(&source.path))
        .annotation(primary)
        .annotations(labels);
    let group = level
        .primary_title(printable(&diagnostic.message))
        .element(snippet);
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(printable(help))),
        None => group,
    }
}

/// The text without what could steer a terminal, byte for byte, so that spans still fit.
fn harmless(text: &str) -> String {
    let mut buffer = [0; 4];
    let mut shown = |char: char| match char {
        '\n' | '\r' | '\t' => char.to_string(),
        char if matches!(printable(char.encode_utf8(&mut buffer)), Cow::Owned(_)) => {
            "?".repeat(char.len_utf8())
        }
        char => char.to_string(),
    };
    text.chars().map(&mut shown).collect()
}

/// The text with the values of `password:` starred out, byte for byte, so that spans still fit.
fn without_passwords(text: &str) -> Cow<'_, str> {
    const KEY: &str = "password";
    if !text.contains(KEY) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(KEY) {
        let (head, tail) = rest.split_at(at + KEY.len());
        out.push_str(head);
        let value = tail.trim_start_matches(['"', '\'', ' ']);
        let Some(value) = value.strip_prefix(':') else {
            rest = tail;
            continue;
        };
        let value = value.trim_start_matches([' ', '\t']);
        let (before, _) = tail.split_at(tail.len() - value.len());
        out.push_str(before);
        let quote = value
            .chars()
            .next()
            .filter(|char| matches!(char, '"' | '\''));
        let end = match quote {
            Some(quote) => value
                .get(1..)
                .and_then(|text| text.find(quote))
                .map(|at| at + 2),
            None => value.find([',', '}', '\n']),
        };
        let (secret, tail) = value.split_at(end.unwrap_or(value.len()));
        let star = |char: char| match char {
            '\n' | '\r' => char.to_string(),
            char => "*".repeat(char.len_utf8()),
        };
        out.extend(secret.chars().map(star));
        rest = tail;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// A range that the renderer can cut the text at.
fn range(source: &Source, span: Span) -> std::ops::Range<usize> {
    let text = &source.text;
    let floor = |at: usize| {
        (0..=at.min(text.len()))
            .rev()
            .find(|at| text.is_char_boundary(*at))
    };
    let start = floor(span.start).unwrap_or_default();
    let end = floor(span.end.max(start)).unwrap_or_default();
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_the_line_and_the_advice_are_shown() {
        let source = Source::new("a/b.yaml", "one: 1\ncluases: [X]\n");
        let mistake = Diagnostic::error(&source, Span::new(7, 14), "unknown key `cluases`")
            .with_help("did you mean `clauses`?")
            .with_label(Span::new(0, 3), "the first key");
        let text = Renderer::plain().render(&[group(&mistake, &source.text)]);
        for part in [
            "error: unknown key `cluases`",
            "a/b.yaml:2:1",
            "cluases: [X]",
            "^^^^^^^",
            "did you mean `clauses`?",
            "the first key",
        ] {
            assert!(text.contains(part), "{part} in:\n{text}");
        }
    }

    #[test]
    fn passwords_are_starred_out_and_spans_still_fit() {
        let text = "- { handle: a@b, password: s\u{e9}cret, name: A }\npassword: \"a: b, c\"\n\
                    password is free text\n\"password\" : 'x'}\npassword: last";
        let shown = without_passwords(text);
        assert_eq!(shown.len(), text.len());
        assert_eq!(
            shown,
            "- { handle: a@b, password: *******, name: A }\npassword: *********\n\
             password is free text\n\"password\" : ***}\npassword: ****"
        );
    }

    #[test]
    fn no_span_can_break_the_renderer() {
        for text in ["", "\u{e9}", "x\n", "\x1b[31m\r\n\t\u{9b}"] {
            let source = Source::new("x", text);
            for start in 0..6 {
                for end in 0..6 {
                    let span = Span { start, end };
                    let mistake = Diagnostic::error(&source, span, "m").with_label(span, "l");
                    let text = harmless(&source.text);
                    assert_eq!(text.len(), source.text.len());
                    let shown = Renderer::plain().render(&[group(&mistake, &text)]);
                    assert!(!shown.contains(['\x1b', '\u{9b}']), "{shown}");
                }
            }
        }
    }
}
