//! What comes of setting GTC and BLP.

use super::Truth;
use super::outcome::{Outcome, Outcomes, Refusal, possible};
use super::refusals::{SAME_PRIVACY, SAME_PROMPT};
use crate::protocol::{ClauseId, Setting};

/// What the clauses say of a setting.
#[derive(Debug)]
pub struct SettingRule {
    /// It is changed, and the answer names the new value.
    pub changed: ClauseId,
    /// It cannot be set to what it is.
    pub same: ClauseId,
    /// What that draws.
    pub refusal: &'static Refusal,
    /// It has no other values.
    pub illegal: ClauseId,
    /// It stays as it was set.
    pub kept: ClauseId,
}

static PROMPT: SettingRule = SettingRule {
    changed: ClauseId::GTC_1,
    same: ClauseId::GTC_2,
    refusal: &SAME_PROMPT,
    illegal: ClauseId::GTC_6,
    kept: ClauseId::GTC_5,
};

static PRIVACY: SettingRule = SettingRule {
    changed: ClauseId::BLP_1,
    same: ClauseId::BLP_2,
    refusal: &SAME_PRIVACY,
    illegal: ClauseId::BLP_8,
    kept: ClauseId::BLP_5,
};

impl SettingRule {
    /// That of a setting.
    #[must_use]
    pub fn of(setting: Setting) -> &'static Self {
        match setting {
            Setting::Prompt => &PROMPT,
            Setting::Privacy => &PRIVACY,
        }
    }

    /// What comes of setting it to a value that it has already, or has not (GTC-1, GTC-2, BLP-1,
    /// BLP-2).
    #[must_use]
    pub fn set(&self, is_so: Truth) -> Outcomes {
        possible([
            (is_so.negated(), Outcome::Done),
            (is_so, Outcome::Refused(self.refusal)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_so_already_cannot_be_set() {
        for setting in Setting::ALL {
            let rule = SettingRule::of(setting);
            let refused = Outcome::Refused(rule.refusal);
            assert_eq!(rule.set(Truth::Yes)[..], [refused]);
            assert_eq!(rule.set(Truth::No)[..], [Outcome::Done]);
            assert_eq!(rule.set(Truth::Maybe)[..], [Outcome::Done, refused]);
            assert!(rule.refusal.has(218) && !rule.refusal.has(217));
        }
    }
}
