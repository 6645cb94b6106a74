"""Handlers whose effects show what was lost, doubled or out of order."""

import os
import random
from pathlib import Path
from typing import Any

from sqlalchemy import case, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.chassis.sql.database import Database
from app.chassis.sql.outbox import Outbox
from app.chassis.sql.unit_of_work import SqlTransaction
from app.core.exceptions import PermanentError
from app.core.subscriptions import Subscription
from tests.chassis.sample import CODEC, Base, Counted


class EffectRow(Base):
    """What one consumer saw of one subject, whose events are numbered 1, 2, 3, ..."""

    __tablename__ = "chaos_effects"

    consumer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    first: Mapped[int]
    last: Mapped[int]
    count: Mapped[int]
    inversions: Mapped[int]
    gaps: Mapped[int]


class Effects(SqlTransaction):
    def _begin(self, session: AsyncSession) -> None:
        self.session = session

    async def note(self, consumer: str, subject: str, number: int) -> None:
        row = EffectRow
        changed = {
            "last": number,
            "count": row.count + 1,
            "inversions": row.inversions + case((row.last >= number, 1), else_=0),
            "gaps": row.gaps + case((row.last < number - 1, 1), else_=0),
        }
        this = (row.consumer == consumer, row.subject == subject)
        done: Any = await self.session.execute(update(row).where(*this).values(changed))
        if done.rowcount == 0:
            fresh = {"first": number, "last": number, "count": 1, "inversions": 0, "gaps": 0}
            self.session.add(EffectRow(consumer=consumer, subject=subject, **fresh))


class Effect:
    """`consumer` notes each event in the database, and its subject is part of the event's number."""

    consumer = ""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._outbox = Outbox(database, CODEC)
        self._folder = folder

    async def __call__(self, event: Counted) -> None:
        subject, number = f"s{event.number // SUBJECT}", event.number % SUBJECT
        async with Effects(self._database, self._outbox) as effects:
            await effects.note(self.consumer, subject, number)
            await self.trouble(event.number)
            await effects.commit()

    async def trouble(self, number: int) -> None:
        """Fail now and then."""


class Steady(Effect):
    consumer = "steady"


class Flaky(Effect):
    """Fails often; some events until somebody replays them."""

    consumer = "flaky"

    async def trouble(self, number: int) -> None:
        if random.random() < 0.05:
            raise ConnectionError("bad luck")
        if number % 97 == 0 and not (self._folder / "mended").exists():
            raise PermanentError("poison")


class Sick(Effect):
    """Cannot work at all while a file exists."""

    consumer = "sick"

    async def trouble(self, number: int) -> None:
        if (self._folder / "sick").exists():
            raise ConnectionError("the other side is down")


class Late(Effect):
    """Only new code has it."""

    consumer = "late"


SUBJECT = 1000
HANDLERS: tuple[type[Effect], ...] = (Steady, Flaky, Sick, Late)


def handlers_of(version: int) -> tuple[type[Effect], ...]:
    return HANDLERS if version > 1 else HANDLERS[:-1]


def subscriptions_of(version: int) -> list[Subscription]:
    return [Subscription(handler.consumer, Counted, handler) for handler in handlers_of(version)]


async def read(database: Database) -> list[EffectRow]:
    async with database.sessions() as session:
        return list(await session.scalars(select(EffectRow)))


FOLDER = Path(os.environ.get("CHAOS_FOLDER", "."))
