"""Every check notices what it is there for: projects are broken on purpose, and the right check fails."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import test_combination_text as text
import test_combination_tools as tools
import test_combinations_agree as agree
from harness.broken_walls import BROKEN_WALLS, importing
from harness.combinations import combinations, name_of
from harness.commands import succeed
from harness.files import change
from harness.mutation import Mutation
from harness.mutations import MUTATIONS
from harness.rendering import copy_template, render

Checks = dict[str, Callable[..., Any]]
CHECKS: Checks = {name: check for module in (text, tools, agree) for name, check in vars(module).items()}


@pytest.mark.parametrize("mutation", [*MUTATIONS, *BROKEN_WALLS], ids=str)
def test_a_broken_project_is_noticed(
    mutation: Mutation, projects: dict[str, Path], programs: Path, tmp_path: Path, worker_id: str
) -> None:
    mutant = Path(shutil.copytree(projects[mutation.combination], tmp_path / "my-service"))
    mutation.spoil(mutant)
    if mutation.check.startswith("tests/"):
        with pytest.raises(AssertionError) as noticed:
            succeed([programs / "python", "-m", "pytest", "-q", "-x", mutation.check], mutant)
    else:
        every = {
            "project": mutant,
            "programs": programs,
            "projects": projects | {mutation.combination: mutant},
            "combination": next(c for c in combinations() if name_of(c) == mutation.combination),
            "worker_id": worker_id,
        }
        check = CHECKS[mutation.check]
        names = check.__code__.co_varnames[: check.__code__.co_argcount]
        with pytest.raises(AssertionError) as noticed:
            check(**{name: every[name] for name in names})
    assert mutation.cry in str(noticed.value)


def test_what_the_owner_allows_passes(projects: dict[str, Path], programs: Path, tmp_path: Path) -> None:
    project = Path(shutil.copytree(projects["dishka+memory"], tmp_path / "my-service"))
    importing("app/domain/user/services.py", "structlog")(project)
    change(project / "pyproject.toml", "allowed = []", 'allowed = ["structlog"]')
    tools.test_every_import_keeps_to_the_rules(project, programs)


def test_a_variant_with_a_misspelt_suffix_is_noticed(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "template")
    app = next(template.glob("{{*")) / "app"
    (app / "containers__dishka.py").rename(app / "containers__dishkaa.py")
    project = render(template, combinations()[0], tmp_path / "out")
    with pytest.raises(AssertionError, match="containers__dishkaa"):
        text.test_no_path_carries_the_suffix_of_a_variant(project)
