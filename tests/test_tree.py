"""`make tree`: a reviewer sees what a change of the template does to which combinations, and nothing else."""

import re
from pathlib import Path

import pytest

from harness.combinations import SKELETON, combinations, name_of, options
from harness.git import commit_all, git
from harness.older import NEWEST, commit_older_template, commit_present_template, edit
from tree import compare, main

Table = dict[str, list[str]]
BINARY = bytes(range(256)) * 8
FIRST_DI, SECOND_DI, *OTHER_DI = options()["di_style"]
OTHER_BUSES = [bus for bus in options()["event_bus"] if bus != "redis"]


@pytest.fixture
def clone(template: Path) -> Path:
    """The template on a branch that has just left main."""
    (template / SKELETON / "docs").mkdir()
    (template / SKELETON / "docs" / "logo.png").write_bytes(BINARY)
    (template / SKELETON / "docs" / "icon.png").write_bytes(BINARY[::-1])
    commit_all(template, "The template")
    git(template, "switch", "--quiet", "--create", "work")
    return template


def tables(text: str) -> dict[str, Table]:
    """The rows of each table by their first cell, by the heading above it."""
    sections = re.split(r"^##+ (.*)\n", text, flags=re.MULTILINE)[1:]
    return {heading: rows(body) for heading, body in zip(sections[::2], sections[1::2], strict=True)}


def rows(body: str) -> Table:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines() if line[:1] == "|"]
    return {first: others for first, *others in cells[2:]}


def summary_and_details(text: str) -> tuple[Table, dict[str, Table]]:
    found = tables(text)
    return found.pop(next(iter(found))), found


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def test_nothing_is_told_where_nothing_changes(clone: Path, capfd: pytest.CaptureFixture[str]) -> None:
    append(clone / "hooks" / "post_gen_project.py", "# no file differs for it\n")
    assert main(["--template", str(clone)]) == 0
    commit = git(clone, "rev-parse", "main")[:10]
    told = f"## Rendered files, against main ({commit})\n\nNo rendered file changes in any of the"
    assert capfd.readouterr() == (f"{told} {len(combinations())} combinations.\n", "")


def test_a_change_is_told_of_the_combinations_it_concerns_and_of_no_other(clone: Path) -> None:
    project = clone / SKELETON
    append(project / "app" / "chassis" / "broker" / "bus__redis.py", "\n# one\n# two\n")
    append(project / f"app/containers__{FIRST_DI.replace('-', '_')}.py", "# this\n")
    append(project / f"app/containers__{SECOND_DI.replace('-', '_')}.py", "# that\n")
    commit_all(clone, "Committed changes count")
    append(project / "README.md", "And those that are not.\n")
    (project / "notes.md").write_text("New.\n", "utf-8")
    summary, details = summary_and_details(compare(clone, "main"))
    assert details == {
        "Every combination": {"`README.md`": ["+1 -0"], "`notes.md`": ["added, +1 -0"]},
        "`event_bus` redis": {"`app/chassis/broker/bus.py`": ["+3 -0"]},
        f"`di_style` {FIRST_DI}": {"`app/containers.py`": ["+1 -0"]},
        f"`di_style` {SECOND_DI}": {"`app/containers.py`": ["+1 -0"]},
    }
    assert summary[f"`di_style` {FIRST_DI} and `event_bus` redis"] == ["1", "0", "0", "3", "+6 -0"]
    untouched = f"`di_style` {', '.join(OTHER_DI)} and `event_bus` {', '.join(OTHER_BUSES)}"
    assert summary[untouched] == ["1", "0", "0", "1", "+2 -0"]


def test_binary_renamed_and_removed_files_are_told_as_such(clone: Path) -> None:
    project = clone / SKELETON
    (project / "docs" / "logo.png").write_bytes(BINARY + b"\0")
    (project / "docs" / "icon.png").rename(project / "docs" / "sign.png")
    (project / "app" / "core" / "retry.py").rename(project / "app" / "core" / "retries.py")
    edit(project / "app" / "core" / "retries.py", "max_crashes: int = 3", "max_crashes: int = 4")
    (project / "tests" / "bus__kafka.py").unlink()
    (project / "Makefile").chmod(0o755)
    _, details = summary_and_details(compare(clone, "main"))
    removed = details.pop("`event_bus` kafka")
    assert details == {
        "Every combination": {
            "`Makefile`": ["mode 100644 to 100755"],
            "`app/core/retry.py` to `app/core/retries.py`": ["renamed, +1 -1"],
            "`docs/icon.png` to `docs/sign.png`": ["renamed, binary"],
            "`docs/logo.png`": ["binary"],
        }
    }
    assert list(removed) == ["`tests/bus.py`"]
    assert re.fullmatch(r"removed, \+0 -[1-9]\d*", removed["`tests/bus.py`"][0])


def test_what_happened_on_main_since_then_is_not_told(clone: Path) -> None:
    git(clone, "switch", "--quiet", "main")
    append(clone / SKELETON / "README.md", "Main went on.\n")
    commit_all(clone, "Main went on")
    git(clone, "switch", "--quiet", "work")
    assert "No rendered file changes" in compare(clone, "main")


def test_a_choice_that_came_or_went_is_told_as_such(template: Path) -> None:
    commit_older_template(template)
    commit_present_template(template)
    summary, _ = summary_and_details(compare(template, "v0"))
    assert summary["`event_bus` kafka"][-1] == "new combination"
    git(template, "switch", "--quiet", "--create", "back", "v0")
    went = [name_of(combination) for combination in combinations() if combination[NEWEST[0]] == NEWEST[1]]
    git(template, "reset", "--quiet", "--soft", "main")
    lines = compare(template, "main").splitlines()
    assert [line for line in lines if line.startswith("No longer")] == [f"No longer offered: `{name}`" for name in went]


def refusal(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 1
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    return err


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("README.md", "{% if %}", "the working tree does not render with "),
        ("../cookiecutter.json", "]", "cookiecutter.json is not JSON: "),
    ],
)
def test_a_broken_template_ends_with_one_line(
    clone: Path, capfd: pytest.CaptureFixture[str], name: str, text: str, line: str
) -> None:
    append(clone / SKELETON / name, text)
    assert refusal(capfd, "--template", str(clone)).startswith(f"Error: {line}")


def test_an_unknown_base_ends_with_one_line(clone: Path, capfd: pytest.CaptureFixture[str]) -> None:
    line = "Error: there is no commit 'nope': name a branch, tag or commit with BASE=...\n"
    assert refusal(capfd, "--template", str(clone), "--base", "nope") == line


def test_a_folder_without_history_ends_with_one_line(template: Path, capfd: pytest.CaptureFixture[str]) -> None:
    line = f"Error: {template} is no git repository: clone the template\n"
    assert refusal(capfd, "--template", str(template)) == line
