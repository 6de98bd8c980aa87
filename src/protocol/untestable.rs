//! The clauses that a run can fail for and that no planted fault breaks, each with the reason.

use super::clause::ClauseId;

/// The clause and why it cannot be tested.
pub(super) const UNTESTABLE: &[(ClauseId, &str)] = &[
    (
        ClauseId::HANDLE_5,
        "a server may take handles of any domain, and may refuse them",
    ),
    (
        ClauseId::PKG_2,
        "the one success that INF can have, an ordinary answer, is accepted",
    ),
    (ClauseId::CAPS_3, "the NLN that it asks for may be left out"),
    (ClauseId::OBJ_4, "the NLN that it asks for may be left out"),
    (
        ClauseId::FIND_1,
        "whatever a server makes of FND is accepted",
    ),
    (
        ClauseId::INF_3,
        "the one success that INF can have, an ordinary answer, is accepted",
    ),
    (
        ClauseId::ADD_8,
        "how long a list may be is the server's own; no suite has accounts enough to find it",
    ),
    (
        ClauseId::PRES_11,
        "either order is accepted; an ILN that comes too late breaks PRES-1 or PRES-3",
    ),
    (
        ClauseId::PRES_12,
        "what it forbids, a superfluous FLN, is accepted; an FLN about strangers breaks PRES-5",
    ),
    (
        ClauseId::NEGO_6,
        "that a server speaks a lower dialect shows only where it agrees on it",
    ),
    (
        ClauseId::PRP_8,
        "whatever a server makes of MOB and MBE is accepted, an echo as well as none",
    ),
    (
        ClauseId::PRP_10,
        "a server need not offer PRP, in whatever way it shows that",
    ),
    (
        ClauseId::PRP_9,
        "a line break that is decoded is told as NAME-4, in whatever text it stood",
    ),
    (
        ClauseId::DOMAIN_1,
        "users have the handles that the target gives them: outside hotmail.com all scenarios show it",
    ),
    (
        ClauseId::HOT_1,
        "any sender and any content type is accepted, and a wrong length breaks FRAME-6",
    ),
    (
        ClauseId::NOT_1,
        "nothing that a client of these dialects does makes a notice come, and no known server sends one",
    ),
    (
        ClauseId::NUM_1,
        "a reply of another form breaks the clause of its command: BLP-1, PRP-1, ADD-1, REM-1 …",
    ),
    (
        ClauseId::LREQ_1,
        "not to offer LST is accepted, and another answer breaks LST-1, LST-2 or LST-3",
    ),
    (
        ClauseId::QNG_1,
        "a number is accepted, and another answer breaks PNG-1",
    ),
    (
        ClauseId::ROOM_1,
        "a value too many breaks RNG-1, MSG-2, ANS-2 or JOI-1",
    ),
    (
        ClauseId::DATA_4,
        "the treatment of MSNP9, a message that is delivered, is accepted",
    ),
    (
        ClauseId::MIX_1,
        "ILN and NLN look the same in all dialects up to MSNP7; a value too many breaks PRES-4",
    ),
    (
        ClauseId::CHL_3,
        "a server may know some products alone, and the one that the harness names is CHL-2's",
    ),
    (
        ClauseId::CHL_5,
        "no end at all is accepted, and a run would wait for a minute to see another",
    ),
    (
        ClauseId::GRP_3,
        "larger numbers than 29 are accepted, and what is no number breaks GRP-1",
    ),
];
