"""`python -m slices` in a rendered project: one line says what is wrong, and nothing is written."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from harness.commands import succeed
from harness.files import change
from harness.slices import ANY_COMBINATION, is_one_line, refused

Refusal = Callable[..., str]

UNIT_OF_WORK = "app/infrastructure/db/unit_of_work.py"
REGISTRY = "app/application/registry.py"


pytestmark = ANY_COMBINATION


@pytest.fixture
def refusal_of(own_copy: Path, programs: Path) -> Refusal:
    """The one line that is said to these arguments."""
    return partial(refused, own_copy, programs)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "use lower-case words joined by _, such as order or line_item"),
        ("Order", "use lower-case words"),
        ("order-line", "use lower-case words"),
        ("2nd", "use lower-case words"),
        ("order\nline", "use lower-case words"),
        ("x" * 41, "at most 40 characters"),
        ("class", "class means something to Python"),
        ("match", "match means something to Python"),
        ("list", "list means something to Python"),
        ("none", "None means something to Python"),
        ("testimonial", "pytest would take its classes for tests"),
        ("orders", "looks like a plural"),
        ("user", "app/application/user/__init__.py is there already: choose another name"),
        ("token", "app/application/token/__init__.py is there already"),
        ("signup", "app/infrastructure/db/signups.py is there already: choose another name"),
        ("last_seen", "app/infrastructure/db/tables.py has LastSeenRow already"),
        ("title", "Title means something else in slices/pattern/app/application/some_thing"),
        ("clock", "Clock means something else in slices/pattern/app/application/some_thing"),
    ],
)
def test_refuses_a_name_that_cannot_be_or_is_taken(refusal_of: Refusal, name: str, reason: str) -> None:
    said = refusal_of(name)
    assert is_one_line(said)
    assert reason in said


def test_refuses_a_plural_that_cannot_be(refusal_of: Refusal) -> None:
    assert "'Children' cannot name a slice" in refusal_of("child", "Children")


def test_says_how_it_is_called(refusal_of: Refusal) -> None:
    assert refusal_of() == refusal_of("line", "item", "x") == "Usage: python -m slices NAME [PLURAL]\n"


def test_refuses_the_name_of_a_slice_that_it_made(refusal_of: Refusal, own_copy: Path, programs: Path) -> None:
    succeed([programs / "python", "-m", "slices", "order"], own_copy)
    said = refusal_of("order")
    assert is_one_line(said)
    assert "app/application/order/__init__.py is there already" in said


@pytest.mark.parametrize(
    ("place", "old", "new", "reason"),
    [
        (
            UNIT_OF_WORK,
            "def _begin",
            "def _open",
            "has no 'SqlUnitOfWork._begin' any more, the place of "
            "'self.orders = self._track(SqlOrderRepository(session))': put it back, "
            f"or change slices/pattern/{UNIT_OF_WORK} to fit your code",
        ),
        (UNIT_OF_WORK, "class SqlUnitOfWork", "class OurUnitOfWork", "has no 'SqlUnitOfWork' any more"),
        (REGISTRY, "EVENTS: tuple", "ALL_EVENTS: tuple", "the place of 'EVENTS = (order_events.OrderCreated,)'"),
        (REGISTRY, "(*user_event_handlers.SUBSCRIPTIONS,)", "tuple([])", "has no 'SUBSCRIPTIONS' any more"),
        (REGISTRY, "EVENTS: tuple", "EVENTS tuple", "registry.py is not Python: invalid syntax (registry.py, line "),
    ],
)
def test_refuses_when_the_place_for_a_line_is_gone(
    refusal_of: Refusal, own_copy: Path, place: str, old: str, new: str, reason: str
) -> None:
    change(own_copy / place, old, new)
    said = refusal_of("order")
    assert is_one_line(said)
    assert said.startswith(f"Error: {place} ")
    assert reason in said


def test_refuses_when_a_file_to_change_is_missing(refusal_of: Refusal, own_copy: Path) -> None:
    (own_copy / "tests" / "fakes.py").unlink()
    said = refusal_of("order")
    assert said.startswith("Error: tests/fakes.py is missing: put it back, or remove slices/pattern/tests/fakes.py")
    assert is_one_line(said)


def test_refuses_when_no_migration_is_the_last(refusal_of: Refusal, own_copy: Path, programs: Path) -> None:
    for branch in ("one", "other"):
        revise = ["-m", "alembic", "revision", "--message", branch, "--head", "0001", "--splice"]
        succeed([programs / "python", *revise], own_copy)
    said = refusal_of("order")
    assert is_one_line(said)
    assert "multiple heads" in said


def test_refuses_when_a_migration_cannot_be_read(refusal_of: Refusal, own_copy: Path) -> None:
    (own_copy / "app/infrastructure/db/migrations/versions/own.py").write_text("def (\n", "utf-8")
    said = refusal_of("order")
    assert is_one_line(said)
    assert "the migrations allow no next one: invalid syntax (own.py, line 1)" in said


def test_takes_everything_back_when_a_step_fails(refusal_of: Refusal, own_copy: Path) -> None:
    change(own_copy / "pyproject.toml", "line-length = 120", "line-length = none")
    said = refusal_of("order")
    assert is_one_line(said)
    assert "line-length" in said
    assert said.endswith(": what was written is taken back.\n")
