//! Diagnostics as people read them: the place, the line, what is wrong below it.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use msnpspec::diagnostic::{Diagnostic, Severity, Source, Span};

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
        let text = renderer.render(&[group(diagnostic)]);
        // Where standard error is gone, there is nobody to tell that to.
        let _ = writeln!(err, "{text}\n");
    }
    drop(err);
    let errors = diagnostics.iter().filter(|known| known.severity == Severity::Error).count();
    if errors > 1 {
        console.error(&format!("{errors} mistakes; nothing was run"));
    }
}

fn group(diagnostic: &Diagnostic) -> Group<'_> {
    let level = match diagnostic.severity {
        Severity::Note => Level::NOTE,
        Severity::Warning => Level::WARNING,
        Severity::Error => Level::ERROR,
    };
    let source = &diagnostic.source;
    let primary = AnnotationKind::Primary.span(range(source, diagnostic.span));
    let labels = diagnostic.labels.iter().map(|label| {
        let annotation = AnnotationKind::Context.span(range(source, label.span));
        annotation.label(label.text.as_str())
    });
    let snippet = Snippet::source(source.text.as_str())
        .path(source.path.as_str())
        .annotation(primary)
        .annotations(labels);
    let group = level.primary_title(diagnostic.message.as_str()).element(snippet);
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    }
}

/// A range that the renderer can cut the text at.
fn range(source: &Source, span: Span) -> std::ops::Range<usize> {
    let text = &source.text;
    let floor = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
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
        let text = Renderer::plain().render(&[group(&mistake)]);
        for part in ["error: unknown key `cluases`", "a/b.yaml:2:1", "cluases: [X]", "^^^^^^^", "did you mean `clauses`?", "the first key"] {
            assert!(text.contains(part), "{part} in:\n{text}");
        }
    }

    #[test]
    fn no_span_can_break_the_renderer() {
        for text in ["", "\u{e9}", "x\n", "\x1b[31m\r\n\t\u{9b}"] {
            let source = Source::new("x", text);
            for start in 0..6 {
                for end in 0..6 {
                    let span = Span { start, end };
                    let mistake = Diagnostic::error(&source, span, "m").with_label(span, "l");
                    let shown = Renderer::plain().render(&[group(&mistake)]);
                    assert!(!shown.contains('\x1b'), "{shown}");
                }
            }
        }
    }
}
