"""A broker of a test file's own, to be stopped and started, and the settings of a service on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chassis.servers.broker import own_broker
from tests.chassis.servers.crashing import Broker


@pytest.fixture(scope="module")
def own() -> Iterator[Broker]:
    with own_broker() as broker:
        yield broker


@pytest.fixture
def environment(own: Broker, database_url: str, tmp_path: Path) -> dict[str, str]:
    return {**own.environment, "DATABASE_URL": database_url, "EVENT_BUS_TOPIC": f"test.{tmp_path.name}"}
