"""A rendered project as a service: how it is started, and where it listens."""

import re
from pathlib import Path

from running import Running

LISTENING = re.compile(r"http://127\.0\.0\.1:(\d+)")


def uvicorn(programs: Path, factory: str) -> list[str | Path]:
    return [programs / "python", "-m", "uvicorn", "--port", "0", "--factory", f"app.main:{factory}"]


def url_of(service: Running) -> str | None:
    assert not service.ended, service.stdout + service.stderr
    match = LISTENING.search(service.stdout + service.stderr)
    return match.group() if match else None
