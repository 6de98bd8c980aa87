"""Step 5 with a mistake: no change raises the number."""

import step3

step3.changed = lambda user: user.serial

from step5 import *

if __name__ == "__main__":
    asyncio.run(serve(Connection, Switchboard))
