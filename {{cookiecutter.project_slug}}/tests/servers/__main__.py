"""`python -m tests.servers`: a broker for those who have none, until Ctrl-C. Prints the settings to use."""

import signal
import threading

from tests.servers.broker import own_broker

if __name__ == "__main__":
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    with own_broker() as broker:
        for name, value in broker.environment.items():
            print(f"{name}={value}", flush=True)  # noqa: T201
        print("ready", flush=True)  # noqa: T201
        over.wait()
