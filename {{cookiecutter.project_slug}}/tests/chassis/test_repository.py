"""The base of all repositories in SQL, shown on a book of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import JSON
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.chassis.sql.engine import create_engine
from app.chassis.sql.repository import As, SqlRepository
from app.chassis.sql.types import UtcDateTime
from app.core.aggregate import AggregateRoot

ID = UUID(int=1)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Title:
    value: str


@dataclass(frozen=True)
class Price:
    cents: int


@dataclass(eq=False, kw_only=True)
class Book(AggregateRoot):
    title: Title
    price: Price | None = None
    tags: list[str] = field(default_factory=list)
    printed_at: datetime | None = None


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012 - SQLAlchemy's own idiom


class BookRow(Base):
    __tablename__ = "test_repository_books"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(unique=True)
    price: Mapped[int | None]
    tags: Mapped[list[str]] = mapped_column(JSON)
    printed_at: Mapped[datetime | None]


class Books(SqlRepository[Book]):
    aggregate = Book
    row = BookRow
    columns = {"title": As(Title), "price": As(Price, lambda price: price.cents)}  # noqa: RUF012 - of the class

    async def by_id(self, book_id: UUID) -> Book | None:
        return await self._find(BookRow.id == book_id)

    async def by_title(self, title: str) -> Book | None:
        return await self._find(BookRow.title == title)


Sessions = async_sessionmaker[AsyncSession]


@pytest.fixture
async def sessions(url: str) -> AsyncIterator[Sessions]:
    engine = create_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield async_sessionmaker(engine, expire_on_commit=False)
    await engine.dispose()


@asynccontextmanager
async def stored(sessions: Sessions) -> AsyncIterator[Books]:
    """A repository in a transaction; at its end it stores and commits, as the unit of work does."""
    async with sessions() as session:
        books = Books(session)
        yield books
        await books.store()
        await session.commit()


def book(**values: Any) -> Book:
    return Book(**{"id": ID, "title": Title("Emma"), **values})


async def found(sessions: Sessions) -> Book:
    async with sessions() as session:
        book = await Books(session).by_id(ID)
    assert book is not None
    return book


def contents(book: Book) -> tuple[object, ...]:
    return (book.id, book.title, book.price, book.tags, book.printed_at)


@pytest.mark.parametrize(
    "values", [{}, {"price": Price(700)}, {"tags": ["novel", "x"]}, {"printed_at": NOON}, {"title": Title("A\u00e9")}]
)
async def test_what_is_added_comes_back_field_by_field(sessions: Sessions, values: dict[str, Any]) -> None:
    async with stored(sessions) as books:
        await books.add(book(**values))
    assert contents(await found(sessions)) == contents(book(**values))


async def test_what_is_changed_after_it_was_added_is_stored(sessions: Sessions) -> None:
    async with stored(sessions) as books:
        emma = book(price=Price(700))
        await books.add(emma)
        emma.title, emma.price, emma.printed_at = Title("Persuasion"), None, NOON
    assert contents(await found(sessions)) == (ID, Title("Persuasion"), None, [], NOON)


async def test_what_is_changed_on_what_was_found_is_stored(sessions: Sessions) -> None:
    async with stored(sessions) as books:
        await books.add(book())
    async with stored(sessions) as books:
        emma = await books.by_id(ID)
        assert emma is not None
        emma.title, emma.price, emma.printed_at = Title("Persuasion"), Price(800), NOON
    assert contents(await found(sessions)) == (ID, Title("Persuasion"), Price(800), [], NOON)


async def test_what_is_changed_within_a_field_is_stored(sessions: Sessions) -> None:
    async with stored(sessions) as books:
        emma = book(tags=["novel"])
        await books.add(emma)
        emma.tags.append("added")
    async with stored(sessions) as books:
        again = await books.by_id(ID)
        assert again is not None
        again.tags.append("found")
    assert (await found(sessions)).tags == ["novel", "added", "found"]


async def test_found_twice_it_is_the_same_object(sessions: Sessions) -> None:
    async with stored(sessions) as books:
        emma = book()
        await books.add(emma)
        assert await books.by_title("Emma") is emma
    async with stored(sessions) as books:
        again = await books.by_id(ID)
        assert again is not emma
        assert await books.by_title("Emma") is again
        assert books.aggregates == [again]


async def test_what_is_not_there_is_not_found(sessions: Sessions) -> None:
    async with stored(sessions) as books:
        assert await books.by_id(ID) is None
        assert books.aggregates == []


def test_a_field_without_a_column_is_refused_by_name_when_the_class_is_made() -> None:
    @dataclass(eq=False, kw_only=True)
    class LongBook(Book):
        pages: int = 0

    with pytest.raises(TypeError, match=r"LongBook\.pages has no column in BookRow: add it, or override"):

        class LongBooks(SqlRepository[LongBook]):
            aggregate = LongBook
            row = BookRow


def test_a_field_that_is_not_given_at_the_start_is_refused_too() -> None:
    @dataclass(eq=False, kw_only=True)
    class LentBook(Book):
        lent: int = field(default=0, init=False)

    with pytest.raises(TypeError, match=r"LentBook\.lent has no column"):

        class LentBooks(SqlRepository[LentBook]):
            aggregate = LentBook
            row = BookRow


def test_a_field_with_a_column_that_could_not_be_read_back_is_refused() -> None:
    @dataclass(eq=False, kw_only=True)
    class FreeBook(Book):
        price: Price | None = field(default=None, init=False)

    with pytest.raises(TypeError, match=r"FreeBook\.price has init=False"):

        class FreeBooks(SqlRepository[FreeBook]):
            aggregate = FreeBook
            row = BookRow


def test_a_column_without_a_field_is_refused_by_name_when_the_class_is_made() -> None:
    @dataclass(eq=False, kw_only=True)
    class ShortBook(AggregateRoot):
        title: Title
        price: Price
        tags: list[str]

    with pytest.raises(TypeError, match=r"ShortBook\.printed_at is a column only: add it, or override"):

        class ShortBooks(SqlRepository[ShortBook]):
            aggregate = ShortBook
            row = BookRow


def test_a_conversion_of_no_field_is_refused_by_name_when_the_class_is_made() -> None:
    with pytest.raises(TypeError, match="titel"):

        class MisspeltBooks(SqlRepository[Book]):
            aggregate = Book
            row = BookRow
            columns = {"titel": As(Title)}  # noqa: RUF012 - of the class


def test_a_class_that_reads_rows_in_a_way_of_its_own_may_keep_what_it_likes() -> None:
    @dataclass(eq=False, kw_only=True)
    class OwnBook(Book):
        pages: int = 0

    class OwnBooks(SqlRepository[OwnBook]):
        aggregate = OwnBook
        row = BookRow

        def _read(self, row: Any) -> OwnBook:
            return OwnBook(id=row.id, title=Title(row.title), pages=len(row.tags))

    assert OwnBooks.row is BookRow
