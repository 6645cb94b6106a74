"""The image of each bus, built in a folder from its Dockerfile, started as compose.yaml starts it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.combinations import ONE_OF_EACH_BUS, Combination, name_of
from harness.commands import succeed
from harness.dockerfile import build_image
from harness.image import Image
from running import Running, clean_environment, free_port, http_json, settings_printed_by, wait_until

CONFIDENTIAL = "to be seen in no image"
POSTGRES = """
import signal, sys
from tests.chassis.servers.postgres import any_postgres
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
with any_postgres() as server:
    server.create_database("image")
    print(f"DATABASE_URL={server.url('image')}\\nready", flush=True)
    signal.pause()
"""


@pytest.fixture
def checkout(own_copy: Path) -> Path:
    """A project as its owner has it: locked by `make install`, and with settings beside it."""
    succeed([sys.executable, "-m", "uv", "lock", "--quiet"], own_copy)
    (own_copy / ".env").write_text(f"SMTP_URL=smtp://user:{CONFIDENTIAL}@host\n", "utf-8")
    return own_copy


@pytest.fixture
def servers(combination: Combination, own_copy: Path, programs: Path) -> Iterator[dict[str, str]]:
    """A database and a broker, and the settings that lead to them."""
    ours = {name: value for name, value in clean_environment().items() if not name.startswith("TEST_")}
    with ExitStack() as stack:
        started = [Running([programs / "python", "-c", POSTGRES], own_copy, ours)]
        if combination["event_bus"] != "memory":
            started.append(Running([programs / "python", "-m", "tests.chassis.servers"], own_copy, ours))
        for server in started:
            stack.enter_context(server)
        printed = [wait_until(partial(settings_printed_by, server), "it is ready", seconds=60) for server in started]
        yield {name: value for settings in printed for name, value in settings.items()}


def services_of_the_image(checkout: Path) -> dict[str, Any]:
    """What `docker compose --profile app` adds to the servers."""
    services = yaml.safe_load((checkout / "compose.yaml").read_text("utf-8"))["services"]
    return {name: service for name, service in services.items() if service.get("profiles") == ["app"]}


def assert_holds_only_what_the_service_needs(image: Image) -> None:
    assert {path.name for path in image.path(".").iterdir()} == {".venv", "app", "alembic.ini"}
    assert list(image.path("app/__pycache__").glob("main.*.pyc"))
    packages = next(image.path(".venv").glob("lib/*/site-packages"))
    assert list(packages.glob("fastapi/__pycache__/applications.*.pyc"))
    assert not (packages / "pytest").exists()
    texts = [path for path in image.root.rglob("*") if path.is_file() and path.suffix not in {".so", ".pyc"}]
    assert [path for path in texts if CONFIDENTIAL.encode() in path.read_bytes()] == []


def assert_registers_a_user_and_counts_it(url: str) -> None:
    status, user = http_json("POST", f"{url}/api/v1/users", {"email": "ada@example.com", "password": "x" * 12})
    assert status == 201, user
    wait_until(lambda: http_json("GET", f"{url}/api/v1/signups")[1]["items"] or None, "the signup is counted")


def is_healthy(image: Image, port: int) -> bool:
    environment = image.environment | {"UVICORN_PORT": str(port)}
    return subprocess.run(image.health_check, env=environment, capture_output=True, check=False).returncode == 0


def healthy_or_none(image: Image, process: Running, port: int) -> bool | None:
    assert not process.ended, process.stdout + process.stderr
    return is_healthy(image, port) or None


# The DI style decides about one dependency, which the other tests of the combination import anyway.
@pytest.mark.parametrize("combination", ONE_OF_EACH_BUS, ids=name_of)
def test_what_the_dockerfile_builds_migrates_is_healthy_and_handles_events(
    checkout: Path, tmp_path: Path, servers: dict[str, str]
) -> None:
    image = build_image(checkout, tmp_path)
    assert_holds_only_what_the_service_needs(image)
    services = services_of_the_image(checkout)
    addresses = {name for name in servers if name.endswith("_URL")}
    assert [name for name, service in services.items() if set(service["environment"]) != addresses] == []
    environment = image.environment | servers
    succeed(services.pop("migrate")["command"], image.path("."), environment)
    with ExitStack() as stack:
        for name, service in services.items():
            port = free_port()
            assert not is_healthy(image, port)
            command = service.get("command", image.command)
            process = Running(command, image.path("."), environment | {"UVICORN_PORT": str(port)})
            stack.enter_context(process)
            wait_until(partial(healthy_or_none, image, process, port), f"{name} is healthy")
            if name == "web":
                url = f"http://127.0.0.1:{port}"
        assert_registers_a_user_and_counts_it(url)
