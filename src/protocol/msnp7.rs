//! MSNP7 (client 4.5): contacts stand in groups (LSG, ADG, REG, RMG; a group in ADD and REM, all groups of
//! a contact in LST), and the referral names the server that refers.

use std::sync::OnceLock;

use super::asked::{Effect, asked};
use super::clause::ClauseId;
use super::dialect::Dialect;
use super::ladder::Rung;
use super::message::Param::{
    Address, Group, Groups, Handle, Is, Item, List, Name, Serial, Total, Word,
};
use super::message::{Message, form, plain};
use super::msnp2::TO_SWITCHBOARD;
use super::msnp6::MSNP6;
use super::role::{DS_NS, NS};
use super::verb::Verb;

/// MSNP7: MSNP6 and what differs.
pub(super) static MSNP7: Dialect = Dialect {
    name: "MSNP7",
    number: 7,
    before: Some(&MSNP6),
    rows: ROWS,
    gone: &[],
    table: OnceLock::new(),
};

const ROWS: &[Message] = &[
    Message::response(
        Verb::Xfr,
        DS_NS,
        &[
            TO_SWITCHBOARD,
            // Then 0, and the address of the server that refers; servers of today leave them out.
            form(ClauseId::REFER_2, &[Is("NS"), Address, Word("0"), Address])
                .shape(ClauseId::XFR_4)
                .optional(2)
                .open(),
        ],
    )
    .or_unasked()
    .to(&[Verb::Xfr, Verb::Usr]),
    Message::response(
        Verb::Lst,
        NS,
        // The groups stand on the FL alone.
        &[form(
            ClauseId::LST_1,
            &[List, Serial, Item, Total, Handle, Name, Groups],
        )
        .optional(3)],
    )
    .to(&[Verb::Lst, Verb::Syn]),
    Message::request(
        Verb::Add,
        NS,
        &[plain(&[List, Handle, Name, Group]).optional(1)],
    ),
    Message::response(
        Verb::Add,
        NS,
        &[form(ClauseId::ADD_1, &[List, Serial, Handle, Name, Group])
            .optional(1)
            .unasked(ClauseId::ADD_10)],
    )
    .or_unasked()
    .to(&[Verb::Add]),
    Message::request(Verb::Rem, NS, &[plain(&[List, Handle, Group]).optional(1)]),
    Message::response(
        Verb::Rem,
        NS,
        &[form(ClauseId::REM_1, &[List, Serial, Handle, Group])
            .optional(1)
            .unasked(ClauseId::REM_7)],
    )
    .or_unasked()
    .to(&[Verb::Rem]),
    Message::request(Verb::Lsg, NS, &[plain(&[])]),
    // Of a user without groups servers may say no more than `0 0`.
    Message::response(
        Verb::Lsg,
        NS,
        &[form(
            ClauseId::SYNC_6,
            &[Serial, Item, Total, Group, Word("name"), Word("0")],
        )
        .optional(3)],
    )
    .to(&[Verb::Lsg, Verb::Syn]),
    Message::request(
        Verb::Adg,
        NS,
        &[plain(&[Word("name"), Word("0")]).optional(1)],
    )
    .asked(asked(ClauseId::GRP_1, &[Rung::Syn]).changes(Effect::Groups)),
    Message::response(
        Verb::Adg,
        NS,
        &[form(ClauseId::GRP_1, &[Serial, Word("name"), Group, Word("0")]).optional(1)],
    )
    .to(&[Verb::Adg]),
    Message::request(
        Verb::Reg,
        NS,
        &[plain(&[Group, Word("name"), Word("0")]).optional(1)],
    )
    .asked(asked(ClauseId::GRP_9, &[Rung::Syn]).changes(Effect::Groups)),
    Message::response(
        Verb::Reg,
        NS,
        &[form(ClauseId::GRP_9, &[Serial, Group, Word("name"), Word("0")]).optional(1)],
    )
    .to(&[Verb::Reg]),
    Message::request(Verb::Rmg, NS, &[plain(&[Group])])
        .asked(asked(ClauseId::GRP_11, &[Rung::Syn]).changes(Effect::Groups)),
    Message::response(Verb::Rmg, NS, &[form(ClauseId::GRP_11, &[Serial, Group])]).to(&[Verb::Rmg]),
];
