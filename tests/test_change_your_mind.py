"""A project made with cruft takes another choice and loses nothing that its team wrote."""

import itertools
from pathlib import Path

import pytest

from harness.combinations import Combination, combinations, name_of, options
from harness.git import commit_all, git
from harness.updating import copied, create_and_commit, cruft, different, recorded_answers, tree, update

DEFAULTS = combinations()[0]
# Every ordered pair of choices of one option, and all options at once.
SWITCHES: list[tuple[Combination, Combination]] = [
    *(
        (DEFAULTS | {option: old}, DEFAULTS | {option: new})
        for option, choices in options().items()
        for old, new in itertools.permutations(choices, 2)
    ),
    (DEFAULTS, combinations()[-1]),
    (combinations()[-1], DEFAULTS),
]
OWN_LINES = {
    "app/domain/user/entities.py": "\n\nMAXIMUM_AGE = 120\n",
    "app/application/user/handlers.py": "\n\n# Ask the billing team before this changes.\n",
    "app/domain/billing/__init__.py": '"""Ours."""\n',
    "README.md": "\n## Who is on call\n\nAda.\n",  # a file that each switch changes too
}
OWN_DEPENDENCY = '    "stamina>=26,<27",\n    "structlog>'


def write_own_code(project: Path) -> Path:
    for name, lines in OWN_LINES.items():
        (project / name).parent.mkdir(exist_ok=True)
        with (project / name).open("a", encoding="utf-8") as file:
            file.write(lines)
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text("utf-8")
    assert text.count('    "structlog>') == 1
    pyproject.write_text(text.replace('    "structlog>', OWN_DEPENDENCY), "utf-8")
    return project


def switched_by(old: Combination, new: Combination) -> Combination:
    return {option: choice for option, choice in new.items() if old[option] != choice}


@pytest.fixture
def repository(template: Path) -> Path:
    return commit_all(template, "The template")


@pytest.mark.parametrize(("old", "new"), SWITCHES, ids=[f"{name_of(a)}-to-{name_of(b)}" for a, b in SWITCHES])
def test_a_switched_project_is_as_if_made_so_with_the_teams_own_code_kept(
    repository: Path, projects: dict[str, Path], tmp_path: Path, old: Combination, new: Combination
) -> None:
    project = create_and_commit(repository, tmp_path / "made", old)
    commit_all(write_own_code(project), "Our own code")
    expected = tree(write_own_code(copied(projects[name_of(new)], tmp_path / "expected")))
    assert different(tree(project), expected) != []
    update(project, **switched_by(old, new))
    assert different(tree(project), expected) == []
    assert {option: recorded_answers(project)[option] for option in new} == new


def test_a_project_of_cookiecutter_can_be_linked_and_switched_later(
    repository: Path, projects: dict[str, Path], tmp_path: Path
) -> None:
    project = commit_all(copied(projects[name_of(DEFAULTS)], tmp_path / "made"), "Made by cookiecutter")
    cruft(project, "link", "--no-input", repository)
    commit_all(project, "Follow the template from now on")
    update(project, event_bus="redis")
    assert different(tree(project), tree(projects[name_of(DEFAULTS | {"event_bus": "redis"})])) == []


def test_a_file_of_the_choice_that_the_team_edited_is_left_with_conflict_markers(
    repository: Path, projects: dict[str, Path], tmp_path: Path
) -> None:
    project = create_and_commit(repository, tmp_path / "made", DEFAULTS | {"di_style": "dishka"})
    containers = project / "app" / "containers.py"
    text = containers.read_text("utf-8")
    own_binding = "    invoices = provide(SqlInvoices, provides=Invoices)\n"
    containers.write_text(text.replace("    clock = provide(", f"{own_binding}    clock = provide("), "utf-8")
    commit_all(project, "Bind our own adapter")
    said = update(project, di_style="depends-stub")
    assert "Good work!" in said  # cruft does not tell of the conflict: git does
    assert git(project, "diff", "--name-only", "--diff-filter=U").split() == ["app/containers.py"]
    assert own_binding in containers.read_text("utf-8")
    fresh = tree(projects[name_of(DEFAULTS | {"di_style": "depends-stub"})])
    assert different(tree(project), fresh) == ["app/containers.py"]


def test_a_project_with_changes_that_are_not_committed_is_left_alone(repository: Path, tmp_path: Path) -> None:
    project = create_and_commit(repository, tmp_path / "made", DEFAULTS)
    write_own_code(project)
    before = tree(project)
    with pytest.raises(AssertionError, match=r"exit code 1 .*\n(.*\n)*Cruft cannot apply updates on an unclean git"):
        update(project, event_bus="redis")
    assert different(tree(project), before) == []
    assert recorded_answers(project)["event_bus"] == "memory"
