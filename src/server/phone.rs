//! A user's phone numbers.

use std::sync::Arc;

use crate::protocol::Property;

/// What a user has told of its phones, encoded. Nobody has a device for pages here, so nobody can be
/// paged either.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Phones {
    home: Option<Arc<str>>,
    work: Option<Arc<str>>,
    mobile: Option<Arc<str>>,
}

impl Phones {
    /// What whoever may not see a user is shown.
    pub(super) const NONE: &'static Self = &Self {
        home: None,
        work: None,
        mobile: None,
    };

    /// A property as it is written; `None` where the user has not set it.
    pub(super) fn value(&self, property: Property) -> Option<&str> {
        match property {
            Property::Home => self.home.as_deref(),
            Property::Work => self.work.as_deref(),
            Property::Mobile => self.mobile.as_deref(),
            //= PRP-8
            Property::Pages | Property::Device => Some("N"),
        }
    }

    /// The numbers that the user has set, each with its name.
    pub(super) fn numbers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = Property::ALL.into_iter().filter(|key| key.is_number());
        all.filter_map(|key| Some((key.as_str(), self.value(key)?)))
    }

    /// Sets or clears a property; false where it is as before.
    pub(super) fn set(&mut self, property: Property, value: Option<&str>) -> bool {
        let own = match property {
            Property::Home => &mut self.home,
            Property::Work => &mut self.work,
            Property::Mobile => &mut self.mobile,
            Property::Pages | Property::Device => return false,
        };
        let is_news = own.as_deref() != value;
        *own = value.map(Arc::from);
        is_news
    }
}
