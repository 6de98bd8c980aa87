//! Lines made from rows, and the words that stand in them.

use std::collections::BTreeSet;

use super::dialect::{Dialect, PACKAGE};
use super::dialects::DIALECTS;
use super::handle::{ONLINE_STATES, SERVICE};
use super::list::List;
use super::message::{Form, MODES, Message, Param, PayloadForm, TridRule};
use super::property::Property;
use super::role::{Direction, ServerKind};
use super::setting::Setting;
use super::state::State;

impl Param {
    /// A word that looks like one.
    #[must_use]
    pub fn sample(self) -> &'static str {
        match self {
            Self::Is(word) => word,
            Self::OneOf(words) => words.first().copied().unwrap_or_default(),
            Self::Dialect => Dialect::first().name,
            Self::Scheme => Dialect::first().login_scheme().unwrap_or_default(),
            Self::List => List::Forward.as_str(),
            Self::State => State::NLN.as_str(),
            Self::Prompt => Setting::Prompt.as_str(true),
            Self::Privacy => Setting::Privacy.as_str(true),
            Self::Mode | Self::DataMode => MODES[1],
            Self::Flag(_) => "1",
            Self::ClientId => "268435488",
            Self::Object => "%3Cmsnobj%2F%3E",
            Self::Key => Property::Home.as_str(),
            Self::Handle | Self::Sender => "nobody@hotmail.com",
            Self::Address => "127.0.0.1:1",
            Self::Serial | Self::Group | Self::Groups | Self::Length => "0",
            Self::Bits => "3",
            Self::Guid | Self::Contact => "00000000-0000-4000-8000-000000000000",
            Self::Stamp => "0",
            Self::Tagged(_, own) => own.sample(),
            Self::Item | Self::Total | Self::Cookie | Self::SessionId => "1",
            Self::Challenge | Self::Response | Self::Name | Self::Value | Self::Word(_) => "x",
        }
    }
}

impl Message {
    /// A line of one of its forms, with what is wanted for each parameter that is not fixed.
    #[must_use]
    pub fn line(&self, form: &Form, trid: &str, word: impl Fn(Param) -> String) -> String {
        let trid = match self.trid {
            TridRule::Never => None,
            TridRule::Request | TridRule::RequestOrZero => Some(trid.to_owned()),
        };
        let params = form.params.iter().map(|param| match param {
            Param::Is(fixed) => (*fixed).to_owned(),
            Param::Tagged(tag, own) => format!("{tag}{}", word(**own)),
            param => word(*param),
        });
        let verb = self.verb.as_str().to_owned();
        let words: Vec<String> = [verb].into_iter().chain(trid).chain(params).collect();
        words.join(" ")
    }

    /// A line of its first form.
    #[must_use]
    pub fn example(&self, trid: &str, word: impl Fn(Param) -> String) -> String {
        let line = |form| self.line(form, trid, word);
        self.forms.first().map(line).unwrap_or_default()
    }
}

impl Dialect {
    /// Messages that a server of this kind takes from no client: requests to other servers that are
    /// refused everywhere else, and what servers alone say. None has a payload.
    pub fn strangers(&'static self, kind: ServerKind) -> impl Iterator<Item = &'static Message> {
        let is_one = move |row: &&Message| {
            let is_elsewhere = || {
                let rung = row.asked.and_then(|asked| asked.rung);
                rung.is_some() && row.trid != TridRule::Never && !row.kinds.contains(kind)
            };
            let is_told = || row.direction == Direction::ToClient && !self.is_request(row.verb);
            row.payload == PayloadForm::None && (is_elsewhere() || is_told())
        };
        self.messages().filter(is_one)
    }

    /// The words that mean something somewhere, in any dialect, beside the verbs.
    #[must_use]
    pub fn vocabulary() -> Vec<&'static str> {
        let forms = DIALECTS.iter().flat_map(|dialect| dialect.messages());
        let params = forms.flat_map(|row| row.forms).flat_map(|form| form.params);
        let fixed = params.flat_map(|param| match param {
            Param::Is(word) => std::slice::from_ref(word),
            Param::OneOf(words) => words,
            _ => &[],
        });
        let settings = Setting::ALL.map(|setting| [true, false].map(|to| setting.as_str(to)));
        let states = [State::Hidden, State::Offline].map(State::as_str);
        let all = DIALECTS.iter().map(|dialect| dialect.name);
        let all = all.chain([PACKAGE]);
        let all = all.chain(fixed.copied()).chain(List::ALL.map(List::as_str));
        let all = all.chain(settings.into_iter().flatten()).chain(MODES);
        let all = all.chain(ONLINE_STATES).chain(states);
        let all = all.chain(Property::ALL.map(Property::as_str));
        let all = all.chain(std::str::from_utf8(SERVICE).ok());
        let mut seen = BTreeSet::new();
        all.filter(|word| seen.insert(*word)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_what_it_is_a_sample_of() {
        for row in Dialect::with_rows().flat_map(|dialect| dialect.messages()) {
            for param in row.forms.iter().flat_map(|form| form.params) {
                let param = param.untagged();
                assert!(param.fits(param.sample().as_bytes()), "{param:?}");
            }
        }
    }

    #[test]
    fn what_is_taken_from_no_client() {
        let lines = |kind| {
            let strangers = Dialect::first().strangers(kind);
            let line = |row: &Message| row.example("{t}", |param| param.sample().to_owned());
            strangers.map(line).collect::<Vec<_>>()
        };
        let (ns, sb) = (ServerKind::Notification, ServerKind::Switchboard);
        for line in ["ANS {t} nobody@hotmail.com 1 1", "QNG x", "ACK {t}"] {
            assert!(lines(ns).iter().any(|own| own == line), "{line}");
        }
        for line in [
            "CHG {t} NLN",
            "ADD {t} FL nobody@hotmail.com x",
            "FLN nobody@hotmail.com",
        ] {
            assert!(lines(sb).iter().any(|own| own == line), "{line}");
        }
        let of_ns = |line: &String| line.starts_with("CHG") || line.starts_with("MSG");
        assert!(!lines(ns).iter().any(of_ns));
    }

    #[test]
    fn the_vocabulary_holds_each_word_once() {
        let words = Dialect::vocabulary();
        for word in [
            "MSNP2", "MD5", "CKI", "RL", "A", "HDN", "SSD", "RINGING", "Hotmail",
        ] {
            assert_eq!(
                words.iter().filter(|own| **own == word).count(),
                1,
                "{word}"
            );
        }
    }
}
