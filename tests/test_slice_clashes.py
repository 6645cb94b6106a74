"""`python -m slices` beside code that it would break: it refuses in one line, and writes nothing."""

from pathlib import Path

import pytest

from harness.files import change
from harness.slices import ANY_COMBINATION, is_one_line, refused

TABLES = "app/infrastructure/db/tables.py"
PORTS = "app/application/ports.py"
UNIT_OF_WORK = "app/infrastructure/db/unit_of_work.py"


pytestmark = ANY_COMBINATION


@pytest.mark.parametrize(
    ("place", "old", "new", "reason"),
    [
        (
            TABLES,
            "from datetime import date, datetime\n",
            "import datetime\n",
            "has no `from datetime import datetime`, which the slice needs, and line 3 makes 'datetime' something else",
        ),
        (
            PORTS,
            "from typing import Protocol, Self\n",
            "from typing import TYPE_CHECKING, Self\n\nif TYPE_CHECKING:\n    from typing import Protocol\n",
            "has no `from typing import Protocol`, which the slice needs, and line 7 makes",
        ),
        (PORTS, "class Clock", "order = OrderRepository = ()\n\n\nclass Clock", "line 12 makes 'OrderRepository'"),
        (TABLES, '"daily_signups"', '"orders"', "has the table 'orders' already: choose another name or plural"),
        (TABLES, "HISTORY =", 'Table("orders", Base.metadata)\nHISTORY =', "has the table 'orders' already"),
        (UNIT_OF_WORK, "    ", "\t", "indents SqlUnitOfWork otherwise than slices/pattern"),
        (UNIT_OF_WORK, "    ", "  ", "indents SqlUnitOfWork otherwise than slices/pattern"),
        (
            TABLES,
            "HISTORY =",
            "closed = 1; HISTORY =",
            "has more than one statement in line 50: let `uv run ruff format` write it",
        ),
        (
            UNIT_OF_WORK,
            "SqlLastSeen(session)\n",
            "SqlLastSeen(session) \\\n\n\nX = 1\n",
            "the slice in it would be no Python: invalid syntax",
        ),
    ],
)
def test_refuses_where_the_service_would_break(
    own_copy: Path, programs: Path, place: str, old: str, new: str, reason: str
) -> None:
    change(own_copy / place, old, new)
    said = refused(own_copy, programs, "order")
    assert is_one_line(said)
    assert said.startswith(f"Error: {place} ")
    assert reason in said


def test_refuses_the_name_of_a_table_whose_class_has_another(own_copy: Path, programs: Path) -> None:
    said = refused(own_copy, programs, "daily_signup")
    assert is_one_line(said)
    assert f"{TABLES} has the table 'daily_signups' already" in said


def test_refuses_the_name_of_a_table_of_the_machine(own_copy: Path, programs: Path) -> None:
    said = refused(own_copy, programs, "delivery")
    assert is_one_line(said)
    assert "app/chassis/sql/tables.py has the table 'deliveries' already" in said


@pytest.mark.parametrize("place", [TABLES, f"slices/pattern/{TABLES}", "slices/pattern/migration.py"])
def test_refuses_a_file_that_is_not_utf_8(own_copy: Path, programs: Path, place: str) -> None:
    (own_copy / place).write_bytes((own_copy / place).read_bytes() + "# é\n".encode("latin-1"))
    said = refused(own_copy, programs, "order")
    assert is_one_line(said)
    assert said.startswith(f"Error: {place} is not UTF-8: ")
