//! Requests in which something is odd, and all that may come of each.

use crate::model::{Command, GroupWord, LabelId, Mode, Offer, Phone, Version, Whom};
use crate::protocol::ClauseId;

/// How far a connection has come before.
#[derive(Debug, Clone, Copy)]
pub(super) enum After {
    Nothing,
    Version,
    Packages,
    Challenge,
}

/// A line, or what comes in its place. `=` stands for the verb of the request, `?` for that of the
/// next one, `WHO` for the user, `SCHEME` for the login scheme, `DIALECT` for the dialect, `FIRST` for
/// the first of all, `PACKAGE` for the word that is offered behind it. `#` in a name makes it the
/// case's own. What begins with `>` is sent; `~` marks what the clause lets vary; ` | ` parts what may
/// come in one place.
pub(super) type Template = &'static str;

/// A request, and what may come: a branch for each way to answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) clause: ClauseId,
    /// A request with this verb; what stands behind it is the template's to say.
    pub(super) command: Command,
    pub(super) rest: Template,
    pub(super) branches: &'static [&'static [Template]],
}

const fn row(
    clause: ClauseId,
    command: Command,
    rest: Template,
    branches: &'static [&'static [Template]],
) -> Row {
    Row {
        clause,
        command,
        rest,
        branches,
    }
}

/// A refusal at the first step of a login, or at the second.
const NEVER_IN: &[&[Template]] = &[
    &["refused"],
    &[
        "= {t} SCHEME S {c#}",
        "> = {t} SCHEME S {md5(c#, WHO.password)}",
        "refused",
    ],
];
/// Another attempt after one that failed.
pub(super) const AGAIN: &[&[Template]] = &[
    &["~closed"],
    &[
        "nothing",
        "> = {t} SCHEME I {WHO.handle}",
        "= {t} SCHEME S * | ~refused",
    ],
];
/// A response that is none at all.
const NO_RESPONSE: &[&[Template]] = &[
    &["closed"],
    &["error"],
    &["nothing", "> ? {t} 0", "refused | nothing"],
];
/// The own dialect, whatever else is offered.
const OWN: &[&[Template]] = &[&["= {t} !0"], &["= {t} !0 !0"]];
/// A TrID that is none.
const NO_TRID: &[&[Template]] = &[&["closed"], &["/[0-9]{3}/ ..."]];
/// What nobody need know.
const NEVER_DONE: &[&[Template]] = &[&["refused"], &["~nothing"], &["~= {t} ..."]];
/// The end of the connection, or an error in its place.
const CLOSES: &[&[Template]] = &[&["closed"], &["~error"], &["~nothing"]];

const VER: Command = Command::Ver(Offer::Own);
const SYN: Command = Command::Syn(Version::Zero);
const FIRST_STEP: Command = Command::UsrI(Whom::Nobody);
const CHG: Command = Command::Chg(None);
const PRP: Command = Command::Prp(None, Phone(0));
const ADG: Command = Command::Adg(LabelId(0));
const REG: Command = Command::Reg(GroupWord::Nobodys, LabelId(0));
const RMG: Command = Command::Rmg(GroupWord::Nobodys);

/// The request that is sent where a template says `?`.
pub(super) const NEXT: Command = SYN;

/// Requests of a connection without a login.
pub(super) const LOGIN: &[(After, Row)] = {
    use After::{Challenge, Nothing, Packages, Version};
    use ClauseId as C;
    &[
        (
            Nothing,
            row(
                C::VER_4,
                VER,
                "{t} lower:DIALECT lower:PACKAGE",
                &[&["= {t} any:DIALECT ..."], &["~= {t} 0 ..."], &["~refused"]],
            ),
        ),
        (Nothing, row(C::VER_6, VER, "{t} 0 DIALECT PACKAGE", OWN)),
        (Nothing, row(C::VER_6, VER, "{t} DIALECT PACKAGE 0", OWN)),
        (
            Packages,
            row(
                C::USR_11,
                FIRST_STEP,
                "{t} XYZ I {WHO.handle}",
                &[&["refused"]],
            ),
        ),
        (
            Packages,
            row(C::USR_8, FIRST_STEP, "{t} SCHEME I {nobody}", NEVER_IN),
        ),
        (
            Packages,
            row(
                C::HANDLE_4,
                FIRST_STEP,
                "{t} SCHEME I nodomain",
                &[
                    &["206 {t} ..."],
                    &["~911 {t} ..."],
                    &["~closed"],
                    &[
                        "~= {t} SCHEME S {c#}",
                        "> = {t} SCHEME S {md5(c#, WHO.password)}",
                        "refused",
                    ],
                ],
            ),
        ),
        (
            Packages,
            row(C::HANDLE_3, FIRST_STEP, "{t} SCHEME I nodomain@", NEVER_IN),
        ),
        (
            Packages,
            row(
                C::HANDLE_2,
                FIRST_STEP,
                "{t} SCHEME I {repeat('a', 118)}@hotmail.com",
                NEVER_IN,
            ),
        ),
        (
            Packages,
            row(
                C::REPLY_1,
                FIRST_STEP,
                "{t} SCHEME I alice@example.com",
                &[&["refused"], &["= {t} SCHEME S *"]],
            ),
        ),
        (
            Challenge,
            row(
                C::USR_5,
                FIRST_STEP,
                "{t} SCHEME S {md5('y')}",
                &[&["error"]],
            ),
        ),
        (
            Challenge,
            row(C::USR_15, FIRST_STEP, "{t} SCHEME S", NO_RESPONSE),
        ),
        (
            Challenge,
            row(C::USR_15, FIRST_STEP, "{t} SCHEME S ", NO_RESPONSE),
        ),
        (Nothing, row(C::TRID_6, VER, "abc DIALECT PACKAGE", NO_TRID)),
        // later dialects
        (
            Version,
            row(
                C::PKG_1,
                Command::Inf,
                "{t}",
                &[&["= {t} SCHEME"], &["~= {t} SCHEME !CTP"]],
            ),
        ),
        (
            Nothing,
            row(
                C::NEGO_2,
                VER,
                "{t} DIALECT FIRST PACKAGE",
                &[&["= {t} DIALECT ..."]],
            ),
        ),
        (
            Nothing,
            row(
                C::NEGO_3,
                VER,
                "{t} DIALECT",
                &[&["= {t} DIALECT"], &["= {t} 0 ..."]],
            ),
        ),
        (
            Nothing,
            row(
                C::NEGO_4,
                VER,
                "{t} DIALECT",
                &[&["= {t} DIALECT ..."], &["~= {t} 0 ..."]],
            ),
        ),
        (
            Packages,
            row(
                C::TWN_10,
                FIRST_STEP,
                "{t} TWN I {WHO.handle}",
                &[&["refused"]],
            ),
        ),
    ]
};

/// Requests of somebody who is logged in; those of a command that the dialect does not have are about
/// that.
pub(super) const SESSION: &[Row] = {
    use ClauseId as C;
    &[
        row(
            C::MSG_12,
            Command::Msg(Mode::A),
            "{t} A 0",
            &[&["refused"], &["~nothing"]],
        ),
        row(
            C::CHG_2,
            CHG,
            "{t} FLN",
            &[&["= {t} FLN", "> ? {t} 0", "? {t} *"], &["~201 {t} ..."]],
        ),
        row(C::TRID_6, CHG, "abc NLN", NO_TRID),
        // later dialects
        row(C::IMS_4, Command::Ims(None), "{t} off", CLOSES),
        row(C::PRP_5, PRP, "{t} PHH {repeat('5', 96)}", CLOSES),
        row(
            C::PRP_7,
            PRP,
            "{t} PHHH 5",
            &[&["closed"], &["~error"], &["~nothing"], &["~= {t} ..."]],
        ),
        row(
            C::PRP_8,
            PRP,
            "{t} MOB Y",
            &[
                &["= {t} * MOB N"],
                &["~error"],
                &["~nothing"],
                &["~= {t} ..."],
            ],
        ),
        row(
            C::GRP_7,
            ADG,
            "{t} {repeat('n', 62)} 0",
            &[&["229 {t} ..."], &["~closed"], &["~= {t} ..."]],
        ),
        row(
            C::GRP_15,
            REG,
            "{t} 30 x 0",
            &[&["closed"], &["~224 {t} ..."], &["~201 {t} ..."]],
        ),
        row(
            C::GRP_15,
            RMG,
            "{t} x",
            &[&["closed"], &["~224 {t} ..."], &["~201 {t} ..."]],
        ),
        row(C::OLD_1, Command::Ims(None), "{t} ON", NEVER_DONE),
        row(C::OLD_1, PRP, "{t} PHH 5", NEVER_DONE),
        row(C::OLD_1, ADG, "{t} New 0", NEVER_DONE),
    ]
};
