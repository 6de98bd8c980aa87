"""Step 1: a server that listens and agrees on a dialect."""

import asyncio

HOST, PORT = "127.0.0.1", 1863


class Close(Exception):
    """Ends the connection: what a server does with what it does not understand."""


class Connection:
    commands = {}

    @classmethod
    def on(cls, verb, *counts):
        """Says which function answers a command, and how many words may stand behind its TrID."""

        def register(function):
            cls.commands[verb] = (function, counts)
            return function

        return register

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.dialect = None

    def say(self, *words):
        self.writer.write(" ".join(map(str, words)).encode("latin-1") + b"\r\n")

    async def line(self):
        """The words of the next line, or none at the end of the connection."""
        line = await self.reader.readuntil(b"\n")
        return line.decode("latin-1").split()

    async def handle(self, verb, words):
        if verb == "OUT":
            self.say("OUT")
            raise Close
        function, counts = self.commands.get(verb, (None, ()))
        if function is None or not words or not self.is_trid(words[0]):
            raise Close
        trid, *words = words
        if counts and len(words) not in counts:
            raise Close
        await function(self, trid, *words)

    @staticmethod
    def is_trid(word):
        return word.isascii() and word.isdigit() and len(word) <= 10 and int(word) < 2**32

    async def run(self):
        try:
            while True:
                verb, *words = await self.line() or [""]
                await self.handle(verb, words)
                await self.writer.drain()
        except (Close, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            self.leave()
            self.writer.close()

    def end(self):
        """Ends the connection from outside of it."""
        self.leave()
        self.writer.close()

    def leave(self):
        """What there is to do when a connection ends."""


@Connection.on("VER")
async def ver(me, trid, *offered):
    if me.dialect:
        me.say(715, trid)
        raise Close
    if "MSNP2" not in map(str.upper, offered):
        me.say("VER", trid, 0)
        raise Close
    me.dialect = "MSNP2"
    me.say("VER", trid, me.dialect)


async def serve(*connections):
    """Listens at each port; what is said there is answered by a kind of connection."""

    async def listen(port, connection):
        async def accept(reader, writer):
            await connection(reader, writer).run()

        server = await asyncio.start_server(accept, HOST, port, limit=8192)
        await server.serve_forever()

    await asyncio.gather(*(listen(PORT + n, kind) for n, kind in enumerate(connections)))


if __name__ == "__main__":
    asyncio.run(serve(Connection))
