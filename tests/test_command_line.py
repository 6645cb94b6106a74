"""`cookiecutter` on the command line: what the user of the template sees when it refuses."""

from pathlib import Path

import pytest

from harness.calling import cookiecutter
from harness.git import commit_all
from harness.updating import create


def test_a_refusal_ends_the_command_line_with_exit_code_1(template: Path, tmp_path: Path) -> None:
    done = cookiecutter(template, tmp_path / "made", "--no-input", "project_slug=a/b")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert list((tmp_path / "made").iterdir()) == []


def test_a_refusal_with_cruft_says_the_same_before_its_traceback(template: Path, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"exit code 1 .*:\nError: project_slug 'a/b' is not valid: use"):
        create(commit_all(template, "The template"), tmp_path / "made", project_slug="a/b")
    assert list((tmp_path / "made").iterdir()) == []


def test_an_existing_folder_is_left_alone_with_one_line(template: Path, tmp_path: Path) -> None:
    mine = tmp_path / "made" / "my-service" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", "utf-8")
    done = cookiecutter(template, tmp_path / "made", "--no-input")
    assert done.returncode == 1
    assert done.stdout == f'Error: "{mine.parent}" directory already exists\n'
    assert done.stderr == ""
    assert [path.name for path in mine.parent.iterdir()] == ["mine.txt"]


def test_a_refusal_leaves_an_existing_project_as_it_was(template: Path, tmp_path: Path) -> None:
    mine = tmp_path / "made" / "my-service" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", "utf-8")
    done = cookiecutter(
        template, tmp_path / "made", "--no-input", "--overwrite-if-exists", "project_slug=my-service", "project_name= "
    )
    assert done.returncode == 1
    assert done.stderr == "Error: project_name is empty: give the service a name.\n"
    assert [path.name for path in mine.parent.iterdir()] == ["mine.txt"]


def test_an_unknown_choice_names_the_choices_there_are(template: Path, tmp_path: Path) -> None:
    done = cookiecutter(template, tmp_path / "made", "--no-input", "di_style=guice")
    assert done.returncode == 1
    assert "guice provided for choice variable di_style, but the choices are" in done.stderr
    assert list((tmp_path / "made").iterdir()) == []
