from datetime import timedelta
from typing import Any

import pytest

from app.chassis.settings import ChassisSettings
from app.core.exceptions import StartupError
from app.core.retry import RetryPolicy

SECRET = "hunter2"


def load(monkeypatch: pytest.MonkeyPatch, **environment: Any) -> ChassisSettings:
    for name, value in environment.items():
        monkeypatch.setenv(name, str(value))
    return ChassisSettings.load()


def test_without_any_setting_the_service_runs_on_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch)
    assert settings.database_url == "sqlite+aiosqlite:///app.db"
    assert settings.watchdog


def test_settings_become_what_the_machine_works_with(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(
        monkeypatch,
        HANDLER_FIRST_DELAY=1,
        HANDLER_MAX_DELAY=2,
        HANDLER_GIVE_UP_AFTER=3,
        HANDLER_MAX_ATTEMPTS=4,
        HANDLER_MAX_CRASHES=5,
        HANDLER_TIMEOUT=6,
        OUTBOX_RETENTION_DAYS=7,
        INBOX_RETENTION_DAYS=8,
    )
    assert settings.retry == RetryPolicy(1, 2, 3, 4, 5, 6)
    assert (settings.outbox_retention, settings.inbox_retention) == (timedelta(days=7), timedelta(days=8))


def test_the_defaults_of_the_settings_are_those_of_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch).retry == RetryPolicy()


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_DIRECT_URL"])
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (f"postgres:{SECRET}", "is not a database URL"),
        (f"postgresql://app:{SECRET}@db/app", "must begin with sqlite[+]aiosqlite:// or postgresql[+]asyncpg://"),
        (f"postgresql+asyncpg://app:{SECRET}@@db/app", "has an @ too many"),
        (f"postgresql+asyncpg://app:{SECRET}@db", "must name a database"),
        (f"postgresql+asyncpg://app:{SECRET}@db:port/app", "is not a database URL"),
        ("sqlite+aiosqlite://", "must name a database"),
        ("sqlite+aiosqlite:///:memory:", "must name a database"),
    ],
)
def test_a_database_that_cannot_be_is_refused_in_words_without_the_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str
) -> None:
    with pytest.raises(StartupError, match=f"^{name}: {problem}") as caught:
        load(monkeypatch, **{name: value})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "loud"),
        ("HANDLER_TIMEOUT", 0),
        ("HANDLER_TIMEOUT", "nan"),
        ("HANDLER_GIVE_UP_AFTER", 31 * 86_400),
        ("HANDLER_MAX_ATTEMPTS", 0),
        ("PROCESS_LEASE", 0.5),
        ("DATABASE_POOL_SIZE", 1),
        ("OUTBOX_RETENTION_DAYS", 0),
        ("MAX_BODY_BYTES", -1),
    ],
)
def test_values_that_make_no_sense_are_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: Any) -> None:
    with pytest.raises(StartupError, match=f"^{name}: "):
        load(monkeypatch, **{name: value})


def test_all_that_is_wrong_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StartupError, match=r"LOG_FORMAT: .*; PROCESS_LEASE: "):
        load(monkeypatch, LOG_FORMAT="xml", PROCESS_LEASE=0)
