import dataclasses
from datetime import datetime
from uuid import UUID

import pytest

from app.core.events import FOREIGN, DomainEvent, Event
from app.core.exceptions import PermanentError
from app.core.foreign import Translation, Translations
from app.domain.user.events import UserSeenElsewhere, UserSignedIn
from tests.fakes import NOON

MESSAGE = Event(
    id=UUID(int=1), type="order.placed", version=FOREIGN, source="shop", subject="", time=NOON, data=b"7", headers={}
)


def translation(message_type: str | None = None, user: int = 7) -> Translation:
    def translate(message: Event) -> UserSeenElsewhere:
        return UserSeenElsewhere(user_id=UUID(int=user), occurred_at=message.time)

    return Translation(topic="shop", event=UserSeenElsewhere, translate=translate, message_type=message_type)


def translated(translations: Translations, message: Event) -> DomainEvent | None:
    recognized = translations.recognize(message)
    assert recognized is not None
    return translations.translate(recognized)


def test_each_kind_of_message_has_its_own_translation_even_into_the_same_event() -> None:
    translations = Translations(translation("order.placed", 1), translation("order.cancelled", 2), translation(None, 3))
    for message_type, user in (("order.placed", 1), ("order.cancelled", 2), ("order.paid", 3)):
        event = translated(translations, dataclasses.replace(MESSAGE, type=message_type))
        assert isinstance(event, UserSeenElsewhere)
        assert event.user_id == UUID(int=user)


@pytest.mark.parametrize(("first", "second"), [(None, "order.placed"), (None, None), ("order.placed", "order.placed")])
def test_a_translation_that_could_never_be_used_is_refused(first: str | None, second: str | None) -> None:
    with pytest.raises(ValueError, match="the second gets none"):
        Translations(translation(first), translation(second))


def test_names_that_no_table_keeps_are_refused() -> None:
    with pytest.raises(ValueError, match="no table keeps it"):
        translation("x" * 101)


def test_a_message_that_is_none_of_our_business_is_translated_into_nothing() -> None:
    nothing = Translation(topic="shop", event=UserSeenElsewhere, translate=lambda _: None)
    assert translated(Translations(nothing), MESSAGE) is None


@pytest.mark.parametrize(
    "result",
    [
        UserSignedIn(user_id=UUID(int=7), occurred_at=NOON),
        UserSeenElsewhere(user_id=UUID(int=7), occurred_at=datetime(2026, 5, 4)),  # noqa: DTZ001 - that is the point
        "seen",
    ],
    ids=["another event", "no timezone", "no event"],
)
def test_what_is_not_the_promised_event_is_refused(result: DomainEvent) -> None:
    wrong = Translation(topic="shop", event=UserSeenElsewhere, translate=lambda _: result)
    with pytest.raises(PermanentError, match="is translated into no UserSeenElsewhere"):
        translated(Translations(wrong), MESSAGE)


def test_what_nobody_translates_any_more_is_refused() -> None:
    recognized = Translations(translation()).recognize(MESSAGE)
    assert recognized is not None
    with pytest.raises(PermanentError, match="nobody translates what comes from shop"):
        Translations().translate(recognized)
