//! The replies to VER, INF, USR and everything else before the login is complete.

use super::Model;
use super::command::{Command, Offer, Whom};
use super::line::Line;
use super::prediction::{Effect, Replies, Reply};
use super::rows;
use super::value::{ConnId, NameId};
use super::world::Stage;
use crate::protocol::{ClauseId, ServerKind, Verb};
use crate::rules::{Truth, refusals};

use smallvec::smallvec;

/// Refused in whatever way: an error, a close, or both.
pub(super) fn refused(clause: ClauseId) -> Reply {
    Reply::new(clause, Effect::MaybeClosed, &[Line::Refused])
}

/// Not answered at all.
pub(super) fn ignored(clause: ClauseId) -> Reply {
    Reply::new(clause, Effect::MaybeClosed, &[]).staying()
}

/// This error, and the connection stays.
pub(super) fn error(clause: ClauseId, code: u16) -> Reply {
    Reply::new(clause, Effect::Nothing, &[Line::Error(code)])
}

/// The command at a time at which nobody expects it.
fn not_expected(clause: ClauseId) -> Reply {
    Reply::new(clause, Effect::MaybeClosed, &[Line::Error(715)]).closing()
}

/// Commands that succeed nowhere.
pub(super) fn misplaced(command: Command) -> Replies {
    let clause = match command {
        Command::Hostile => {
            return smallvec![Reply::anything(ClauseId::LIVE_1, Effect::Unclear)];
        }
        Command::Unknown => ClauseId::FRAME_12,
        Command::Arity => ClauseId::FRAME_14,
        _ => ClauseId::FRAME_13,
    };
    smallvec![refused(clause), ignored(clause)]
}

/// OUT on a dispatch or notification server.
pub(super) fn out() -> Replies {
    smallvec![
        Reply::new(ClauseId::OUT_2, Effect::Left, &[Line::Out]),
        Reply::new(ClauseId::OUT_1, Effect::Left, &[]),
    ]
}

impl Model {
    pub(super) fn login_replies(&self, conn: ConnId, stage: Stage, command: Command) -> Replies {
        let mut replies = self.replies_before_login(conn, stage, command);
        // Whether the challenge still stands after something else is not said.
        if matches!(stage, Stage::Challenged(_)) && !matches!(command, Command::UsrS { .. }) {
            for reply in &mut replies {
                if reply.effect == Effect::MaybeClosed {
                    reply.effect = Effect::Unclear;
                }
            }
        }
        replies
    }

    fn replies_before_login(&self, conn: ConnId, stage: Stage, command: Command) -> Replies {
        match command {
            Command::Ver(offer) => version_replies(stage, offer),
            Command::Inf => inf_replies(stage),
            Command::UsrI(whom) => self.usr_i_replies(conn, stage, whom),
            Command::UsrPackage(_) => smallvec![refused(ClauseId::USR_11)],
            Command::UsrS { right } => self.usr_s_replies(stage, right),
            Command::Out => out(),
            Command::UsrSb(..)
            | Command::Ans { .. }
            | Command::Cal(_)
            | Command::Msg(_)
            | Command::MsgBad
            | Command::Unknown
            | Command::Foreign
            | Command::Arity
            | Command::Hostile => misplaced(command),
            _ => smallvec![
                Reply::refusal(&refusals::NOT_LOGGED_IN, Effect::MaybeClosed),
                refused(ClauseId::USR_13),
                ignored(ClauseId::USR_13),
            ],
        }
    }

    fn usr_i_replies(&self, conn: ConnId, stage: Stage, whom: Whom) -> Replies {
        let challenge = Line::Challenge(conn);
        match (stage, whom) {
            (Stage::Fresh, _) => smallvec![
                not_expected(ClauseId::USR_13),
                Reply::anything(ClauseId::USR_13, Effect::Unclear),
            ],
            (_, Whom::Malformed) => smallvec![
                Reply::refusal(&refusals::LOGIN_HANDLE, Effect::MaybeClosed),
                refused(ClauseId::HANDLE_3),
                // At the second step it is refused as a wrong password is.
                Reply::new(ClauseId::HANDLE_3, Effect::Challenged(None), &[challenge]),
            ],
            (Stage::Informed, Whom::User(user)) => {
                let refers = self.refers(conn);
                let mut replies = Replies::new();
                if refers != Truth::No {
                    replies.push(Reply::new(
                        self.referral_clause(),
                        Effect::Left,
                        &[Line::ReferNs(conn)],
                    ));
                }
                if refers != Truth::Yes {
                    let effect = Effect::Challenged(Some(user));
                    replies.push(Reply::new(ClauseId::USR_1, effect, &[challenge]));
                }
                replies
            }
            (Stage::Informed, Whom::Nobody) => {
                let mut replies: Replies = smallvec![
                    Reply::new(ClauseId::USR_8, Effect::Challenged(None), &[challenge]),
                    refused(ClauseId::USR_8),
                ];
                if self.refers(conn) != Truth::No {
                    let refer = [Line::ReferNs(conn)];
                    let clause = self.referral_clause();
                    replies.insert(0, Reply::new(clause, Effect::Left, &refer));
                }
                replies
            }
            // Without INF, or a second time.
            _ => smallvec![
                Reply::new(
                    ClauseId::USR_1,
                    Effect::Challenged(whom.user()),
                    &[challenge]
                ),
                Reply::anything(ClauseId::USR_1, Effect::Unclear),
            ],
        }
    }

    fn referral_clause(&self) -> ClauseId {
        rows::clause_of_referral(self.target.dialect)
    }

    fn refers(&self, conn: ConnId) -> Truth {
        if self.door(conn) == Some(ServerKind::Dispatch) {
            self.target.refers
        } else {
            Truth::No
        }
    }

    fn usr_s_replies(&self, stage: Stage, right: bool) -> Replies {
        match stage {
            Stage::Challenged(Some(user)) if right => {
                let ok = Line::UsrOk(user, self.user(user).name);
                smallvec![Reply::new(ClauseId::USR_2, Effect::LoggedIn(user), &[ok])]
            }
            Stage::Challenged(_) => {
                let wrong = Line::Error(911);
                smallvec![Reply::new(ClauseId::USR_6, Effect::MaybeClosed, &[wrong])]
            }
            _ => smallvec![not_expected(ClauseId::USR_10), refused(ClauseId::USR_10)],
        }
    }
}

fn version_replies(stage: Stage, offer: Offer) -> Replies {
    match (stage, offer) {
        (Stage::Fresh, Offer::Own) => {
            smallvec![Reply::new(ClauseId::VER_2, Effect::Versioned, &[Line::Ver])]
        }
        (Stage::Fresh, Offer::Package) => smallvec![
            Reply::new(ClauseId::VER_5, Effect::Unclear, &[Line::VerNone]),
            Reply::new(ClauseId::VER_9, Effect::Unclear, &[Line::VerPackage]),
        ],
        (Stage::Fresh, Offer::Unknown) => {
            smallvec![Reply::new(
                ClauseId::VER_5,
                Effect::MaybeClosed,
                &[Line::VerNone]
            )]
        }
        _ => smallvec![
            not_expected(ClauseId::VER_8),
            refused(ClauseId::VER_8),
            Reply::new(ClauseId::VER_8, Effect::Unclear, &[Line::Extra(Verb::Ver)]),
        ],
    }
}

fn inf_replies(stage: Stage) -> Replies {
    match stage {
        Stage::Versioned => {
            smallvec![Reply::new(ClauseId::INF_1, Effect::Informed, &[Line::Inf])]
        }
        _ => smallvec![
            not_expected(ClauseId::INF_3),
            refused(ClauseId::INF_3),
            ignored(ClauseId::INF_3),
            Reply::new(ClauseId::INF_3, Effect::Unclear, &[Line::Inf]),
        ],
    }
}

/// The name under which a user is known to its session.
pub(super) fn name_if(is_known: bool, name: NameId) -> NameId {
    if is_known { name } else { NameId::ANY }
}
