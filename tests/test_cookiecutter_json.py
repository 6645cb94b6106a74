"""The questions: every choice has its label, its suffix and its line in the README."""

import pytest

from harness.combinations import TEMPLATE, options, read_cookiecutter_json

QUESTIONS = [key for key in read_cookiecutter_json() if not key.startswith("_")]


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_has_a_label_for_people(question: str) -> None:
    label = read_cookiecutter_json()["__prompts__"][question]
    assert label["__prompt__"] if question in options() else label


@pytest.mark.parametrize("option", options())
def test_every_choice_has_a_label_and_no_label_is_left_over(option: str) -> None:
    labels = read_cookiecutter_json()["__prompts__"][option].keys()
    assert labels - {"__prompt__"} == set(options()[option])


def test_the_suffixes_known_to_the_hook_are_those_of_the_choices() -> None:
    suffixes = {option: [choice.replace("-", "_") for choice in choices] for option, choices in options().items()}
    assert read_cookiecutter_json()["_variants"] == suffixes


@pytest.mark.parametrize("option", options())
def test_the_readme_names_every_option_with_all_its_choices(option: str) -> None:
    readme = (TEMPLATE / "README.md").read_text("utf-8")
    row = next(line for line in readme.splitlines() if line.startswith(f"| `{option}` |"))
    assert [choice for choice in options()[option] if f"`{choice}`" not in row] == []
