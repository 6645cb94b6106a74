"""Every combination of choices, read from cookiecutter.json: a new choice is tested at once."""

import itertools
import json
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).resolve().parents[2]
SKELETON = "{{cookiecutter.project_slug}}"

Combination = dict[str, str]


def read_cookiecutter_json() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((TEMPLATE / "cookiecutter.json").read_text("utf-8"))
    return content


def options() -> dict[str, list[str]]:
    """The questions with a list of choices."""
    questions = read_cookiecutter_json().items()
    return {key: value for key, value in questions if isinstance(value, list) and not key.startswith("_")}


def combinations() -> list[Combination]:
    products = itertools.product(*options().values())
    return [dict(zip(options(), choices, strict=True)) for choices in products]


def name_of(combination: Combination) -> str:
    return "+".join(combination.values())


def spellings(choice: str) -> set[str]:
    """`depends-stub` as it is written in configuration and in Python."""
    return {choice, choice.replace("-", "_")}
