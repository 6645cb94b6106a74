"""Each rendered project's way to production, read: image, compose file, workflows, git hooks."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.combinations import TEMPLATE
from harness.commands import succeed
from harness.environment import CACHE
from harness.linters import ENVIRONMENT, TOOLS, lint_compose, lint_dockerfile, lint_workflows, pins_of


@pytest.fixture
def compose(project: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((project / "compose.yaml").read_text("utf-8"))
    return content


@pytest.fixture
def repository(own_copy: Path) -> Path:
    succeed(["git", "init", "--quiet"], own_copy)
    succeed(["git", "add", "--all"], own_copy)
    return own_copy


def text(project: Path, name: str) -> str:
    return (project / name).read_text("utf-8")


def test_hadolint_finds_nothing_in_the_dockerfile(project: Path) -> None:
    lint_dockerfile(project)


def test_actionlint_and_zizmor_find_nothing_in_the_workflows(project: Path) -> None:
    lint_workflows(project)


def test_actions_are_those_of_the_template(project: Path) -> None:
    used = pins_of(project)
    known = pins_of(TEMPLATE)
    of_its_own = {action for action, _ in used} - {action for action, _ in known}
    assert of_its_own == {"actions/dependency-review-action"}
    assert {pin for pin in used if pin[0] not in of_its_own} <= known


def test_every_make_target_of_the_workflow_exists(project: Path) -> None:
    targets = re.findall(r"make ([a-z-]+)$", text(project, ".github/workflows/ci.yml"), re.MULTILINE)
    assert {"install", "lint", "up", "test"} <= set(targets)
    succeed(["make", "--dry-run", *targets], project)


def test_the_workflow_tests_on_the_python_of_the_image(project: Path) -> None:
    workflow = yaml.safe_load(text(project, ".github/workflows/ci.yml"))
    assert f"FROM python:{workflow['env']['UV_PYTHON']}-slim" in text(project, "Dockerfile")


def test_the_image_runs_as_a_user_that_is_not_root_and_has_a_number(project: Path) -> None:
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", text(project, "Dockerfile"), re.MULTILINE)


def test_the_compose_file_keeps_to_its_schema(project: Path) -> None:
    lint_compose(project)


def test_every_service_waits_for_one_that_can_tell_it_is_ready(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for service in services.values():
        for name, depends in service.get("depends_on", {}).items():
            lasting = depends["condition"] == "service_healthy"
            assert ("healthcheck" in services[name]) == lasting, name


def test_without_its_profile_compose_starts_only_servers(compose: dict[str, Any]) -> None:
    services = compose["services"].values()
    assert [service for service in services if ("build" in service) != (service.get("profiles") == ["app"])] == []


def test_a_process_that_ends_itself_is_started_again(compose: dict[str, Any]) -> None:
    of_the_image = {name: service["restart"] for name, service in compose["services"].items() if "build" in service}
    assert of_the_image.pop("migrate") == "no"
    assert set(of_the_image.values()) == {"unless-stopped"}


def test_git_ignores_what_a_run_leaves_behind_but_no_lock_file(repository: Path) -> None:
    left = [f"app.db{end}" for end in ("", "-wal", "-shm", ".relay.lock", ".fetch.lock", ".inbox.lock")]
    succeed(["git", "check-ignore", *left], repository)
    with pytest.raises(AssertionError, match="exit code 1"):
        succeed(["git", "check-ignore", "uv.lock"], repository)


def test_the_git_hooks_find_nothing(repository: Path, programs: Path, tmp_path: Path, worker_id: str) -> None:
    """With the shared environment in the place of the project's own."""
    environment = {
        **ENVIRONMENT,
        "UV_PROJECT_ENVIRONMENT": str(programs.parent),
        "UV_NO_SYNC": "1",
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "MYPY_CACHE_DIR": str(CACHE / f"mypy-{worker_id}"),
    }
    run: list[str | Path] = [TOOLS / "pre-commit", "run", "--all-files"]
    succeed(run, repository, environment)
    assert not (repository / ".venv").exists()
    (repository / "app" / "main.py").write_text("import os\n", "utf-8")
    with pytest.raises(AssertionError, match=r"ruff check\.*Failed"):
        succeed(run, repository, environment)
