"""Answers that look dangerous and must work: they arrive in every file exactly as given."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.combinations import options
from harness.rendering import copy_template, private_config, render
from running import clean_environment

PLAIN = {
    "project_name": "Plain Name",
    "project_slug": "plain-slug",
    "description": "Plain description",
    "author_name": "Plain Author",
}
TEXTS = {
    "quotes": "\"double\" 'single' \"\"\"three\"\"\" '''three''' `back`",
    "backslashes": "C:\\new\\u0041 \\\\ \\",
    "emoji": "🚀 launch 👩\u200d💻",
    "cyrillic, chinese, arabic": "\u0441\u0435\u0440 \u670d\u52a1 \u062e\u062f\u0645\u0629",
    "jinja": "{{ 7 * 7 }} {% raw %} {# not a comment #}",
    "yaml": "yes: no, [a] {b} & *c !d | > % @ # e",
    "shell": "$HOME ${HOME} $(id) %(name)s = [x]",
    "markup": "<b>bold</b> &amp; </script>",
}
READERS: dict[str, Callable[[str], Any]] = {
    ".toml": tomllib.loads,
    ".yaml": lambda text: list(yaml.safe_load_all(text)),
    ".yml": lambda text: list(yaml.safe_load_all(text)),
    ".json": json.loads,
    ".md": lambda text: text,
    ".py": lambda text: text,
}


def answer_the_prompts(template: Path, folder: Path, answers: dict[str, str]) -> Path:
    """Type the answers as a person does (on the command line, `{{` would be evaluated)."""
    folder.mkdir()
    config = private_config(folder)
    done = subprocess.run(
        [sys.executable, "-m", "cookiecutter", template, "--config-file", config],
        cwd=folder,
        env={**clean_environment(), "PYTHONUTF8": "1"},
        input="\n".join([*answers.values(), *("" for _ in options()), ""]).encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode()
    return folder / answers["project_slug"]


def contents(project: Path) -> dict[str, Any]:
    """Every file that a program or a person reads, parsed."""
    return {
        str(path.relative_to(project)): READERS[path.suffix](path.read_text("utf-8"))
        for path in sorted(project.rglob("*"))
        if path.suffix in READERS
    }


def replaced(tree: Any, old: str, new: str) -> Any:
    if isinstance(tree, dict):
        return {replaced(key, old, new): replaced(value, old, new) for key, value in tree.items()}
    if isinstance(tree, list):
        return [replaced(item, old, new) for item in tree]
    return tree.replace(old, new) if isinstance(tree, str) else tree


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("plain")
    return contents(render(copy_template(folder / "template"), PLAIN, folder))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_text_arrives_in_every_file_exactly_as_given(plain: Any, template: Path, tmp_path: Path, text: str) -> None:
    unusual = {key: f"{text} {key}" for key in PLAIN} | {"project_slug": "plain-slug"}
    unusual["description"] = text  # with nothing after it: a backslash may be the last character
    expected = plain
    for key in ("project_name", "description", "author_name"):
        assert PLAIN[key] in str(expected), f"no file holds the {key}"
        expected = replaced(expected, PLAIN[key], unusual[key])
    assert contents(answer_the_prompts(template, tmp_path / "unusual", unusual)) == expected


@pytest.mark.parametrize(
    "slug",
    [
        *("null", "true", "yes", "no", "on", "off", "y", "none"),  # words of YAML
        *("class", "import", "async", "json", "test", "site"),  # words of Python
        *("app", "tests", "docs", "domain"),  # folders of the project
        *("x", "x1", "a-1-b", "x" * 63),
    ],
)
def test_a_slug_arrives_in_every_file_exactly_as_given(plain: Any, template: Path, tmp_path: Path, slug: str) -> None:
    other = render(template, {**PLAIN, "project_slug": slug}, tmp_path)
    assert contents(other) == replaced(plain, "plain-slug", slug)
