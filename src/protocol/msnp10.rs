//! MSNP10 (client 6.1): contacts and groups have GUIDs, and no line has a serial number. ADC stands for ADD,
//! PRP MFN for REA of oneself and SBP for REA of another; SYN counts by two stamps; a contact's line in the batch marks its
//! words, since some may be left out; who adds a stranger stands on the stranger's pending list.

use std::sync::OnceLock;

use super::asked::{Effect, asked};
use super::clause::ClauseId;
use super::dialect::Dialect;
use super::ladder::Rung;
use super::message::Param::{
    Bits, Contact, Flag, Groups, Guid, Handle, Is, Key, List, Name, OneOf, Privacy, Prompt, Stamp,
    Tagged, Total, Value, Word,
};
use super::message::{Message, Param, form, plain};
use super::msnp9::MSNP9;
use super::role::{ALL, DS_NS, Direction, NS};
use super::verb::Verb;

/// MSNP10: MSNP9 and what differs.
pub(super) static MSNP10: Dialect = Dialect {
    name: "MSNP10",
    number: 10,
    before: Some(&MSNP9),
    rows: ROWS,
    gone: &[
        (Verb::Add, Direction::ToServer),
        (Verb::Add, Direction::ToClient),
        (Verb::Rea, Direction::ToServer),
        (Verb::Rea, Direction::ToClient),
        (Verb::Lst, Direction::ToClient),
        (Verb::Lsg, Direction::ToClient),
    ],
    table: OnceLock::new(),
};

/// `N=handle`
pub(super) const OF: Param = Tagged("N=", &Handle);
/// `F=name`
pub(super) const CALLED: Param = Tagged("F=", &Name);
/// `C=guid`
pub(super) const KNOWN: Param = Tagged("C=", &Contact);

const ROWS: &[Message] = &[
    Message::response(
        Verb::Usr,
        DS_NS,
        &[
            form(ClauseId::TWN_1, &[Is("TWN"), Is("S"), Param::Challenge]),
            form(
                ClauseId::TWN_14,
                &[Is("OK"), Handle, Flag("verified"), Flag("kid")],
            ),
            form(
                ClauseId::TWN_14,
                &[Param::Scheme, Word("step"), Word("value")],
            )
            .open(),
        ],
    )
    .to(&[Verb::Usr]),
    // The counts are left out where the client's stamps are those of the server (STAMP-3).
    Message::request(Verb::Syn, NS, &[plain(&[Stamp, Stamp])]).asked(
        asked(ClauseId::STAMP_1, &[Rung::Usr])
            .result(ClauseId::BATCH_4)
            .on(Rung::Syn),
    ),
    Message::response(
        Verb::Syn,
        NS,
        &[form(ClauseId::STAMP_1, &[Stamp, Stamp, Total, Total]).optional(2)],
    )
    .to(&[Verb::Syn]),
    // outside the batch
    Message::response(Verb::Gtc, NS, &[form(ClauseId::SETT_1, &[Prompt])]).to(&[Verb::Gtc]),
    Message::response(Verb::Blp, NS, &[form(ClauseId::SETT_1, &[Privacy])]).to(&[Verb::Blp]),
    Message::request(
        Verb::Prp,
        NS,
        &[
            plain(&[Is("MFN"), Name]).optional(1),
            plain(&[Key, Value]).optional(1),
        ],
    )
    .asked(asked(ClauseId::PRP_11, &[Rung::Syn]).changes(Effect::Properties)),
    Message::response(
        Verb::Prp,
        NS,
        &[
            form(ClauseId::MFN_1, &[Is("MFN"), Name]).optional(1),
            form(ClauseId::PRP_11, &[Key, Value]).optional(1),
        ],
    )
    .to(&[Verb::Prp]),
    Message::response(
        Verb::Bpr,
        NS,
        &[form(ClauseId::BPR_1, &[Handle, Key, Value]).optional(1)],
    )
    .without_trid(),
    // in the batch
    Message::response(
        Verb::Prp,
        NS,
        &[
            form(ClauseId::STAMP_5, &[Is("MFN"), Name]),
            form(ClauseId::BATCH_3, &[Key, Value]).optional(1),
        ],
    )
    .bare(),
    Message::response(
        Verb::Lsg,
        NS,
        &[form(ClauseId::LSG_2, &[Word("name"), Guid])],
    )
    .bare(),
    Message::response(
        Verb::Lst,
        NS,
        &[
            form(ClauseId::ENTRY_1, &[OF, CALLED, KNOWN, Bits, Groups]).optional(1),
            form(ClauseId::ENTRY_1, &[OF, CALLED, Bits]),
            form(ClauseId::ENTRY_1, &[OF, KNOWN, Bits, Groups]).optional(1),
            form(ClauseId::ENTRY_1, &[OF, Bits]),
        ],
    )
    .bare(),
    // lists
    Message::request(
        Verb::Adc,
        NS,
        &[
            plain(&[List, OF, CALLED]),
            plain(&[List, KNOWN, Guid]),
            plain(&[List, OF]),
        ],
    )
    .asked(
        asked(ClauseId::ADC_1, &[Rung::Syn])
            .result(ClauseId::ADC_1)
            .on(Rung::Lists)
            .changes(Effect::Adds),
    ),
    Message::response(
        Verb::Adc,
        NS,
        &[
            form(ClauseId::ADC_2, &[Is("FL"), OF, CALLED, KNOWN]),
            // In MSNP12 some servers have the network behind it.
            form(ClauseId::ADC_14, &[List, OF, CALLED, Word("network")]).optional(1),
            form(ClauseId::ADC_4, &[List, KNOWN, Guid]),
            form(ClauseId::ADC_1, &[List, OF]).unasked(ClauseId::ADC_14),
        ],
    )
    .or_unasked()
    .to(&[Verb::Adc])
    .told(super::asked::told(&[ClauseId::ADC_14])),
    Message::request(
        Verb::Rem,
        NS,
        &[
            plain(&[Is("FL"), Contact, Guid]).optional(1),
            plain(&[List, Handle]),
        ],
    )
    .asked(
        asked(ClauseId::REMG_2, &[Rung::Syn])
            .on(Rung::Lists)
            .changes(Effect::Removes),
    ),
    Message::response(
        Verb::Rem,
        NS,
        &[
            form(ClauseId::REMG_1, &[Is("FL"), Contact, Guid]).optional(1),
            form(ClauseId::REMG_5, &[Is("RL"), OF]).shape(ClauseId::REMG_5),
            form(ClauseId::REMG_2, &[List, Handle]).unasked(ClauseId::REMG_5),
        ],
    )
    .or_unasked()
    .to(&[Verb::Rem])
    .told(super::asked::told(&[ClauseId::REMG_5])),
    // the names of contacts, and whatever else a user keeps of them
    Message::request(Verb::Sbp, NS, &[plain(&[Contact, Key, Value]).optional(1)])
        .asked(asked(ClauseId::SBP_1, &[Rung::Syn]).changes(Effect::Aliases)),
    Message::response(
        Verb::Sbp,
        NS,
        &[form(ClauseId::SBP_1, &[Contact, Key, Value]).optional(1)],
    )
    .to(&[Verb::Sbp]),
    // groups: servers of today write a number before or behind what the clauses name
    Message::request(
        Verb::Adg,
        NS,
        &[plain(&[Word("name"), Word("0")]).optional(1)],
    )
    .asked(asked(ClauseId::GRPG_1, &[Rung::Syn]).changes(Effect::Groups)),
    Message::response(
        Verb::Adg,
        NS,
        &[
            form(ClauseId::GRPG_1, &[Is("1"), Word("name"), Guid]),
            form(ClauseId::GRPG_1, &[Word("name"), Guid, Word("0")]).optional(1),
        ],
    )
    .to(&[Verb::Adg]),
    Message::request(
        Verb::Reg,
        NS,
        &[plain(&[Guid, Word("name"), Word("0")]).optional(1)],
    )
    .asked(asked(ClauseId::GRPG_3, &[Rung::Syn]).changes(Effect::Groups)),
    // The GUID and the name, in either order.
    Message::response(
        Verb::Reg,
        NS,
        &[form(
            ClauseId::GRPG_3,
            &[Word("group"), Word("name"), Word("0"), Word("0")],
        )
        .optional(2)],
    )
    .to(&[Verb::Reg]),
    Message::request(Verb::Rmg, NS, &[plain(&[Guid])])
        .asked(asked(ClauseId::GRPG_4, &[Rung::Syn]).changes(Effect::Groups)),
    Message::response(
        Verb::Rmg,
        NS,
        &[
            form(ClauseId::GRPG_4, &[Is("1"), Guid]),
            form(ClauseId::GRPG_4, &[Guid]),
        ],
    )
    .to(&[Verb::Rmg]),
    // presence
    Message::response(
        Verb::Iln,
        NS,
        &[form(
            ClauseId::PRES_1,
            &[Param::State, Handle, Name, Param::ClientId, Param::Object],
        )
        .shape(ClauseId::CAPS_2)
        .optional(1)],
    )
    .to(&[Verb::Chg, Verb::Adc]),
    // the end
    Message::response(
        Verb::Out,
        ALL,
        &[
            form(ClauseId::OUT_1, &[OneOf(&["OTH", "SSD", "MIG", "TOU"])])
                .shape(ClauseId::BOOT_1)
                .optional(1),
        ],
    )
    .without_trid(),
];
