from pathlib import Path

import pytest

from app.config import Settings
from app.core.exceptions import StartupError


def test_needs_no_environment_at_all() -> None:
    assert Settings.load().database_url == "sqlite+aiosqlite:///app.db"


def test_the_environment_beats_the_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LOG_FORMAT=json\nLOG_LEVEL=ERROR\nUNKNOWN=1\n")
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    settings = Settings.load()
    assert (settings.log_format, settings.log_level) == ("json", "DEBUG")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://app:s3cret@db/app"),
        ("DATABASE_URL", "s3cret"),
        ("DATABASE_URL", "sqlite+aiosqlite://"),
        ("SMTP_URL", "http://mail:s3cret@host"),
        ("SMTP_URL", "smtp://"),
        ("LOG_FORMAT", "xml"),
        ("HANDLER_MAX_ATTEMPTS", "0"),
        ("HANDLER_TIMEOUT", "0"),
        ("MAX_BODY_BYTES", "s3cret"),
    ],
)
def test_a_bad_setting_is_one_line_that_names_it_and_not_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(StartupError) as caught:
        Settings.load()
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert "\n" not in message
    assert "s3cret" not in message


def test_an_empty_smtp_url_means_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_URL", "")
    assert Settings.load().smtp_url is None
