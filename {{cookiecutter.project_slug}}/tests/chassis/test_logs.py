import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from app.chassis.context import DeliveryInHand, current_delivery, request_id
from app.chassis.logs import configure_logging

SECRET = "hunter2-hunter2"


@pytest.fixture(autouse=True)
def _log_of_the_test_run() -> Iterator[None]:
    """Is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def fail() -> None:
    try:
        raise ValueError(f"the password is {SECRET}")
    except ValueError as error:
        raise RuntimeError(f"cannot use {SECRET}") from error


def test_json_says_which_error_came_from_where_but_not_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", "INFO")
    try:
        fail()
    except RuntimeError as error:
        logging.getLogger("app.sample").warning("it failed", extra={"attempt": 2}, exc_info=error)
    output = capsys.readouterr().err
    line = json.loads(output)
    assert (line["event"], line["level"], line["logger"], line["attempt"]) == ("it failed", "warning", "app.sample", 2)
    assert line["error"] == "RuntimeError from ValueError"
    assert line["at"][-1].startswith("test_logs.py:")
    assert SECRET not in output


def test_the_console_does_not_show_the_text_either(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("console", "INFO")
    try:
        fail()
    except RuntimeError:
        logging.getLogger("app.sample").exception("it failed")
    output = capsys.readouterr().err
    assert "RuntimeError from ValueError" in output
    assert SECRET not in output


def test_each_line_knows_its_request_and_its_event(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", "INFO")
    first, second = request_id.set("req-1"), current_delivery.set(DeliveryInHand("mails", UUID(int=7)))
    logging.getLogger("some.library").info("hello")
    current_delivery.reset(second)
    request_id.reset(first)
    logging.getLogger("some.library").info("bye")
    hello, bye = lines(capsys)
    assert (hello["request_id"], hello["consumer"], hello["event_id"]) == ("req-1", "mails", str(UUID(int=7)))
    assert not {"request_id", "consumer", "event_id"} & set(bye)


def test_levels_are_kept_and_configuring_again_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        configure_logging("json", "WARNING")
    logging.getLogger("app").info("no")
    logging.getLogger("app").warning("yes")
    assert [line["event"] for line in lines(capsys)] == ["yes"]


def test_statements_and_their_parameters_are_not_logged_even_when_everything_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("json", "DEBUG")
    logging.getLogger("aiosqlite").debug("executing %s", SECRET)
    logging.getLogger("app").debug("hello")
    output = capsys.readouterr().err
    assert "hello" in output
    assert SECRET not in output
