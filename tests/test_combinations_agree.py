"""What does not depend on a choice is the same, byte for byte, whatever was chosen."""

import hashlib
from fnmatch import fnmatch
from pathlib import Path

from harness.combinations import Combination, combinations, name_of

# All that may differ in Python between two choices of an option; every other file is the same.
MAY_DIFFER = {
    "di_style": [
        "app/containers.py",
        "app/interfaces/api/deps.py",
        "app/stubs.py",
        "slices/pattern/app/containers.py",
        "slices/pattern/app/interfaces/api/deps.py",
        "tests/unit/test_containers.py",
    ],
    "event_bus": [
        "app/chassis/broker/*",
        "app/infrastructure/tokens.py",
        "tests/bus.py",
        "tests/in_process_bus.py",
        "tests/chassis/contract/conftest.py",
        "tests/chassis/contract/test_*_bus.py",
        "tests/chassis/contract/test_*_certificates.py",
        "tests/chassis/contract/test_wire.py",
        "tests/chassis/servers/*",
        "tests/integration/test_broker_down.py",
        "tests/integration/conftest.py",
        "tests/integration/test_older_events_on_the_broker.py",
        "tests/integration/test_other_service.py",
        "tests/integration/test_tokens_away.py",
        "tests/integration/token_stores.py",
    ],
}


def fingerprints(project: Path, ignored: list[str]) -> dict[str, str]:
    names = {path: path.relative_to(project).as_posix() for path in project.rglob("*.py")}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path, name in sorted(names.items())
        if not any(fnmatch(name, pattern) for pattern in ignored)
    }


def may_differ(one: Combination, other: Combination) -> list[str]:
    return [name for key in one if one[key] != other[key] for name in MAY_DIFFER[key]]


def test_python_files_that_depend_on_no_choice_are_identical(
    projects: dict[str, Path], combination: Combination
) -> None:
    first = combinations()[0]
    ignored = may_differ(first, combination)
    expected = fingerprints(projects[name_of(first)], ignored)
    found = fingerprints(projects[name_of(combination)], ignored)
    assert len(found) > len(ignored)
    assert [name for name in found | expected if found.get(name) != expected.get(name)] == []
