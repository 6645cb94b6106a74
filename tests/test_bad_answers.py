"""Answers that cannot give a working project: one line on stderr, and nothing is left behind."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from cookiecutter.exceptions import FailedHookException
from cookiecutter.hooks import run_script_with_context
from pytest_cookies.plugin import Cookies

from harness.combinations import TEMPLATE
from harness.environment import requirements_of

A_SLUG_MUST_BE = "use lower-case letters, digits and single hyphens, start with a letter, at most 63 characters."


Refuse = Callable[..., str]


@pytest.fixture
def refusal_of(cookies: Cookies, template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Refuse:
    """Generates with bad answers and returns the one line that was said about them."""

    def files() -> set[Path]:
        return {path.relative_to(tmp_path) for path in tmp_path.rglob("*")}

    def refuse(**answers: str) -> str:
        before = files()
        result = cookies.bake(answers, template=str(template))
        assert isinstance(result.exception, FailedHookException), result.exception
        assert files() - before == {Path("cookies/bake00")}, "something was left behind"
        said = capfd.readouterr().err
        assert said.isascii()
        assert said.count("\n") == 1
        return said.strip()

    return refuse


def test_rejects_an_empty_slug_with_one_line(refusal_of: Refuse) -> None:
    assert refusal_of(project_slug="") == f"Error: project_slug is empty: {A_SLUG_MUST_BE}"


def test_rejects_a_name_that_leaves_no_slug_with_one_line(refusal_of: Refuse) -> None:
    assert refusal_of(project_name="🚀") == f"Error: project_slug is empty: {A_SLUG_MUST_BE}"


@pytest.mark.parametrize(
    "slug",
    [
        *("My-Service", "my_service", "my service", "my.service", "caf\u00e9"),
        *("3d-printing", "-service", "service-", "my--service", "x" * 64, "x" * 300),
        *("a/b", "../outside", "/absolute", ".", "..", "a\\b", "~", "a\nb", 'a"b', "a'b", '"""'),
        *("\u0441\u0435\u0440\u0432\u0438\u0441", "🚀"),
    ],
)
def test_rejects_an_invalid_slug_with_one_line(refusal_of: Refuse, slug: str) -> None:
    said = refusal_of(project_slug=slug)
    assert said == f"Error: project_slug {slug[:70]!a} is not valid: {A_SLUG_MUST_BE}"


@pytest.mark.parametrize("slug", ["con", "nul", "aux", "prn", "com1", "lpt9"])
def test_rejects_a_name_that_windows_keeps_for_itself(refusal_of: Refuse, slug: str) -> None:
    assert "reserved name on Windows" in refusal_of(project_slug=slug)


@pytest.mark.parametrize("key", ["project_name", "description", "author_name"])
@pytest.mark.parametrize(
    "character",
    ["\n", "\t", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ud83d", "\ufffe"],
    ids=ascii,
)
def test_rejects_text_with_a_character_that_toml_or_yaml_cannot_hold(
    refusal_of: Refuse, key: str, character: str
) -> None:
    said = refusal_of(**{"project_slug": "my-service", key: f"one{character}two"})
    assert said == (f"Error: {key} contains the character {character!a}: use one line of plain text.")


def test_rejects_a_name_of_spaces_with_one_line(refusal_of: Refuse) -> None:
    said = refusal_of(project_name="  ", project_slug="my-service")
    assert said == "Error: project_name is empty: give the service a name."


def test_rejects_the_name_of_every_package_that_a_service_asks_for(
    projects: dict[str, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    names = {re.split(r"[\[<>=~! ]", line)[0] for line in requirements_of(projects.values())}
    assert "fastapi" in names
    assert {name for name in names if not is_refused_as_slug(name, tmp_path)} == set()
    refusals = capfd.readouterr().err.splitlines()
    assert all("is the name of a package the service needs" in line for line in refusals)


def is_refused_as_slug(slug: str, folder: Path) -> bool:
    answers = dict.fromkeys(("project_name", "description", "author_name"), "text")
    context = {"cookiecutter": {**answers, "__given_slug": slug}}
    try:
        run_script_with_context(TEMPLATE / "hooks" / "pre_gen_project.py", folder, context)
    except FailedHookException:
        return True
    return False
