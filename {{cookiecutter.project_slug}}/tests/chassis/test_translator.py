import dataclasses
from datetime import datetime

import pytest

from app.chassis.translator import Translator
from app.core.events import DomainEvent, Event
from app.core.exceptions import PermanentError
from app.core.translations import Translation
from tests.chassis.sample import NOON, Counted, Renamed, foreign

MESSAGE = foreign(7)


def translation(message_type: str | None = None, number: int = 7, topic: str = "shop") -> Translation:
    def translate(message: Event) -> Counted:
        return Counted(number=number, occurred_at=message.time)

    return Translation(topic=topic, event=Counted, translate=translate, message_type=message_type)


def translated(translator: Translator, message: Event) -> DomainEvent | None:
    recognized = translator.recognize(message)
    assert recognized is not None
    return translator.translate(recognized)


def test_each_kind_of_message_has_its_own_translation_even_into_the_same_event() -> None:
    translator = Translator(translation("shop.sold", 1), translation("shop.returned", 2), translation(None, 3))
    for message_type, number in (("shop.sold", 1), ("shop.returned", 2), ("shop.opened", 3)):
        event = translated(translator, dataclasses.replace(MESSAGE, type=message_type))
        assert event == Counted(number=number, occurred_at=NOON)


def test_what_no_translation_matches_is_not_recognized() -> None:
    assert Translator(translation("shop.returned")).recognize(MESSAGE) is None
    assert Translator(translation(topic="stock")).recognize(MESSAGE) is None


def test_topics_are_told_once_each() -> None:
    one, two, other = translation("a"), translation("b"), translation(topic="stock")
    assert Translator(one, two, other).topics == ["shop", "stock"]


@pytest.mark.parametrize(("first", "second"), [(None, "shop.sold"), (None, None), ("shop.sold", "shop.sold")])
def test_a_translation_that_could_never_be_used_is_refused(first: str | None, second: str | None) -> None:
    with pytest.raises(ValueError, match="two translations match the same messages of shop"):
        Translator(translation(first), translation(second))


@pytest.mark.parametrize("names", [{"topic": "x" * 101}, {"message_type": "x" * 101}])
def test_names_that_no_table_keeps_are_refused(names: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="longer than 100 characters"):
        translation(**names)  # type: ignore[arg-type]


def test_a_message_that_is_none_of_our_business_is_translated_into_nothing() -> None:
    nothing = Translation(topic="shop", event=Counted, translate=lambda _: None)
    assert translated(Translator(nothing), MESSAGE) is None


@pytest.mark.parametrize(
    "result",
    [
        Renamed(occurred_at=NOON),
        Counted(number=7, occurred_at=datetime(2026, 5, 4)),  # noqa: DTZ001 - that is the point
        "seen",
    ],
    ids=["another event", "no timezone", "no event"],
)
def test_what_is_not_the_promised_event_is_refused(result: DomainEvent) -> None:
    wrong = Translation(topic="shop", event=Counted, translate=lambda _: result)
    with pytest.raises(PermanentError, match="the translation gave no Counted"):
        translated(Translator(wrong), MESSAGE)


def test_what_nobody_translates_any_more_is_refused() -> None:
    recognized = Translator(translation()).recognize(MESSAGE)
    assert recognized is not None
    with pytest.raises(PermanentError, match=r"no translation makes sample\.counted of messages from shop"):
        Translator().translate(recognized)
