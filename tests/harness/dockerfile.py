"""An image without a container engine: the steps of a Dockerfile, done in a folder.

Knows the instructions that our Dockerfile uses and no others. The base image is a bare environment of the Python that
runs the tests; a stage's `/` is a folder, and always the same one, because scripts name their interpreter by its path.
"""

import json
import os
import shlex
import shutil
import sys
from pathlib import Path

from dockerfile_parse import DockerfileParser

from harness.commands import succeed
from harness.image import Image, context_of
from running import clean_environment


def build_image(project: Path, folder: Path) -> Image:
    context = context_of(project, folder / "context")
    builder = Builder(context, folder)
    with (project / "Dockerfile").open("rb") as file:
        for step in DockerfileParser(fileobj=file, env_replace=False).structure:
            if step["instruction"] != "COMMENT":
                getattr(builder, f"do_{step['instruction'].lower()}")(step["value"])
    return builder.image


class Builder:
    """One method for each instruction."""

    def __init__(self, context: Path, folder: Path) -> None:
        self._context = context
        self._folder = folder
        self._stages: dict[str, Image] = {}
        self._name = ""
        python = folder / "base"
        succeed([sys.executable, "-m", "uv", "venv", "--quiet", "--seed", "--python", sys.executable, python], folder)
        outside = {name: value for name, value in clean_environment().items() if not name.startswith("UV_PYTHON")}
        path = f"{python / 'bin'}{os.pathsep}{os.defpath}"
        self._base = Image(folder / "root", {**outside, "PATH": path})
        self.image = self._base

    def do_from(self, value: str) -> None:
        origin, _, name = value.partition(" AS ")
        if self._name:  # the last stage gives its place to the next
            self.image.root = self.image.root.rename(self._folder / f"stage-{self._name}")
            self._stages[self._name] = self.image
        before = self._stages.get(origin, self._base)
        self.image = Image(self._folder / "root", dict(before.environment), before.directory)
        if origin in self._stages:
            shutil.copytree(before.root, self.image.root, symlinks=True)
        self._name = name or "last"

    def do_workdir(self, value: str) -> None:
        self.image.directory = value
        self.image.path(".").mkdir(parents=True, exist_ok=True)

    def do_run(self, value: str) -> None:
        words = value.split(" ")
        while words[0].startswith("--mount=type=cache,"):  # the cache of this machine stands in for it
            words.pop(0)
        succeed(["sh", "-c", " ".join(words)], self.image.path("."), self.image.environment)

    def do_env(self, value: str) -> None:
        for word in shlex.split(value):
            name, _, text = word.partition("=")
            text = text.replace("$PATH", self.image.environment["PATH"])
            here = str(self.image.path("."))
            self.image.environment[name] = text.replace(f"{self.image.directory}/", f"{here}/")

    def do_copy(self, value: str) -> None:
        *sources, target = value.split()
        stage = sources.pop(0).removeprefix("--from=") if sources[0].startswith("--from=") else None
        for name in sources:
            source = self._stages[stage].path(name) if stage else self._context / name
            if source.is_dir():
                shutil.copytree(source, self.image.path(target), symlinks=True, dirs_exist_ok=True)
            else:
                destination = self.image.path(target)
                shutil.copy2(source, destination / source.name if target.endswith("/") else destination)

    def do_user(self, value: str) -> None: ...

    def do_expose(self, value: str) -> None: ...

    def do_healthcheck(self, value: str) -> None:
        self.image.health_check = json.loads(value.partition(" CMD ")[2])

    def do_cmd(self, value: str) -> None:
        self.image.command = json.loads(value)
