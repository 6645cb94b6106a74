"""The migration of a new slice: follows the one that is the last now, whoever wrote it."""

import ast
from argparse import Namespace
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import rev_id

from slices import SliceError
from slices.source import Source
from slices.words import Words


def read_migrations() -> ScriptDirectory:
    """Those the service has. Raise `SliceError` if they cannot be read, or none of them is the last."""
    try:
        migrations = ScriptDirectory.from_config(Config("alembic.ini", cmd_opts=Namespace(quiet=True)))
        migrations.get_current_head()
    except Exception as error:  # CommandError, and whatever a migration raises when it is imported
        raise SliceError(f"the migrations allow no next one: {' '.join(str(error).split())}") from error
    migrations.hooks = []  # all files of the slice are formatted together
    return migrations


def write_migration(migrations: ScriptDirectory, pattern: Source, words: Words) -> Path:
    """`pattern` has the bodies of `upgrade` and `downgrade`; alembic's own template has the rest."""
    body = {
        function.name: words.rename(pattern.read(pattern.start(function.body[0]), pattern.end(function)).strip())
        for function in pattern.body
        if isinstance(function, ast.FunctionDef)
    }
    script = migrations.generate_revision(
        rev_id(),
        words.rename("some things table"),
        imports="",
        upgrades=body["upgrade"],
        downgrades=body["downgrade"],
    )
    assert script is not None
    return Path(script.path)
