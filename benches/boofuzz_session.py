"""The session of benches/sessions.rs, sent by boofuzz (https://pypi.org/project/boofuzz/).

    python -m venv venv && venv/bin/pip install boofuzz
    venv/bin/python benches/boofuzz_session.py --port 1863 --cases 1000 --logging off

Connects, logs in, synchronises, and sends a CHG whose state boofuzz makes up; one connection a
case. Prints how many seconds the cases took, without the start of the interpreter.

--logging defaults: as boofuzz comes; its text goes nowhere.
--logging off: no text, no page on the web, as its options allow; the database of results stays.
--logging none: the database is taken away too, by the back door.
"""

import argparse
import hashlib
import os
import tempfile
import time
import warnings

warnings.simplefilter("ignore")

from boofuzz import Request, Session, Static, String, Target, TCPSocketConnection  # noqa: E402
from boofuzz.fuzz_logger import FuzzLogger  # noqa: E402


def request(name, *parts):
    return Request(name, children=parts)


def respond(_target, _logger, session, *_args, **_kwargs):
    """Answers the challenge of the line that came last."""
    challenge = session.last_recv.split()[-1]
    digest = hashlib.md5(challenge + session.password).hexdigest()
    return b"USR 4 MD5 S " + digest.encode() + b"\r\n"


def build(options):
    target = Target(connection=TCPSocketConnection(options.host, options.port, recv_timeout=1.0))
    quiet = {"web_port": None, "fuzz_loggers": []}
    session = Session(
        target=target,
        index_end=options.cases,
        keep_web_open=False,
        receive_data_after_fuzz=True,
        **({} if options.logging == "defaults" else quiet),
    )
    if options.logging == "none":
        session._fuzz_data_logger = FuzzLogger(fuzz_loggers=[])
        target.set_fuzz_data_logger(session._fuzz_data_logger)
    session.password = options.password.encode()
    handle = options.handle
    lines = [
        request("VER", Static("v", default_value="VER 1 MSNP2 CVR0\r\n")),
        request("INF", Static("i", default_value="INF 2\r\n")),
        request("USR-I", Static("u", default_value=f"USR 3 MD5 I {handle}\r\n")),
        request("USR-S", Static("s", default_value="USR 4 MD5 S 0\r\n")),
        request("SYN", Static("y", default_value="SYN 5 0\r\n")),
        request(
            "CHG",
            Static("c", default_value="CHG 6 "),
            String("state", default_value="NLN"),
            Static("e", default_value="\r\n"),
        ),
    ]
    session.connect(lines[0])
    for before, after in zip(lines, lines[1:]):
        session.connect(before, after, callback=respond if after.name == "USR-S" else None)
    return session


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--handle", default="user99@hotmail.com")
    parser.add_argument("--password", default="pw99")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--logging", choices=["defaults", "off", "none"], default="off")
    options = parser.parse_args()
    answer = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        session = build(options)
        begun = time.perf_counter()
        session.fuzz()
        seconds = time.perf_counter() - begun
        os.chdir("/")
    if session.num_cases_actually_fuzzed != options.cases:
        raise SystemExit(f"only {session.num_cases_actually_fuzzed} cases were sent")
    os.write(answer, f"{seconds:.6f}\n".encode())


if __name__ == "__main__":
    main()
