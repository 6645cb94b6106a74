"""`python -m slices` in files that are written otherwise than ours: what it adds works, and they keep their ways."""

import subprocess
from pathlib import Path

import pytest

from harness.commands import succeed
from harness.files import change
from harness.slices import ANY_COMBINATION

TABLES = "app/infrastructure/db/tables.py"
PORTS = "app/application/ports.py"
REGISTRY = "app/application/registry.py"
SHOW_EVENTS = "from app.application.registry import EVENTS; print(*(event.__name__ for event in EVENTS))"


pytestmark = ANY_COMBINATION


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("HISTORY =", 'SQL = """\nselect 1\n# end"""\n'),
        (
            '"""Tables of the business. They mirror the migrations beside this file; a test compares the two."""\n\n',
            '"""Tables.\n# end"""\n',
        ),
    ],
)
def test_takes_no_end_of_a_string_for_a_comment(own_copy: Path, programs: Path, place: str, text: str) -> None:
    tables = own_copy / TABLES
    change(tables, place, text + place * place.startswith("HISTORY"))
    succeed([programs / "python", "-m", "slices", "order"], own_copy)
    succeed([programs / "python", "-c", f"from {TABLES[:-3].replace('/', '.')} import OrderRow"], own_copy)
    assert text in tables.read_text("utf-8")


def test_keeps_the_line_endings_of_each_file(own_copy: Path, programs: Path) -> None:
    tables, registry = own_copy / TABLES, own_copy / REGISTRY
    tables.write_bytes(tables.read_bytes().replace(b"\n", b"\r\n"))
    succeed([programs / "python", "-m", "slices", "order"], own_copy)
    assert b"class OrderRow" in tables.read_bytes()
    assert tables.read_bytes().count(b"\r\n") == tables.read_bytes().count(b"\n")
    assert b"\r" not in registry.read_bytes()


def test_imports_nothing_twice(own_copy: Path, programs: Path) -> None:
    later = "\nif TYPE_CHECKING:\n    from typing import Any\n\nfrom typing import Protocol, Self\n"
    change(own_copy / PORTS, "from typing import Protocol, Self\n", "from typing import TYPE_CHECKING\n")
    change(own_copy / PORTS, "from uuid import UUID\n", f"from uuid import UUID\n{later}")
    change(own_copy / PORTS, "    def now(self)", "    zone: 'Any'\n\n    def now(self)")
    succeed([programs / "python", "-m", "slices", "order"], own_copy)
    assert (own_copy / PORTS).read_text("utf-8").count("Protocol, Self\n") == 1
    succeed([programs / "ruff", "check", "--no-cache", "--select", "F", PORTS], own_copy)


@pytest.mark.parametrize(
    ("tuple_", "count"),
    [
        ("A, B", 2),
        ("(A), B", 2),
        ("(A), (B)", 2),
        ("(A, B)", 2),
        ("((A), (B))", 2),
        ("*(A, B),", 2),
        ("*(A,), *(B,)", 2),
        ("(A),", 1),
        ("(A  # (\n, )", 1),
        ("[A][0], B", 2),
        ("()", 0),
    ],
)
def test_adds_to_a_tuple_however_it_is_written(own_copy: Path, programs: Path, tuple_: str, count: int) -> None:
    registry = own_copy / REGISTRY
    head, _, rest = registry.read_text("utf-8").partition("EVENTS: ")
    written = tuple_.replace("A", "user_events.UserRegistered").replace("B", "user_events.UserSignedIn")
    registry.write_text(f"{head}EVENTS = {written}\n{rest[rest.index('UPCASTERS') :]}", "utf-8")
    succeed([programs / "python", "-m", "slices", "order"], own_copy)
    events = subprocess.check_output(
        [
            programs / "python",
            "-c",
            SHOW_EVENTS,
        ],
        cwd=own_copy,
        text=True,
    )
    assert events.split() == [*["UserRegistered", "UserSignedIn"][:count], "OrderCreated"]
