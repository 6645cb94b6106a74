"""Tell a reviewer, in Markdown, what the template's changes since BASE do to the files of each combination.

Both sides are rendered: BASE (where this branch left it), and the working tree with all that is not committed.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cookiecutter.exceptions import CookiecutterException
from jinja2 import TemplateError

from base import TreeError, check_out, find_base
from change_report import report
from rendered_changes import TreeStore

TEMPLATE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TEMPLATE / "tests"))

from harness.combinations import Combination, combinations, name_of, options  # noqa: E402 (found through the line above)
from harness.rendering import copy_template, render  # noqa: E402


def offers(template: Path, combination: Combination) -> bool:
    """Whether it has these choices, of those options that it has."""
    return all(combination.get(option, choices[0]) in choices for option, choices in options(template).items())


@contextmanager
def silent_hooks() -> Iterator[None]:
    """The hooks write to the file descriptor, and the report shall stand there alone."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def rendered(template: Path, every: Mapping[str, Combination], folder: Path, store: TreeStore) -> dict[str, str]:
    trees = {}
    for name, combination in every.items():
        if offers(template, combination):
            try:
                trees[name] = store.add(render(template, combination, folder / name))
            except (CookiecutterException, TemplateError) as error:
                raise TreeError(f"{folder.name} does not render with {name}: {' '.join(str(error).split())}") from error
    return trees


def compare(template: Path, base: str) -> str:
    commit = find_base(template, base)
    with tempfile.TemporaryDirectory(prefix="tree-") as name, silent_hooks():
        folder = Path(name)
        old = check_out(template, commit, folder / "base")
        new = copy_template(folder / "template", template)
        store = TreeStore(folder / "store")
        every = {name_of(combination): combination for combination in combinations(new)}
        before = rendered(old, every, folder / "the base", store)
        after = rendered(new, every, folder / "the working tree", store)
        changes = {name: store.changes(before[name], after[name]) for name in before}
        gone = [name_of(combination) for combination in combinations(old) if not offers(new, combination)]
    text = report(f"Rendered files, against {base} ({commit[:10]})", every, changes)
    return text + "".join(f"\n\nNo longer offered: `{name}`" for name in gone)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default="main", help="branch, tag or commit to compare with (default: main)")
    parser.add_argument("--template", type=Path, default=TEMPLATE, help="the clone to look at (default: this one)")
    chosen = parser.parse_args(arguments)
    try:
        print(compare(chosen.template, chosen.base))
    except json.JSONDecodeError as error:
        print(f"Error: cookiecutter.json is not JSON: {error}", file=sys.stderr)
    except (OSError, TreeError) as error:
        print(f"Error: {error}", file=sys.stderr)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
