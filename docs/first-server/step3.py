"""Step 3: users have lists and settings, and their numbers rise with each change."""

import re

from step2 import *
from step2 import Connection as Login

LISTS = ("FL", "AL", "BL", "RL")
OPPOSITE = {"AL": "BL", "BL": "AL"}
LONGEST_NAME, MOST_ENTRIES = 387, 150

for user in USERS.values():
    user.serial, user.prompt, user.privacy = 1, "A", "AL"
    user.lists = {name: {} for name in LISTS}


class Connection(Login):
    """Tells its user what others do with its lists; step 4 has more to tell."""

    def added(self, trid, other):
        """Its user has put somebody on its forward list."""

    def lists_changed(self, other, where):
        """Its user has changed a list or a setting, on which it may depend who sees it."""


def changed(user):
    """Raises the number of a user's lists."""
    user.serial += 1
    return user.serial


def notify(user, *words):
    if user.connection:
        user.connection.say(*words)


def is_handle(word):
    return re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", word) and len(word) <= 129


def list_lines(user, name):
    entries = user.lists[name]
    if not entries:
        yield (name, user.serial, 0, 0)
    for place, (handle, nickname) in enumerate(entries.items(), 1):
        yield (name, user.serial, place, len(entries), handle, nickname)


@Connection.on("SYN", 1)
async def syn(me, trid, number):
    me.only_users()
    if not me.is_trid(number):
        raise Close
    user = me.user
    me.say("SYN", trid, user.serial)
    if int(number) == user.serial:
        return
    me.say("GTC", trid, user.serial, user.prompt)
    me.say("BLP", trid, user.serial, user.privacy)
    for name in LISTS:
        for line in list_lines(user, name):
            me.say("LST", trid, *line)


@Connection.on("LST", 1)
async def lst(me, trid, name):
    me.only_users()
    if name not in LISTS:
        raise Close
    for line in list_lines(me.user, name):
        me.say("LST", trid, *line)


def setting(verb, attribute, values):
    @Connection.on(verb, 1)
    async def set_it(me, trid, value):
        me.only_users()
        if value not in values:
            raise Close
        if getattr(me.user, attribute) == value:
            return me.say(218, trid)
        setattr(me.user, attribute, value)
        me.say(verb, trid, changed(me.user), value)
        me.lists_changed(None, verb)


setting("GTC", "prompt", ("A", "N"))
setting("BLP", "privacy", ("AL", "BL"))


@Connection.on("ADD", 3)
async def add(me, trid, where, handle, nickname):
    me.only_users()
    if where not in LISTS or where == "RL" or len(nickname) > LONGEST_NAME:
        raise Close
    user, other = me.user, USERS.get(handle.lower())
    entries = user.lists[where]
    if not is_handle(handle):
        return me.say(201, trid)
    if other is None:
        return me.say(205, trid)
    if other.handle in entries:
        return me.say(215, trid)
    if where in OPPOSITE and other.handle in user.lists[OPPOSITE[where]]:
        return me.say(219, trid)
    if len(entries) >= MOST_ENTRIES:
        return me.say(210, trid)
    entries[other.handle] = nickname
    me.say("ADD", trid, where, changed(user), other.handle, nickname)
    if where == "FL":
        other.lists["RL"][user.handle] = user.name
        notify(other, "ADD", 0, "RL", changed(other), user.handle, user.name)
        me.added(trid, other)
    me.lists_changed(other, where)


@Connection.on("REM", 2)
async def rem(me, trid, where, handle):
    me.only_users()
    if where not in LISTS or where == "RL":
        raise Close
    user, other = me.user, USERS.get(handle.lower())
    if other is None or other.handle not in user.lists[where]:
        return me.say(216, trid)
    del user.lists[where][other.handle]
    me.say("REM", trid, where, changed(user), other.handle)
    if where == "FL":
        del other.lists["RL"][user.handle]
        notify(other, "REM", 0, "RL", changed(other), user.handle)
    me.lists_changed(other, where)


if __name__ == "__main__":
    asyncio.run(serve(Connection))
