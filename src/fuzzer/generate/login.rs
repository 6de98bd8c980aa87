//! Logging in, once or twice, and leaving.

use super::cast::{Stage, Who};
use super::play::Play;
use crate::protocol::ClauseId;
use crate::scenario::ast::{Action, Payload};
use crate::transcript::ConnName;

impl Play<'_> {
    /// VER, INF and the first USR, on a connection of its own. The challenge is bound to the
    /// capture that is given back.
    pub(super) fn greet(&mut self, who: Who, conn: &ConnName) -> String {
        let user = self.user(who);
        let number = self.number();
        let offer = match self.entropy.below(6) {
            0 => "MSNP2",
            1 => "MSNP99 MSNP2 CVR0",
            _ => "MSNP2 CVR0",
        };
        self.say(conn, &["VER {t} ", offer].concat());
        self.script
            .expect(conn, "VER {t} MSNP2 ...", ClauseId::VER_2);
        self.say(conn, "INF {t}");
        self.script.expect(conn, "INF {t} MD5 ...", ClauseId::INF_2);
        self.say(conn, &["USR {t} MD5 I {", user, ".handle}"].concat());
        let line = format!("USR {{t}} MD5 S {{challenge{number}}}");
        self.script.expect(conn, &line, ClauseId::USR_1);
        format!("challenge{number}")
    }

    /// Logs in; a login that there was before ends.
    pub(super) fn log_in(&mut self, who: Who) {
        let (before, stage) = (self.conn(who), self.player(who).stage);
        let conn = self.player_mut(who).next_conn();
        let challenge = self.greet(who, &conn);
        let user = self.user(who);
        let line = ["USR {t} MD5 S {md5(", &challenge, ", ", user, ".password)}"].concat();
        self.say(&conn, &line);
        let name = self.name_of(who);
        let line = ["USR {t} OK {", user, ".handle} ", &name].concat();
        let clause = match stage {
            Stage::In => ClauseId::OUT_4,
            Stage::Away | Stage::Limbo => ClauseId::USR_2,
        };
        self.script.expect(&conn, &line, clause);
        if stage == Stage::In {
            self.script.expect(&before, "OUT OTH", ClauseId::OUT_3);
            self.script.expect_closed(&before, ClauseId::OUT_3);
            self.say(&conn, "REM {t} AL {nobody}");
            self.script.expect_error(&conn, ClauseId::OUT_4);
        }
        if stage != Stage::Away {
            self.cast.doubt_presence(who);
        }
        self.cast.drop_boards_of(who);
        self.player_mut(who).forget_session(Stage::In);
    }

    /// A response that is not the password's: nobody is logged in, and nobody is logged out.
    pub(super) fn fail_to_log_in(&mut self, who: Who) {
        let stage = self.player(who).stage;
        let conn = self.player_mut(who).next_conn();
        let user = self.user(who);
        if self.entropy.chance(60) {
            self.say(&conn, "VER {t} MSNP2");
            self.script
                .expect(&conn, "VER {t} MSNP2 ...", ClauseId::VER_2);
            let line = format!("USR {{t}} MD5 S {{md5({user}.password)}}");
            self.say(&conn, &line);
            self.script.expect_refused(&conn, ClauseId::USR_10);
        } else {
            let challenge = self.greet(who, &conn);
            let response = match self.entropy.below(4) {
                0 => format!("{{md5({user}.password, {challenge})}}"),
                1 => format!("{{md5({challenge})}}"),
                2 => format!("{{{user}.password}}"),
                _ => format!("{{md5({challenge}, 'not it')}}"),
            };
            self.say(&conn, &format!("USR {{t}} MD5 S {response}"));
            self.script.expect_refused(&conn, ClauseId::USR_5);
        }
        // The connection of that attempt is left alone; the user's own has another name.
        if stage != Stage::Away {
            self.lose_track(who);
        }
    }

    /// Leaves the notification server, one way or another.
    pub(super) fn leave(&mut self, who: Who) {
        let conn = self.conn(who);
        let clause = match self.entropy.below(3) {
            0 => {
                self.script.act(Action::Close(conn));
                ClauseId::PRES_8
            }
            1 => {
                self.script.act(Action::Reset(conn));
                ClauseId::PRES_8
            }
            _ => {
                self.say(&conn, "OUT");
                self.script.expect_closed(&conn, ClauseId::OUT_1);
                ClauseId::PRES_7
            }
        };
        // The server sees a cut when it looks; a user whom nobody sees go may be there for a while.
        let is_told = !self.player(who).may_yet_go && !self.cast.audience(who).is_empty();
        let is_seen = clause == ClauseId::PRES_7 || is_told;
        let stage = if is_seen { Stage::Away } else { Stage::Limbo };
        self.player_mut(who).forget_session(stage);
        self.audience_is_told(who, clause);
        if self.entropy.below(4) == 0 {
            self.say_farewell(who);
        }
        self.cast.drop_boards_of(who);
    }

    /// A session outlives its users' connections to the notification server.
    fn say_farewell(&mut self, who: Who) {
        let Some((conn, others)) = self.find_company(who) else {
            return;
        };
        let payload = Payload::Text(self.script.text("bye"));
        self.say_with(&conn, "MSG {t} U {length}", Some(payload));
        let user = self.user(who);
        for (_, there) in others {
            let line = format!("MSG {{{user}.handle}} * {{length}}");
            self.script.expect_same(&there, &line, ClauseId::BYE_5);
        }
    }
}
