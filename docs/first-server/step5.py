"""Step 5: users talk. A switchboard is a server of its own, at the next port."""

import itertools

from step1 import Connection as Plain
from step4 import *

LONGEST_MESSAGE = 1664
numbers = itertools.count(1)
cookies = {}


class Session:
    def __init__(self):
        self.number, self.members, self.called = next(numbers), [], set()


def new_cookie(user, session=None):
    """Lets one user enter a session, once."""
    cookie = secrets.token_hex(8)
    cookies[cookie] = (user, session)
    return cookie


@Connection.on("XFR", 1)
async def xfr(me, trid, what):
    me.only_users()
    if what != "SB":
        return me.say(201, trid)
    if me.state in (None, "HDN"):
        return me.say(913, trid)
    me.say("XFR", trid, "SB", f"{HOST}:{PORT + 1}", "CKI", new_cookie(me.user))


class Switchboard(Plain):
    commands = {}

    def __init__(self, reader, writer):
        super().__init__(reader, writer)
        self.user, self.session = None, None

    def enter(self, trid, handle, cookie, number=None):
        """Joins the session that a cookie is for; whoever has none ends here."""
        user, session = cookies.get(cookie, (None, None))
        is_right = user and user.handle == handle.lower() and not self.user
        if not is_right or str(session.number if session else None) != str(number):
            self.say(911, trid)
            raise Close
        del cookies[cookie]
        self.user, self.name, self.session = user, user.name, session or Session()
        self.session.called.discard(user.handle)

    def others(self):
        return [member for member in self.session.members if member is not self]

    def only_members(self):
        if self.session is None:
            raise Close

    def leave(self):
        if self.session and self in self.session.members:
            self.session.members.remove(self)
            for member in self.session.members:
                member.say("BYE", self.user.handle)


@Switchboard.on("USR", 2)
async def enter(me, trid, handle, cookie):
    me.enter(trid, handle, cookie)
    me.session.members.append(me)
    me.say("USR", trid, "OK", me.user.handle, me.name)


@Switchboard.on("CAL", 1)
async def cal(me, trid, handle):
    me.only_members()
    session, callee = me.session, USERS.get(handle.lower())
    if not is_handle(handle):
        return me.say(208, trid)
    there = {member.user.handle for member in session.members} | session.called
    if callee and callee.handle in there:
        return me.say(215, trid)
    if callee is None or callee.connection is None or callee.connection.state in (None, "HDN"):
        return me.say(217, trid)
    if not may_reach(me.user, callee):
        return me.say(216, trid)
    session.called.add(callee.handle)
    me.say("CAL", trid, "RINGING", session.number)
    cookie = new_cookie(callee, session)
    address = f"{HOST}:{PORT + 1}"
    notify(callee, "RNG", session.number, address, "CKI", cookie, me.user.handle, me.name)


@Switchboard.on("ANS", 3)
async def ans(me, trid, handle, cookie, number):
    me.enter(trid, handle, cookie, number)
    others = me.others()
    for place, member in enumerate(others, 1):
        me.say("IRO", trid, place, len(others), member.user.handle, member.name)
    me.say("ANS", trid, "OK")
    for member in others:
        member.say("JOI", me.user.handle, me.name)
    me.session.members.append(me)


@Switchboard.on("MSG", 2)
async def msg(me, trid, mode, length):
    me.only_members()
    if mode not in ("U", "N", "A") or not me.is_trid(length) or int(length) > LONGEST_MESSAGE:
        raise Close
    payload = await me.reader.readexactly(int(length))
    others = me.others()
    for member in others:
        member.say("MSG", me.user.handle, me.name, len(payload))
        member.writer.write(payload)
    if not others and mode != "U":
        me.say("NAK", trid)
    elif mode == "A":
        me.say("ACK", trid)


if __name__ == "__main__":
    asyncio.run(serve(Connection, Switchboard))
