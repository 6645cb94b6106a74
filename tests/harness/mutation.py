"""Projects broken on purpose, each with the check that must notice: a check that cannot fail is none."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Break = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Mutation:
    """`check` is the name of a test function, or of a test file of the project itself, whose failure must say `cry`."""

    name: str
    combination: str
    spoil: Break
    check: str
    cry: str

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


def replaced(file: str, old: str, new: str) -> Break:
    """Fails where there is nothing to replace: such a mutation would prove nothing."""

    def spoil(project: Path) -> None:
        path = project / file
        text = path.read_text("utf-8")
        assert old in text, f"{file} has no {old!r} any more"
        path.write_text(text.replace(old, new, 1), "utf-8")

    return spoil


def renamed(old: str, new: str) -> Break:
    def spoil(project: Path) -> None:
        (project / old).rename(project / new)

    return spoil


def written(file: str, text: str) -> Break:
    """At the end of a file, new or not."""

    def spoil(project: Path) -> None:
        with (project / file).open("a", encoding="utf-8") as opened:
            opened.write(text)

    return spoil
