"""A project follows the template: what an update brings, what it keeps, and what a conflict looks like."""

from pathlib import Path

import pytest

from harness.combinations import Combination, combinations, name_of
from harness.git import commit_all, git
from harness.older import NEW_REQUIREMENT, NEWEST, OLD_REQUIREMENT, commit_older_template, commit_present_template, edit
from harness.updating import copied, create, create_and_commit, different, recorded_answers, tree, update

DEFAULTS = combinations()[0]
KNOWN_TO_BOTH = [combination for combination in combinations() if combination[NEWEST[0]] != NEWEST[1]]
OWN_REQUIREMENT = '"structlog>=25.4,<26",'


@pytest.fixture
def repository(template: Path) -> Path:
    return commit_older_template(template)


def work_on(project: Path) -> Path:
    (project / "app" / "domain" / "invoice.py").write_text('"""Ours."""\n', "utf-8")
    edit(project / "app" / "domain" / "user" / "entities.py", r"\Z", "\n\nMAXIMUM_AGE = 120\n")
    edit(project / "README.md", r"\Z", "\n## Who is on call\n\nAda.\n")
    edit(project / "app" / "core" / "retry.py", r"first_delay: float = 0.5", "first_delay: float = 0.9")
    (project / "compose.yaml").unlink()  # the template goes on changing it
    return project


def state_own_requirement(project: Path) -> Path:
    edit(project / "pyproject.toml", OLD_REQUIREMENT, OWN_REQUIREMENT)
    return project


@pytest.mark.parametrize("combination", [KNOWN_TO_BOTH[0], KNOWN_TO_BOTH[-1]], ids=name_of)
def test_an_update_brings_the_present_template_and_keeps_the_teams_own_work(
    repository: Path, projects: dict[str, Path], tmp_path: Path, combination: Combination
) -> None:
    project = create_and_commit(repository, tmp_path / "made", combination)
    commit_all(work_on(project), "Our own work")
    expected = tree(work_on(copied(projects[name_of(combination)], tmp_path / "expected")))
    commit_present_template(repository)
    update(project)
    assert different(tree(project), expected) == []
    assert recorded_answers(project)["_commit"] == git(repository, "rev-parse", "HEAD").strip()


def test_an_update_can_take_a_choice_that_came_later(
    repository: Path, projects: dict[str, Path], tmp_path: Path
) -> None:
    project = create_and_commit(repository, tmp_path / "made", DEFAULTS)
    commit_present_template(repository)
    update(project, **dict([NEWEST]))
    assert different(tree(project), tree(projects[name_of(DEFAULTS | dict([NEWEST]))])) == []


def test_a_project_that_is_up_to_date_is_left_alone(repository: Path, tmp_path: Path) -> None:
    project = create_and_commit(repository, tmp_path / "made", DEFAULTS)
    assert "already up to date" in update(project)
    assert git(project, "status", "--porcelain") == ""


def test_a_line_changed_on_both_sides_is_left_with_conflict_markers(
    repository: Path, projects: dict[str, Path], tmp_path: Path
) -> None:
    project = create_and_commit(repository, tmp_path / "made", DEFAULTS)
    commit_all(state_own_requirement(project), "Our own range")
    commit_present_template(repository)
    update(project)
    assert different(tree(project), tree(projects[name_of(DEFAULTS)])) == ["pyproject.toml"]
    assert git(project, "diff", "--name-only", "--diff-filter=U").split() == ["pyproject.toml"]
    lines = [line.strip() for line in (project / "pyproject.toml").read_text("utf-8").splitlines()]
    start = lines.index("<<<<<<< ours")
    conflict = lines[start : lines.index(">>>>>>> theirs")]
    assert conflict.index(OWN_REQUIREMENT) < conflict.index("=======") < conflict.index(NEW_REQUIREMENT)


def test_a_line_changed_before_the_first_commit_leaves_a_rej_file_and_the_teams_own_line(
    repository: Path, projects: dict[str, Path], tmp_path: Path
) -> None:
    project = commit_all(state_own_requirement(create(repository, tmp_path / "made", **DEFAULTS)), "All at once")
    commit_present_template(repository)
    assert "may have *.rej files" in update(project)
    fresh = tree(projects[name_of(DEFAULTS)])
    assert different(tree(project), fresh) == ["pyproject.toml", "pyproject.toml.rej"]
    assert OWN_REQUIREMENT in (project / "pyproject.toml").read_text("utf-8")
    rejected = (project / "pyproject.toml.rej").read_text("utf-8").splitlines()
    assert f"+    {NEW_REQUIREMENT}" in rejected


def test_a_settled_conflict_does_not_come_back(repository: Path, projects: dict[str, Path], tmp_path: Path) -> None:
    def keep_own_requirement(name: str, folder: str) -> Path:
        project = copied(projects[name], tmp_path / folder)
        edit(project / "pyproject.toml", NEW_REQUIREMENT, OWN_REQUIREMENT)
        return project

    project = create_and_commit(repository, tmp_path / "made", DEFAULTS)
    commit_all(state_own_requirement(project), "Our own range")
    commit_present_template(repository)
    update(project)
    settled = keep_own_requirement(name_of(DEFAULTS), "settled") / "pyproject.toml"
    settled.replace(project / "pyproject.toml")
    commit_all(project, "Follow the template, keep our own range")
    update(project, event_bus="redis")
    expected = keep_own_requirement(name_of(DEFAULTS | {"event_bus": "redis"}), "expected")
    assert different(tree(project), tree(expected)) == []
