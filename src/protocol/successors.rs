//! What stands in the place of clauses that later dialects do not have any more.

use super::clause::ClauseId;
use super::dialect::Dialect;

/// A clause, and one that says in a later dialect what it said.
const SUCCESSORS: &[(ClauseId, ClauseId)] = &[
    (ClauseId::INF_1, ClauseId::PKG_2),
    (ClauseId::INF_2, ClauseId::PKG_2),
    (ClauseId::INF_3, ClauseId::PKG_2),
    (ClauseId::USR_1, ClauseId::TWN_1),
    (ClauseId::USR_2, ClauseId::TWN_2),
    (ClauseId::USR_5, ClauseId::TWN_3),
    (ClauseId::USR_6, ClauseId::TWN_4),
    (ClauseId::USR_7, ClauseId::TWN_4),
    (ClauseId::USR_8, ClauseId::TWN_7),
    (ClauseId::USR_10, ClauseId::TWN_5),
    (ClauseId::USR_11, ClauseId::TWN_6),
    (ClauseId::USR_12, ClauseId::TWN_9),
    (ClauseId::USR_13, ClauseId::TWN_13),
    (ClauseId::USR_15, ClauseId::TWN_11),
    (ClauseId::SYN_1, ClauseId::BATCH_1),
    (ClauseId::SYN_2, ClauseId::BATCH_2),
    (ClauseId::SYN_3, ClauseId::BATCH_5),
    (ClauseId::SYN_4, ClauseId::BATCH_3),
    (ClauseId::LST_1, ClauseId::LREQ_3),
    (ClauseId::LST_5, ClauseId::BATCH_7),
    (ClauseId::CHG_1, ClauseId::CAPS_1),
    (ClauseId::CVR_1, ClauseId::CVER_1),
    (ClauseId::CVR_1, ClauseId::CVER_2),
    (ClauseId::FND_1, ClauseId::FIND_1),
    (ClauseId::PNG_1, ClauseId::QNG_2),
    (ClauseId::URL_1, ClauseId::LINK_1),
    (ClauseId::SND_1, ClauseId::INVM_1),
];

impl ClauseId {
    /// The clause that says in a dialect what this one says: itself, where it has not ended before;
    /// `None` where nothing says it there.
    #[must_use]
    pub fn in_dialect(self, dialect: &Dialect) -> Option<Self> {
        let until = self.clause().until;
        if until.is_none_or(|until| dialect.number <= until) {
            return Some(self);
        }
        let mut own = SUCCESSORS.iter().filter(|(clause, _)| *clause == self);
        let found = own.find(|(_, later)| later.clause().holds_in(dialect));
        found.map(|(_, later)| *later)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_has_one_place_in_each_dialect() {
        let of = |clause: ClauseId, name: &str| {
            clause.in_dialect(Dialect::named(name.as_bytes()).expect("it is known"))
        };
        assert_eq!(of(ClauseId::CHG_1, "MSNP7"), Some(ClauseId::CHG_1));
        assert_eq!(of(ClauseId::CHG_1, "MSNP8"), Some(ClauseId::CAPS_1));
        assert_eq!(of(ClauseId::CVR_1, "MSNP5"), Some(ClauseId::CVER_1));
        assert_eq!(of(ClauseId::CVR_1, "MSNP9"), Some(ClauseId::CVER_2));
        assert_eq!(of(ClauseId::USR_9, "MSNP8"), None);
    }

    #[test]
    fn what_follows_begins_after_its_end() {
        for (clause, later) in SUCCESSORS {
            let until = clause.clause().until.expect("it has an end");
            assert!(later.clause().since > until, "{clause} {later}");
        }
    }
}
