"""Each linter does find what is wrong: one that finds nothing anywhere would be worse than none."""

import shutil
from pathlib import Path

import pytest

from harness.combinations import TEMPLATE
from harness.linters import lint_compose, lint_dockerfile, lint_workflows, pins_of

WORKFLOW = """
on: push
permissions: {{}}
jobs:
  job:
    runs-on: {system}
    steps:
      - uses: actions/checkout@{pin}
        with: {{persist-credentials: false}}
      - run: {script}
"""
PIN = "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
GOOD = {"system": "ubuntu-latest", "pin": PIN, "script": "make"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    shutil.copy(TEMPLATE / ".github" / "dependabot.yml", tmp_path / ".github")
    return tmp_path


def write_workflow(repository: Path, **changes: str) -> Path:
    text = WORKFLOW.format(**{**GOOD, **changes})
    (repository / ".github" / "workflows" / "ci.yml").write_text(text, "utf-8")
    return repository


def test_a_workflow_without_mistakes_passes(repository: Path) -> None:
    lint_workflows(write_workflow(repository))
    assert pins_of(repository) == {("actions/checkout", PIN)}


@pytest.mark.parametrize(
    ("mistake", "finding"),
    [
        ({"system": "ubuntu-lastest"}, "runner-label"),
        ({"script": "echo ${{ github.nothing }}"}, "expression"),
        ({"script": "cat $HOME/file"}, "SC2086"),
        ({"script": "echo ${{ github.head_ref }}"}, "untrusted"),
        ({"pin": "v7"}, "unpinned-uses"),
    ],
)
def test_linters_of_workflows_find_a_mistake(repository: Path, mistake: dict[str, str], finding: str) -> None:
    with pytest.raises(AssertionError, match=finding):
        lint_workflows(write_workflow(repository, **mistake))


@pytest.mark.parametrize("pin", ["v7", PIN.partition(" ")[0], PIN.replace("v7.0.1", "v7"), f"{PIN[1:]}"])
def test_a_pin_is_a_whole_commit_with_its_version(repository: Path, pin: str) -> None:
    with pytest.raises(AssertionError, match="actions/checkout"):
        pins_of(write_workflow(repository, pin=pin))


def test_a_wrong_dependabot_file_is_found(repository: Path) -> None:
    write_workflow(repository)
    (repository / ".github" / "dependabot.yml").write_text("version: 2\nupdates: [{package-ecosystem: uv}]\n", "utf-8")
    with pytest.raises(AssertionError, match="schedule"):
        lint_workflows(repository)


def test_hadolint_finds_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN pip install uv\n", "utf-8")
    with pytest.raises(AssertionError, match=r"DL3006[\s\S]*DL3013"):
        lint_dockerfile(tmp_path)


def test_a_wrong_compose_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {web: {imagee: x}}\n", "utf-8")
    with pytest.raises(AssertionError, match="imagee"):
        lint_compose(tmp_path)
