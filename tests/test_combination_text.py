"""Each rendered project, read: nothing of the template and of other choices is left in it."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from harness.combinations import Combination, options, spellings

# In GitHub workflows `${{ }}` is an expression of theirs. In Python `{{` is an escaped brace, and
# Python files are copied, not rendered: there only our own names can be left over.
UNRENDERED = re.compile(r"(?<!\$)\{\{|\{%|\{#")
UNRENDERED_IN_PYTHON = re.compile(r"cookiecutter|\{%")
# A word that means more than the choice.
EVERYDAY_WORDS = {"memory"}


def texts(project: Path) -> dict[str, str]:
    return {
        str(path.relative_to(project)): path.read_text("utf-8") for path in sorted(project.rglob("*")) if path.is_file()
    }


def test_no_template_syntax_is_left_over(project: Path) -> None:
    found = {
        name: match.group()
        for name, text in texts(project).items()
        if (match := (UNRENDERED_IN_PYTHON if name.endswith(".py") else UNRENDERED).search(text))
    }
    assert found == {}


def test_no_path_carries_the_suffix_of_a_variant(project: Path) -> None:
    suffix = re.compile("|".join(f"__{s}" for c in options().values() for s in sum_of(c)))
    paths = [str(path.relative_to(project)) for path in project.rglob("*")]
    assert [path for path in paths if suffix.search(path)] == []


def sum_of(choices: list[str]) -> list[str]:
    return [spelling for choice in choices for spelling in spellings(choice)]


def test_no_folder_is_empty(project: Path) -> None:
    empty = [path for path in project.rglob("*") if path.is_dir() and not any(path.iterdir())]
    assert empty == []


def test_nothing_tells_of_a_choice_that_was_not_made(project: Path, combination: Combination) -> None:
    words = {
        spelling
        for option, choices in options().items()
        for choice in choices
        if choice != combination[option] and choice not in EVERYDAY_WORDS
        for spelling in spellings(choice)
    }
    found = [
        (name, word)
        for name, text in texts(project).items()
        for word in words
        if word in text.lower() or word in name.lower()
    ]
    assert found == []


def test_configuration_files_can_be_read(project: Path) -> None:
    read = 0
    for name, text in texts(project).items():
        if name.endswith(".toml"):
            read += bool(tomllib.loads(text))
        elif name.endswith((".yaml", ".yml")):
            read += bool(list(yaml.safe_load_all(text)))
        elif name.endswith(".json"):
            read += bool(json.loads(text))
    assert read > 1


@pytest.mark.parametrize("pattern", ["uv.lock", "*.rej", "__pycache__", ".git", ".env", "*.db"])
def test_holds_no_lock_file_no_secret_and_no_leftover(project: Path, pattern: str) -> None:
    assert list(project.rglob(pattern)) == []
