"""Step 6: an orderly end, and names that are kept as they may be sent."""

import signal
from urllib.parse import quote

from step5 import *

SAFE = "%!#$&'()*+,-./:;<=>?@[]^_`{|}~"


@Connection.on("ADD", 3)
async def add_named(me, trid, where, handle, nickname):
    await add(me, trid, where, handle, quote(nickname, safe=SAFE, encoding="latin-1"))


async def main():
    serving = asyncio.ensure_future(serve(Connection, Switchboard))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, serving.cancel)
    try:
        await serving
    except asyncio.CancelledError:
        for user in USERS.values():
            if user.connection:
                user.connection.say("OUT", "SSD")
                user.connection.end()
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main())
