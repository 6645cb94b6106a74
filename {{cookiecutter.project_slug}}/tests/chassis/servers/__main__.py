"""`python -m tests.chassis.servers`: a broker for those who have none, until Ctrl-C. Prints the settings to use.

It keeps nothing after that: for the afternoon, not for the week.
"""

import signal
import threading

from tests.chassis.servers.broker import own_broker

if __name__ == "__main__":
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    with own_broker() as broker:
        print("# Put this into .env; Ctrl-C ends the broker, and its data", flush=True)  # noqa: T201
        for name, value in broker.address.items():
            print(f"{name}={value}", flush=True)  # noqa: T201
        print("ready", flush=True)  # noqa: T201
        over.wait()
