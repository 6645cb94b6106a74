from uuid import UUID

import pytest

from app.application.some_thing.commands import CreateSomeThingCommand
from app.application.some_thing.event_handlers import ConfirmSomeThing
from app.application.some_thing.handlers import CreateSomeThingHandler
from app.domain.some_thing.errors import InvalidTitleError, SomeThingNotFoundError
from app.domain.some_thing.events import SomeThingCreated
from app.domain.some_thing.value_objects import Title
from tests.fakes import NOON, CountingIds, FakeUnitOfWork, FixedClock


@pytest.fixture
def uow() -> FakeUnitOfWork:
    return FakeUnitOfWork()


@pytest.fixture
def create(uow: FakeUnitOfWork) -> CreateSomeThingHandler:
    return CreateSomeThingHandler(uow, CountingIds(), FixedClock())


async def test_stores_what_was_created(create: CreateSomeThingHandler, uow: FakeUnitOfWork) -> None:
    assert await create(CreateSomeThingCommand("  First ")) == UUID(int=1)
    [stored] = uow.some_things.stored
    assert (stored.id, stored.title.value, stored.created_at) == (UUID(int=1), "First", NOON)
    assert stored.confirmed_at is None
    assert uow.commits == 1


async def test_records_that_it_was_created(create: CreateSomeThingHandler, uow: FakeUnitOfWork) -> None:
    new_id = await create(CreateSomeThingCommand("First"))
    assert uow.events == [SomeThingCreated(some_thing_id=new_id, title="First", occurred_at=NOON)]


async def test_refuses_an_invalid_title_before_it_opens_a_transaction(
    create: CreateSomeThingHandler, uow: FakeUnitOfWork
) -> None:
    with pytest.raises(InvalidTitleError):
        await create(CreateSomeThingCommand(""))
    assert uow.commits == 0


async def test_what_was_created_is_confirmed(create: CreateSomeThingHandler, uow: FakeUnitOfWork) -> None:
    await create(CreateSomeThingCommand("First"))
    [event] = uow.events
    assert isinstance(event, SomeThingCreated)
    await ConfirmSomeThing(uow, FixedClock())(event)
    assert uow.some_things.stored[0].confirmed_at == NOON
    assert uow.commits == 2


async def test_confirming_what_does_not_exist_fails(uow: FakeUnitOfWork) -> None:
    event = SomeThingCreated(some_thing_id=UUID(int=5), title="First", occurred_at=NOON)
    with pytest.raises(SomeThingNotFoundError):
        await ConfirmSomeThing(uow, FixedClock())(event)
    assert uow.commits == 0


@pytest.mark.parametrize("value", ["", "  ", "two\nlines", "nul\0", "\ud800", "x" * 101])
def test_what_is_no_title_is_refused(value: str) -> None:
    with pytest.raises(InvalidTitleError):
        Title(value)


def test_a_title_has_no_space_around_it() -> None:
    assert Title(f" {'x' * 100} ").value == "x" * 100
