"""The command line in tests."""

import json
from typing import Any

from typer.testing import CliRunner

from app.config import Settings
from app.containers import Overrides
from app.main import create_cli


class Cli:
    """Runs commands as `python -m app` would. A command has an event loop of its own: not for the one of a test."""

    def __init__(self, settings: Settings, overrides: Overrides | None = None) -> None:
        self._app = create_cli(settings, overrides)

    def __call__(self, *arguments: str, exit_code: int = 0) -> str:
        """What it says: its answer, or why it refuses."""
        result = CliRunner().invoke(self._app, arguments)
        assert result.exit_code == exit_code, result.output
        return (result.stdout if exit_code == 0 else result.output).strip()

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json"))
