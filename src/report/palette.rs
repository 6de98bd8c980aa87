//! The colours of the report for people. Which palette is used is the caller's to decide.

use anstyle::{AnsiColor, Style};

/// Styles by meaning; an empty style writes nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Palette {
    /// What holds.
    pub good: Style,
    /// What is broken.
    pub bad: Style,
    /// What deserves a look.
    pub warn: Style,
    /// Names and titles.
    pub strong: Style,
    /// What stands in the background.
    pub faint: Style,
    /// What to type next.
    pub hint: Style,
    /// All else.
    pub plain: Style,
}

impl Palette {
    /// No colour at all.
    #[must_use]
    pub fn plain() -> Self {
        Self::default()
    }

    /// The sixteen colours that every terminal has.
    #[must_use]
    pub fn coloured() -> Self {
        Self {
            good: AnsiColor::Green.on_default().bold(),
            bad: AnsiColor::Red.on_default().bold(),
            warn: AnsiColor::Yellow.on_default().bold(),
            strong: Style::new().bold(),
            faint: Style::new().dimmed(),
            hint: AnsiColor::Cyan.on_default(),
            plain: Style::new(),
        }
    }
}
