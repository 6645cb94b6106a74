"""Each way to call the template gives the same project, and the README tells of those that do not."""

import json
import sys
from pathlib import Path

import pytest

from harness.calling import cookiecutter
from harness.combinations import SKELETON, combinations, name_of
from harness.commands import environment, succeed
from harness.git import commit_all
from harness.older import commit_older_template, commit_present_template
from harness.rendering import private_config
from harness.updating import copied, different, tree

DEFAULTS = combinations()[0]
OTHERS = combinations()[-1]
ANSWERS = [f"{option}={choice}" for option, choice in OTHERS.items()]


def test_no_input_takes_the_first_of_all_choices(template: Path, projects: dict[str, Path], tmp_path: Path) -> None:
    done = cookiecutter(template, tmp_path / "made", "--no-input")
    assert (done.returncode, done.stderr) == (0, "")
    assert different(tree(tmp_path / "made" / "my-service"), tree(projects[name_of(DEFAULTS)])) == []


def test_a_replay_repeats_all_answers(template: Path, projects: dict[str, Path], tmp_path: Path) -> None:
    config = private_config(tmp_path)
    cookiecutter(template, tmp_path / "first", "--no-input", *ANSWERS, config=config)
    done = cookiecutter(template, tmp_path / "again", "--replay", config=config)
    assert (done.returncode, done.stderr) == (0, "")
    assert different(tree(tmp_path / "again" / "my-service"), tree(projects[name_of(OTHERS)])) == []


def test_a_replay_repeats_a_refusal(template: Path, tmp_path: Path) -> None:
    config = private_config(tmp_path)
    refused = cookiecutter(template, tmp_path / "made", "--no-input", "project_slug=a/b", config=config)
    again = cookiecutter(template, tmp_path / "made", "--replay", config=config)
    assert (again.returncode, again.stderr) == (1, refused.stderr)
    assert list((tmp_path / "made").iterdir()) == []


def test_a_replay_of_answers_to_an_older_template_is_refused_with_one_line(template: Path, tmp_path: Path) -> None:
    config = private_config(tmp_path)
    cookiecutter(commit_older_template(template), tmp_path / "first", "--no-input", config=config)
    commit_present_template(template)
    done = cookiecutter(template, tmp_path / "again", "--replay", config=config)
    assert (done.returncode, list((tmp_path / "again").iterdir())) == (1, [])
    version = "the recorded answers are of another version of the template"
    assert done.stderr == f"Error: {version}: give them again, without --replay.\n"


def config_with_defaults(folder: Path, **answers: str) -> Path:
    config = private_config(folder)
    settings = json.loads(config.read_text("utf-8"))
    config.write_text(json.dumps({**settings, "default_context": answers}), "utf-8")
    return config


def test_a_config_file_gives_the_default_answers(template: Path, projects: dict[str, Path], tmp_path: Path) -> None:
    config = config_with_defaults(tmp_path, **OTHERS, author_name="Ada")
    done = cookiecutter(template, tmp_path / "made", "--no-input", config=config)
    assert (done.returncode, done.stderr) == (0, "")
    project = tmp_path / "made" / "my-service"
    assert different(tree(project), tree(projects[name_of(OTHERS)])) == ["pyproject.toml"]
    assert 'authors = [{ name = "Ada" }]' in (project / "pyproject.toml").read_text("utf-8")


def test_an_unknown_choice_in_a_config_file_is_only_a_warning_and_drops_what_follows(
    template: Path, projects: dict[str, Path], tmp_path: Path
) -> None:
    config = config_with_defaults(tmp_path, event_bus="kafak", author_name="Ada")
    done = cookiecutter(template, tmp_path / "made", "--no-input", config=config)
    assert done.returncode == 0
    assert "kafak provided for choice variable event_bus, but the choices are" in done.stderr
    assert different(tree(tmp_path / "made" / "my-service"), tree(projects[name_of(DEFAULTS)])) == []


def test_refused_hooks_leave_every_variant_in_place_and_say_nothing(template: Path, tmp_path: Path) -> None:
    done = cookiecutter(template, tmp_path / "made", "--no-input", "--accept-hooks", "no")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert set(tree(tmp_path / "made" / "my-service")) == set(tree(template / SKELETON))


def test_overwriting_keeps_own_files_and_those_of_the_choice_made_before(
    template: Path, projects: dict[str, Path], tmp_path: Path
) -> None:
    old, new = (tree(projects[name_of(combination)]) for combination in (OTHERS, DEFAULTS))
    project = copied(projects[name_of(OTHERS)], tmp_path / "made" / "my-service")
    (project / "app" / "invoice.py").write_text("mine", "utf-8")
    done = cookiecutter(template, tmp_path / "made", "--no-input", "--overwrite-if-exists")
    assert done.returncode == 0
    left_over = old.keys() - new.keys()
    assert "app/stubs.py" in left_over
    assert set(different(tree(project), new)) == left_over | {"app/invoice.py"}


@pytest.mark.parametrize("tool", [["cookiecutter"], ["cruft", "create"]], ids=lambda words: words[0])
def test_uvx_needs_nothing_installed(
    template: Path, projects: dict[str, Path], tmp_path: Path, tool: list[str]
) -> None:
    commit_all(template, "The template")
    (tmp_path / "made").mkdir()
    env = environment(COOKIECUTTER_CONFIG=str(private_config(tmp_path)))
    succeed([Path(sys.executable).with_name("uvx"), *tool, "--no-input", template], tmp_path / "made", env)
    assert different(tree(tmp_path / "made" / "my-service"), tree(projects[name_of(DEFAULTS)])) == []
