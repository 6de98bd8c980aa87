//! The batch that follows a synchronisation, part by part.

use super::dialect::Dialect;
use super::list::List;
use super::message::Message;
use super::setting::Setting;
use super::verb::Verb;

impl Dialect {
    /// The parts of the batch of the first dialect, in their order (SYN-3): each setting, each list.
    pub fn batch_parts(&self) -> impl Iterator<Item = String> {
        let settings = Setting::ALL.map(|setting| setting.verb().as_str().to_owned());
        let mut lines = self.messages().filter(|row| row.shows_entry());
        let line = lines.next().map(|row| row.verb);
        let lists = line.into_iter().flat_map(|verb| {
            let of = move |list: List| part_of_list(verb, list.as_str());
            List::ALL.into_iter().map(of)
        });
        settings.into_iter().chain(lists)
    }

    /// The part of a batch that a line belongs to.
    #[must_use]
    pub fn part_of<'w>(&self, mut words: impl Iterator<Item = &'w str>) -> Option<String> {
        let verb = words.next()?;
        let value = words.nth(1)?;
        let mut rows = self.rows_of(Verb::parse(verb.as_bytes())).iter();
        match rows.any(Message::shows_entry) {
            true => Some(format!("{verb} {value}")),
            false => Some(verb.to_owned()),
        }
    }
}

fn part_of_list(verb: Verb, list: &str) -> String {
    format!("{} {list}", verb.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_stand_in_the_order_of_the_draft() {
        let first = Dialect::first();
        let parts: Vec<String> = first.batch_parts().collect();
        let drafts = ["GTC", "BLP", "LST FL", "LST AL", "LST BL", "LST RL"];
        assert_eq!(parts, drafts);
        let part = |line: &str| first.part_of(line.split(' '));
        assert_eq!(part("LST 5 AL 9 0 0").as_deref(), Some("LST AL"));
        assert_eq!(part("GTC 5 9 A").as_deref(), Some("GTC"));
        assert_eq!(part("QNG"), None);
    }
}
