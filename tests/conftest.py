"""The fixtures of the template's own tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.combinations import Combination, combinations, name_of
from harness.commands import succeed
from harness.environment import requirements_of, shared_environment
from harness.rendering import copy_template, render_all
from harness.serving import uvicorn
from harness.table import Table
from running import Running, clean_environment, settings_printed_by, wait_until


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Table())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no worker is left alone with one of them at the end."""
    items.sort(key=lambda item: not item.name.startswith(("test_the_tests_of_its_machine", "test_its_own_tests")))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One folder for all workers of this run."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def projects(shared: Path) -> dict[str, Path]:
    return render_all(shared)


@pytest.fixture(scope="session")
def programs(projects: dict[str, Path]) -> Path:
    return shared_environment(requirements_of(projects.values()))


@pytest.fixture(params=combinations(), ids=name_of)
def combination(request: pytest.FixtureRequest) -> Combination:
    chosen: Combination = request.param
    return chosen


@pytest.fixture
def project(projects: dict[str, Path], combination: Combination) -> Path:
    """The rendered project; not to be written to."""
    return projects[name_of(combination)]


@pytest.fixture
def own_copy(project: Path, tmp_path: Path) -> Path:
    """A copy of the rendered project for a test that writes into it."""
    return Path(shutil.copytree(project, tmp_path / project.name))


@pytest.fixture
def template(tmp_path: Path) -> Path:
    return copy_template(tmp_path / "template")


@pytest.fixture
def environment(combination: Combination, own_copy: Path, programs: Path) -> Iterator[dict[str, str]]:
    """Where there is a broker to be had, a real one runs, and this tells the service of it."""
    if combination["event_bus"] == "memory":
        yield clean_environment()
        return
    with Running([programs / "python", "-m", "tests.chassis.servers"], own_copy, clean_environment()) as broker:
        yield clean_environment() | wait_until(lambda: settings_printed_by(broker), "the broker is ready", seconds=60)


@pytest.fixture
def service(own_copy: Path, programs: Path, environment: dict[str, str]) -> Iterator[Running]:
    succeed([programs / "python", "-m", "app", "migrate"], own_copy)
    with Running(uvicorn(programs, "create_app"), own_copy, environment) as running:
        yield running


@pytest.fixture
def worker(
    combination: Combination, own_copy: Path, programs: Path, environment: dict[str, str], service: Running
) -> Iterator[Running]:
    """The process that handles the events: a bus in memory needs no second one."""
    if combination["event_bus"] == "memory":
        yield service
        return
    with Running(uvicorn(programs, "create_worker"), own_copy, environment) as running:
        yield running
