"""The questions in a real terminal: Enter takes the default, a number chooses, a wrong number is asked again."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import pexpect
import pytest

from harness.combinations import combinations, name_of, options, read_cookiecutter_json
from harness.rendering import private_config
from harness.updating import different, tree
from running import clean_environment

LABELS = read_cookiecutter_json()["__prompts__"]
TEXTS = [key for key, label in LABELS.items() if isinstance(label, str)]

Terminal: TypeAlias = "pexpect.spawn[str]"


@pytest.fixture
def terminal(template: Path, tmp_path: Path) -> Iterator[Terminal]:
    arguments = ["-m", "cookiecutter", str(template), "--config-file", str(private_config(tmp_path))]
    env = {**clean_environment(), "TERM": "dumb"}  # no colours between the words
    child: Terminal = pexpect.spawn(
        sys.executable, arguments, cwd=tmp_path, env=env, encoding="utf-8", dimensions=(50, 200)
    )
    with child:
        yield child


def answer_question(terminal: Terminal, label: str, answer: str) -> None:
    terminal.expect_exact(label)
    terminal.expect_exact("): ")
    terminal.sendline(answer)


def answer_texts(terminal: Terminal) -> None:
    for key in TEXTS:
        answer_question(terminal, LABELS[key], "")


def wait_for_end(terminal: Terminal) -> int | None:
    terminal.expect_exact("Next: cd my-service, then make install, then make ")
    terminal.expect(pexpect.EOF)
    terminal.close()
    return terminal.exitstatus


def test_enter_takes_each_default(terminal: Terminal, projects: dict[str, Path], tmp_path: Path) -> None:
    answer_texts(terminal)
    for option in options():
        answer_question(terminal, LABELS[option]["__prompt__"], "")
    assert wait_for_end(terminal) == 0
    assert different(tree(tmp_path / "my-service"), tree(projects[name_of(combinations()[0])])) == []


def test_a_number_takes_the_choice_beside_it(terminal: Terminal, projects: dict[str, Path], tmp_path: Path) -> None:
    answer_texts(terminal)
    for option, choices in options().items():
        terminal.expect_exact(LABELS[option]["__prompt__"])
        answer_question(terminal, f"{len(choices)} - {LABELS[option][choices[-1]]}", str(len(choices)))
    assert wait_for_end(terminal) == 0
    assert different(tree(tmp_path / "my-service"), tree(projects[name_of(combinations()[-1])])) == []


def test_a_wrong_number_is_asked_again(terminal: Terminal, projects: dict[str, Path], tmp_path: Path) -> None:
    answer_texts(terminal)
    for option, choices in options().items():
        for wrong in ("0", str(len(choices) + 1), "redis?"):
            answer_question(terminal, LABELS[option]["__prompt__"], wrong)
            terminal.expect_exact("Please select one of the available options")
        answer_question(terminal, LABELS[option]["__prompt__"], "2")
    assert wait_for_end(terminal) == 0
    second = {option: choices[1] for option, choices in options().items()}
    assert different(tree(tmp_path / "my-service"), tree(projects[name_of(second)])) == []
