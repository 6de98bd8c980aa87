"""Step 2: users log in."""

import asyncio
import hashlib
import secrets
import time

from step1 import *
from step1 import Connection as Plain


class User:
    def __init__(self, handle, password, name):
        self.handle, self.password, self.name = handle, password, name
        self.connection = None


USERS = {
    user.handle: user
    for user in (User(f"user{n}@hotmail.com", f"secret{n}", f"User%20{n}") for n in range(1, 21))
}


class Connection(Plain):
    def __init__(self, reader, writer):
        super().__init__(reader, writer)
        self.handle_said, self.challenge, self.user = None, None, None

    def only_users(self):
        """Nothing but the login is for those who have not logged in."""
        if self.user is None:
            raise Close

    def leave(self):
        super().leave()
        if self.user and self.user.connection is self:
            self.user.connection = None


@Connection.on("INF", 0)
async def inf(me, trid):
    if not me.dialect or me.handle_said:
        me.say(715, trid)
        raise Close
    me.say("INF", trid, "MD5")


@Connection.on("USR", 3)
async def usr(me, trid, package, step, word):
    if me.user:
        return me.say(207, trid)
    if not me.dialect:
        me.say(715, trid)
        raise Close
    if package != "MD5":
        raise Close
    if step == "I":
        me.handle_said = word
        me.challenge = f"{int(time.time())}.{secrets.randbelow(10**9)}"
        return me.say("USR", trid, "MD5", "S", me.challenge)
    if step != "S" or me.challenge is None:
        raise Close
    user = USERS.get(me.handle_said.lower())
    right = user and hashlib.md5((me.challenge + user.password).encode()).hexdigest()
    me.challenge = None
    if word != right:
        me.say(911, trid)
        raise Close
    if user.connection:
        user.connection.say("OUT", "OTH")
        user.connection.end()
    me.user, user.connection = user, me
    me.say("USR", trid, "OK", user.handle, user.name)


if __name__ == "__main__":
    asyncio.run(serve(Connection))
