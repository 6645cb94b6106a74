import subprocess
import sys
from pathlib import Path

import pytest

from tests.chassis.processes import ROOT, clean, process


def fails_to_start(tmp_path: Path, **environment: str) -> str:
    """Start the service as `make run` does; return what it printed before it gave up."""
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "--app-dir",
        str(ROOT),
        "--factory",
        "app.main:create_app",
        "--port",
        "0",
    ]
    env = clean({"DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/app.db", **environment})
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"DATABASE_URL": "mysql://app:s3cret@db/app"}, "cannot start: DATABASE_URL: must begin with"),
        ({"DATABASE_URL": "postgresql+asyncpg://app:p@s3cret:w0rd@db/app"}, "cannot start: DATABASE_URL:"),
        ({"DATABASE_URL": "postgresql+asyncpg://app:p@s3cret@127.0.0.1/app"}, "DATABASE_URL: has an @ too many"),
        ({"SMTP_URL": "smtp://host:abc"}, "cannot start: SMTP_URL:"),
        ({"LOG_FORMAT": "xml"}, "cannot start: LOG_FORMAT:"),
        ({}, "cannot start: the database has no tables yet: run `make migrate`"),
        ({"DATABASE_URL": "sqlite+aiosqlite:////no/such/folder/app.db"}, "cannot start: cannot reach the database"),
        (
            {"DATABASE_URL": "postgresql+asyncpg://app:s3cret@127.0.0.1:1/app"},
            "cannot start: cannot reach the database postgresql+asyncpg://app:***@127.0.0.1:1/app",
        ),
    ],
)
def test_says_in_one_line_why_it_cannot_start(tmp_path: Path, environment: dict[str, str], line: str) -> None:
    output = fails_to_start(tmp_path, **environment)
    assert len([text for text in output.splitlines() if line in text]) == 1
    assert "Traceback" not in output
    assert "s3cret" not in output


def test_stops_in_good_order_when_told_to(database_url: str, tmp_path: Path) -> None:
    with process("app.main:create_app", {"DATABASE_URL": database_url}, tmp_path / "out") as server:
        server.stop()
    assert "Traceback" not in (tmp_path / "out").read_text()


@pytest.mark.parametrize("command", [("app", "migrate"), ("alembic", "upgrade", "head")], ids="-m {0[0]}".format)
def test_a_migration_says_in_one_line_that_the_database_is_away(command: tuple[str, ...]) -> None:
    program = [sys.executable, "-m", *command]
    env = clean({"DATABASE_URL": "postgresql+asyncpg://app:s3cret@127.0.0.1:1/app"})
    done = subprocess.run(program, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert done.stderr.strip().splitlines()[-1].startswith("cannot migrate: cannot reach the database")
    assert "s3cret" not in done.stderr
    assert "Traceback" not in done.stderr
