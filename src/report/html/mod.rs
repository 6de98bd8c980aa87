//! One page that needs nothing else: no other file and no network. It is whole without its script,
//! which only searches, filters and copies.

mod causes;
mod clauses;
mod dialogue;
mod overview;
mod scenarios;

use std::collections::HashMap;
use std::io;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Reporter;
use super::digest::Digest;
use super::text::printable;
use crate::event::{Event, Summary};

/// Longer texts of a server are cut on the page; the JSON document has them whole.
const LONGEST: usize = 2000;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// What the page may load: nothing but its own style, and its own script by its digest.
const POLICY: &str = concat!(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; ",
    "script-src 'sha256-ki6sR1a0ab6oCCOsLc2X19GYvWGO3L9pzxhFmY6Y0VU='",
);

/// Collects the run and writes one page.
#[derive(Debug)]
pub struct Html {
    digest: Digest,
    again: String,
}

impl Default for Html {
    fn default() -> Self {
        Self::new("msnpspec run")
    }
}

impl Html {
    /// A reporter. `again` is the command that a reader types to run something again against the
    /// same target.
    #[must_use]
    pub fn new(again: impl Into<String>) -> Self {
        Self {
            digest: Digest::labelled(),
            again: again.into(),
        }
    }
}

impl Reporter for Html {
    fn handle(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        self.digest.take(event);
        let Some(summary) = &self.digest.summary else {
            return Ok(());
        };
        let page = Page {
            digest: &self.digest,
            summary,
            again: &self.again,
            places: places(&self.digest),
        };
        let text = page.whole().into_string();
        out.write_all(text.as_bytes())?;
        writeln!(out)
    }
}

/// What the parts of the page are made from.
struct Page<'d> {
    digest: &'d Digest,
    summary: &'d Summary,
    again: &'d str,
    /// Where each scenario stands, by its name.
    places: HashMap<&'d str, usize>,
}

/// In a run of several dialects a name without one means the first.
fn places(digest: &Digest) -> HashMap<&str, usize> {
    let mut places = HashMap::new();
    for (at, result) in digest.results.iter().enumerate() {
        places.entry(result.name.as_str()).or_insert(at);
        let bare = result.name.strip_prefix(result.dialect.name);
        if let Some(bare) = bare.and_then(|rest| rest.strip_prefix(' ')) {
            places.entry(bare).or_insert(at);
        }
    }
    places
}

impl Page<'_> {
    fn whole(&self) -> Markup {
        let run = self.digest.run();
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(POLICY);
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { "msnpspec: " (printable(&run.target)) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    (self.head(&run))
                    main {
                        (self.notices())
                        (self.ladder())
                        (self.dialects(&run))
                        (self.causes(&run))
                        (self.matrix(&run))
                        (self.tools())
                        (self.clauses(&run))
                        (self.scenarios())
                    }
                    footer { "msnpspec " (env!("CARGO_PKG_VERSION"))
                        @if let Some(started) = &run.started { ", " (printable(started)) } }
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        }
    }

    /// A link to a scenario, where it stands on the page.
    fn scenario(&self, name: &str) -> Markup {
        html! {
            @match self.places.get(name) {
                Some(at) => a href={ "#s-" (at) } { (printable(name)) },
                None => (printable(name)),
            }
        }
    }
}

/// A command with a button that copies it.
fn command(text: &str) -> Markup {
    html! {
        div.cmd { code { (printable(text)) } button type="button" data-tool data-copy hidden { "Copy" } }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn the_policy_lets_the_script_run_and_no_other() {
        let digest = Sha256::digest(SCRIPT.as_bytes());
        let digest = base64::engine::general_purpose::STANDARD.encode(digest);
        assert!(
            POLICY.ends_with(&format!("script-src 'sha256-{digest}'")),
            "the digest of the script is {digest}"
        );
    }

    #[test]
    fn style_and_script_end_where_they_should() {
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("</") && !text.contains("url(") && !text.contains('\t'));
        }
    }
}
