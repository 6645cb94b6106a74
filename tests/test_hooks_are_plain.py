"""The hooks run anywhere: standard library only, no network, nothing but ASCII."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.calling import cookiecutter
from harness.combinations import TEMPLATE
from running import clean_environment

HOOKS = sorted((TEMPLATE / "hooks").glob("*.py"))
# Python loads this before it runs anything: a program that opens a socket fails with our words.
NO_NETWORK = """\
import sys
def refuse(event, arguments):
    if event.startswith("socket."):
        raise RuntimeError(f"{event} without a network")
sys.addaudithook(refuse)
"""


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]


@pytest.fixture
def without_network(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "without-network"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(NO_NETWORK, "utf-8")
    return {"PYTHONPATH": str(folder)}


def test_there_are_two_hooks() -> None:
    assert [path.name for path in HOOKS] == ["post_gen_project.py", "pre_gen_project.py"]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda path: path.name)
def test_a_hook_imports_the_standard_library_only(hook: Path) -> None:
    modules = set(imported_modules(hook))
    assert "json" in modules
    assert modules - sys.stdlib_module_names == set()


@pytest.mark.parametrize("hook", HOOKS, ids=lambda path: path.name)
def test_a_hook_starts_no_program(hook: Path) -> None:
    assert set(imported_modules(hook)) & {"asyncio", "ctypes", "multiprocessing", "os", "pty", "subprocess"} == set()


@pytest.mark.parametrize("hook", HOOKS, ids=lambda path: path.name)
def test_a_hook_is_written_in_ascii(hook: Path) -> None:
    assert hook.read_bytes().isascii()


def test_a_project_is_made_without_a_network(template: Path, tmp_path: Path, without_network: dict[str, str]) -> None:
    control = "import socket; socket.create_connection(('127.0.0.1', 9))"
    refused = subprocess.run(
        [sys.executable, "-c", control],
        env={**clean_environment(), **without_network},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "without a network" in refused.stderr
    done = cookiecutter(template, tmp_path / "made", "--no-input", env=without_network)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_that_knows_only_ascii_is_enough(template: Path, tmp_path: Path) -> None:
    answers = ["project_slug=orders", "project_name=\u0417\u0430\u043a\u0430\u0437\u044b", "description=\U0001f680"]
    done = cookiecutter(template, tmp_path / "made", "--no-input", *answers, env={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Created orders/ with ")
