"""`make slice NAME=...` in a rendered project: all that it adds is green at once."""

import os
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from harness.combinations import Combination, name_of, options
from harness.commands import succeed
from harness.environment import CACHE
from harness.serving import url_of
from running import Running, http_json, wait_until

ADDED = {"order": "orders", "line_item": "line-items"}
ITS_TESTS = [
    *("tests/unit/test_order.py", "tests/unit/test_line_item.py"),
    *("tests/integration/test_orders_api.py", "tests/integration/test_line_items_api.py"),
    *("tests/unit/test_registry.py", "tests/unit/test_containers.py", "tests/integration/test_migrations.py"),
]


def each_choice_once() -> list[Combination]:
    """As few combinations as have every choice of every option."""
    count = max(len(choices) for choices in options().values())
    return [{key: choices[n % len(choices)] for key, choices in options().items()} for n in range(count)]


@pytest.fixture(params=each_choice_once(), ids=name_of)
def combination(request: pytest.FixtureRequest) -> Combination:
    chosen: Combination = request.param
    return chosen


@pytest.fixture
def own_copy(own_copy: Path, programs: Path, tmp_path: Path) -> Path:
    """With two new slices. Where the Makefile says `uv run`, the shared environment runs."""
    uv = tmp_path / "programs" / "uv"
    uv.parent.mkdir()
    uv.write_text(f'#!/bin/sh\nshift\nPATH="{programs}:$PATH" exec "$@"\n')
    uv.chmod(0o755)
    for name in ADDED:
        succeed(["env", f"PATH={uv.parent}:{os.environ['PATH']}", "make", "slice", f"NAME={name}"], own_copy)
    return own_copy


def test_no_tool_finds_anything(own_copy: Path, programs: Path, worker_id: str) -> None:
    succeed([programs / "ruff", "check", "--no-cache", "."], own_copy)
    succeed([programs / "ruff", "format", "--check", "--no-cache", "."], own_copy)
    succeed([programs / "mypy", "--cache-dir", CACHE / f"mypy-{worker_id}"], own_copy)
    succeed([programs / "lint-imports", "--no-cache"], own_copy)
    succeed([programs / "deptry", "."], own_copy)


def test_its_tests_pass_and_so_do_those_of_what_it_changed(own_copy: Path, programs: Path) -> None:
    succeed([programs / "python", "-m", "pytest", "-q", *ITS_TESTS], own_copy)


def test_its_endpoints_answer_and_its_event_arrives(service: Running, worker: Running) -> None:
    url = wait_until(lambda: url_of(service), "uvicorn listens")
    wait_until(lambda: url_of(worker), "the worker listens")
    for kind in ADDED.values():
        drive(f"{url}/api/v1/{kind}", kind.removesuffix("s"))


def drive(resource: str, kind: str) -> None:
    status, created = http_json("POST", resource, {"title": "First"})
    assert status == 201
    shown = wait_until(lambda: shown_once_confirmed(f"{resource}/{created['id']}"), "it is confirmed")
    assert (shown["id"], shown["title"]) == (created["id"], "First")
    status, problem = http_json("POST", resource, {"title": ""})
    assert (status, problem["type"]) == (422, "urn:problem:invalid-title")
    status, problem = http_json("GET", f"{resource}/{UUID(int=0)}")
    assert (status, problem["type"]) == (404, f"urn:problem:{kind}-not-found")


def shown_once_confirmed(url: str) -> dict[str, Any] | None:
    status, shown = http_json("GET", url)
    assert status == 200
    return shown if shown["confirmed_at"] else None
