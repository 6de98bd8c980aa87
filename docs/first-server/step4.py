"""Step 4: users see who is there."""

from step3 import *
from step3 import Connection as Lists

STATES = ("NLN", "BSY", "IDL", "BRB", "AWY", "PHN", "LUN", "HDN")


def sees(watcher, user):
    """Whether a user is seen by another: online, watched, and not refused by lists and settings."""
    return (
        user.connection is not None
        and user.connection.state not in (None, "HDN")
        and user.handle in watcher.lists["FL"]
        and may_reach(watcher, user)
    )


def may_reach(other, user):
    """Whether the lists of a user let somebody through to it."""
    if other.handle in user.lists["BL"]:
        return False
    return user.privacy == "AL" or other.handle in user.lists["AL"]


def watchers(user):
    """Those who have a user on their forward list and are told of others already."""
    for handle in user.lists["RL"]:
        watcher = USERS[handle]
        if watcher.connection and watcher.connection.state:
            yield watcher


class Connection(Lists):
    def __init__(self, reader, writer):
        super().__init__(reader, writer)
        self.state = None
        self.seen = set()

    def tell_about(self, user, trid=None):
        """Tells this user's client whether it sees another user."""
        if sees(self.user, user):
            self.seen.add(user.handle)
            told = ("NLN",) if trid is None else ("ILN", trid)
            self.say(*told, user.connection.state, user.handle, user.name)
        elif user.handle in self.seen:
            self.seen.remove(user.handle)
            self.say("FLN", user.handle)

    def tell_watchers(self):
        for watcher in watchers(self.user):
            watcher.connection.tell_about(self.user)

    def added(self, trid, other):
        if self.state and sees(self.user, other):
            self.tell_about(other, trid)

    def lists_changed(self, other, where):
        if where == "FL" or not self.state:
            return
        for watcher in watchers(self.user):
            is_seen = self.user.handle in watcher.connection.seen
            if is_seen != sees(watcher, self.user):
                watcher.connection.tell_about(self.user)

    def leave(self):
        was_here = self.user and self.user.connection is self
        super().leave()
        if was_here:
            self.tell_watchers()


@Connection.on("CHG", 1)
async def chg(me, trid, state):
    me.only_users()
    if state not in STATES:
        return me.say(201, trid)
    is_first, me.state = me.state is None, state
    me.say("CHG", trid, state)
    if is_first:
        for handle in me.user.lists["FL"]:
            me.tell_about(USERS[handle], trid)
    me.tell_watchers()


if __name__ == "__main__":
    asyncio.run(serve(Connection))
