"""The post-generation hook prunes by rule, twice without harm, and touches nothing of the user."""

from pathlib import Path
from typing import Any

import pytest
from cookiecutter.hooks import run_script_with_context

from harness.combinations import TEMPLATE
from harness.rendering import render

HOOK = TEMPLATE / "hooks" / "post_gen_project.py"
ANSWERS = {
    "project_slug": "my-service",
    "di_style": "depends-stub",
    "event_bus": "redis",
    "_variants": {
        "di_style": ["dishka", "dependency_injector", "depends_stub"],
        "event_bus": ["memory", "redis", "kafka"],
    },
}


def prune(project: Path, **answers: Any) -> None:
    run_script_with_context(HOOK, project, {"cookiecutter": {**ANSWERS, **answers}})


def files(project: Path) -> set[str]:
    return {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}


def folders(project: Path) -> set[str]:
    return {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_dir()}


def write(project: Path, *names: str) -> None:
    for name in names:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(name, "utf-8")


def test_keeps_the_chosen_variant_under_its_plain_name(tmp_path: Path) -> None:
    write(tmp_path, "app/containers__dishka.py", "app/containers__depends_stub.py")
    prune(tmp_path)
    assert files(tmp_path) == {"app/containers.py"}
    assert (tmp_path / "app/containers.py").read_text("utf-8") == "app/containers__depends_stub.py"


def test_keeps_files_without_a_variant_in_their_name(tmp_path: Path) -> None:
    names = {"app/__init__.py", "__redis.py", "a__b.py", "redis.py", "a_redis.py"}
    write(tmp_path, *names)
    prune(tmp_path)
    assert files(tmp_path) == names


def test_renames_and_removes_whole_folders(tmp_path: Path) -> None:
    write(tmp_path, "docs__kafka/a.md", "docs__redis/deep/b.md", "tests/conftest__redis.py")
    prune(tmp_path)
    assert files(tmp_path) == {"docs/deep/b.md", "tests/conftest.py"}


def test_merges_a_chosen_folder_into_the_plain_one(tmp_path: Path) -> None:
    write(tmp_path, "docs/a.md", "docs/deep/b.md", "docs__redis/a.md", "docs__redis/deep/c.md")
    prune(tmp_path)
    assert files(tmp_path) == {"docs/a.md", "docs/deep/b.md", "docs/deep/c.md"}
    assert (tmp_path / "docs/a.md").read_text("utf-8") == "docs__redis/a.md"


def test_suffixes_of_two_options_mean_both(tmp_path: Path) -> None:
    write(tmp_path, "a__depends_stub__redis.py", "a__dishka__redis.py", "b__redis__dishka.py")
    write(tmp_path, "events__redis/c__depends_stub.py", "d__depends_stub__kafka.py")
    prune(tmp_path)
    assert files(tmp_path) == {"a.py", "events/c.py"}
    assert (tmp_path / "a.py").read_text("utf-8") == "a__depends_stub__redis.py"


def test_suffixes_of_one_option_mean_either_of_them(tmp_path: Path) -> None:
    write(tmp_path, "a__redis__kafka.py", "b__kafka__redis.py", "c__memory__kafka.py")
    write(tmp_path, "d__depends_stub__redis__kafka.py", "e__dishka__redis__kafka.py")
    prune(tmp_path)
    assert files(tmp_path) == {"a.py", "b.py", "d.py"}


def test_removes_a_folder_that_it_emptied_and_no_other(tmp_path: Path) -> None:
    write(tmp_path, "deploy/broker/compose__kafka.yaml", "kept/x__kafka.py", "kept/y.py")
    (tmp_path / "empty").mkdir()
    prune(tmp_path)
    assert folders(tmp_path) == {"kept", "empty"}


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, "a__redis.py", "b__kafka.py", "c__depends_stub__redis.py", "d__redis/e.py")
    prune(tmp_path)
    once = files(tmp_path)
    prune(tmp_path)
    assert files(tmp_path) == once == {"a.py", "c.py", "d/e.py"}


@pytest.mark.parametrize("foreign", [".git/refs__kafka/x", ".venv/lib/pool__kafka.py"])
def test_never_looks_into_a_repository_or_an_environment(tmp_path: Path, foreign: str) -> None:
    write(tmp_path, foreign)
    prune(tmp_path)
    assert files(tmp_path) == {foreign}


def test_does_not_follow_a_link_out_of_the_project(tmp_path: Path) -> None:
    write(tmp_path, "outside/x__kafka.py", "project/y__kafka.py")
    (tmp_path / "project" / "link").symlink_to(tmp_path / "outside")
    prune(tmp_path / "project")
    assert files(tmp_path / "outside") == {"x__kafka.py"}


def test_a_name_equal_to_a_choice_chooses_nothing(tmp_path: Path) -> None:
    write(tmp_path, "a__kafka.py")
    prune(tmp_path, project_slug="kafka", project_name="kafka")
    assert files(tmp_path) == set()


def test_says_what_was_made_and_what_to_do_next(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    prune(tmp_path)
    said = capfd.readouterr().out
    assert said.isascii()
    assert said.splitlines() == [
        "Created my-service/ with depends-stub and redis.",
        "Next: cd my-service, then make install, then make up, make run and make worker.",
    ]


def test_generating_over_a_project_keeps_what_the_user_added(template: Path, tmp_path: Path) -> None:
    project = render(template, {}, tmp_path)
    names = {"app/billing__bar.py", "notes__mine/todo.md", ".venv/lib/x__dishka.py"}
    write(project, *names)
    before = files(project)
    render(template, {}, tmp_path)
    assert files(project) == before
    assert names <= before
