"""`python -m slices` in a project that is not as it was generated, and with names of all kinds."""

import shutil
from pathlib import Path

import pytest

from harness.commands import succeed
from harness.environment import CACHE
from harness.files import change
from harness.slices import ANY_COMBINATION

UNIT_OF_WORK = "app/infrastructure/db/unit_of_work.py"
REGISTRY = "app/application/registry.py"


pytestmark = ANY_COMBINATION


def test_fits_a_service_that_has_gone_its_own_way(own_copy: Path, programs: Path) -> None:
    for event in ("UserRegistered", "UserSignedIn", "UserSeenElsewhere"):
        change(own_copy / REGISTRY, f"    user_events.{event},\n", "")
    change(own_copy / REGISTRY, "(*user_event_handlers.SUBSCRIPTIONS,)", "()  # none, so far")
    change(own_copy / REGISTRY, "from app.application.user import event_handlers as user_event_handlers\n", "")
    change(own_copy / UNIT_OF_WORK, "SqlLastSeen(session)\n", "SqlLastSeen(session)\n        # All is open.\n")
    change(own_copy / UNIT_OF_WORK, "        self.signups = SqlSignupCounter(session)\n", "")
    change(own_copy / UNIT_OF_WORK, "from app.infrastructure.db.signups import SqlSignupCounter\n", "")
    succeed([programs / "python", "-m", "alembic", "revision", "--message", "own", "--rev-id", "own"], own_copy)

    succeed([programs / "python", "-m", "slices", "order"], own_copy)

    assert (own_copy / "app/domain/order/__init__.py").read_bytes() == b""
    registry = (own_copy / REGISTRY).read_text("utf-8")
    assert "\nEVENTS: tuple[type[DomainEvent], ...] = (order_events.OrderCreated,)\n" in registry
    assert "= (*order_event_handlers.SUBSCRIPTIONS,)  # none, so far\n" in registry
    opened = "self.orders = self._track(SqlOrderRepository(session))"
    assert f"        {opened}\n        # All is open.\n" in (own_copy / UNIT_OF_WORK).read_text("utf-8")
    [migration] = (own_copy / "app/infrastructure/db/migrations/versions").glob("*_orders_table.py")
    assert 'down_revision: str | None = "own"' in migration.read_text("utf-8")
    assert succeed([programs / "python", "-m", "alembic", "heads"], own_copy).count("(head)") == 1
    succeed([programs / "ruff", "check", "--no-cache"], own_copy)
    succeed([programs / "ruff", "format", "--check", "--no-cache"], own_copy)


@pytest.mark.parametrize(
    ("arguments", "plural"),
    [
        (["category"], "categories"),
        (["day"], "days"),
        (["mailbox"], "mailboxes"),
        (["branch_address"], "branch_addresses"),
        (["child", "children"], "children"),
        (["sheep", "sheep"], "sheep"),
    ],
)
def test_forms_the_plural_or_takes_it_as_given(
    own_copy: Path, programs: Path, arguments: list[str], plural: str
) -> None:
    told = succeed([programs / "python", "-m", "slices", *arguments], own_copy)
    assert f"/api/v1/{plural.replace('_', '-')} " in told
    tables = (own_copy / "app/infrastructure/db/tables.py").read_text("utf-8")
    assert f'__tablename__ = "{plural}"' in tables
    assert (own_copy / f"app/infrastructure/db/{plural}.py").exists()


def test_the_longest_name_gives_lines_that_fit(own_copy: Path, programs: Path) -> None:
    succeed([programs / "python", "-m", "slices", "international_customer_loyalty_contract"], own_copy)
    succeed([programs / "ruff", "check", "--no-cache"], own_copy)


def test_whoever_does_not_want_it_deletes_one_folder(own_copy: Path, programs: Path, worker_id: str) -> None:
    shutil.rmtree(own_copy / "slices")
    succeed([programs / "ruff", "check", "--no-cache"], own_copy)
    succeed([programs / "mypy", "--cache-dir", CACHE / f"mypy-{worker_id}"], own_copy)
    succeed([programs / "deptry", "."], own_copy)
