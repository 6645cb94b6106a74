"""Every combination of choices, read from cookiecutter.json: a new choice is tested at once."""

import itertools
import json
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).resolve().parents[2]
SKELETON = "{{cookiecutter.project_slug}}"

Combination = dict[str, str]


def read_cookiecutter_json(template: Path = TEMPLATE) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((template / "cookiecutter.json").read_text("utf-8"))
    return content


def options(template: Path = TEMPLATE) -> dict[str, list[str]]:
    """The questions with a list of choices."""
    questions = read_cookiecutter_json(template).items()
    return {key: value for key, value in questions if isinstance(value, list) and not key.startswith("_")}


def combinations(template: Path = TEMPLATE) -> list[Combination]:
    questions = options(template)
    return [dict(zip(questions, choices, strict=True)) for choices in itertools.product(*questions.values())]


def name_of(combination: Combination) -> str:
    return "+".join(combination.values())


def spellings(choice: str) -> set[str]:
    """`depends-stub` as it is written in configuration and in Python."""
    return {choice, choice.replace("-", "_")}


ONE_OF_EACH_BUS = [one for one in combinations() if one["di_style"] == options()["di_style"][0]]
"""For what does not depend on the DI style."""
