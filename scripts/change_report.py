"""Markdown that says which combinations change, and in which files; equal changes are told once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import prod

from rendered_changes import Change

Combination = dict[str, str]
Names = tuple[str, ...]


def describe(names: Names, every: Mapping[str, Combination]) -> str:
    """`event_bus` redis, kafka: the choices that these combinations share; their names where no choices say it."""
    if len(names) == len(every):
        return "every combination"
    options = next(iter(every.values()))
    shared = {option: list(dict.fromkeys(every[name][option] for name in names)) for option in options}
    if prod(len(choices) for choices in shared.values()) != len(names):
        return ", ".join(f"`{name}`" for name in names)
    offered = {option: {combination[option] for combination in every.values()} for option in options}
    said = [f"`{o}` {', '.join(choices)}" for o, choices in shared.items() if set(choices) != offered[o]]
    return " and ".join(said)


def report(title: str, every: Mapping[str, Combination], changes: Mapping[str, Sequence[Change]]) -> str:
    """`changes` of each combination that was there before; one without is new."""
    if changes.keys() == every.keys() and not any(changes.values()):
        return f"## {title}\n\nNo rendered file changes in any of the {len(every)} combinations."
    return "\n".join([f"## {title}", "", *_summary(every, changes), *_details(every, changes)])


def _summary(every: Mapping[str, Combination], changes: Mapping[str, Sequence[Change]]) -> Iterator[str]:
    groups: dict[tuple[Change, ...] | None, list[str]] = defaultdict(list)
    for name in every:
        groups[tuple(changes[name]) if name in changes else None].append(name)
    yield "| combinations | added | removed | renamed | changed | lines |"
    yield "|---|---|---|---|---|---|"
    for group, names in groups.items():
        yield f"| {describe(tuple(names), every)} | {_totals(group)} |"


def _totals(group: tuple[Change, ...] | None) -> str:
    if not group:
        return f"| | | | {'new combination' if group is None else 'no change'}"
    counts = [sum(change.status in statuses for change in group) for statuses in ("A", "D", "R", "MT")]
    added, removed = (sum(change.lines[side] for change in group if change.lines) for side in (0, 1))
    return " | ".join([*(str(count) for count in counts), f"+{added} -{removed}"])


def _details(every: Mapping[str, Combination], changes: Mapping[str, Sequence[Change]]) -> Iterator[str]:
    concerned: dict[Change, list[str]] = defaultdict(list)
    for name, changed in changes.items():
        for change in changed:
            concerned[change].append(name)
    groups: dict[Names, list[Change]] = defaultdict(list)
    for change, touched in concerned.items():
        groups[tuple(touched)].append(change)
    for names in sorted(groups, key=len, reverse=True):
        described = describe(names, every)
        yield from ["", f"### {described[0].upper()}{described[1:]}", "", "| file | |", "|---|---|"]
        yield from (f"| {_path(change)} | {_words(change)} |" for change in sorted(groups[names], key=_position))


def _position(change: Change) -> str:
    return change.path


def _path(change: Change) -> str:
    paths = [change.old_path, change.path] if change.status == "R" else [change.path]
    return " to ".join("`{}`".format(path.replace("|", "\\|")) for path in paths)


def _words(change: Change) -> str:
    kinds = {"A": "added", "D": "removed", "R": "renamed", "T": "another kind of file"}
    words = [kinds[change.status]] if change.status in kinds else []
    if change.status in "MR" and len(set(change.modes)) > 1:
        words.append("mode {} to {}".format(*change.modes))
    if change.lines is None:
        words.append("binary")
    elif any(change.lines):
        words.append("+{} -{}".format(*change.lines))
    return ", ".join(words)
