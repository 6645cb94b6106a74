"""`cookiecutter` on the command line: what the user of the template sees when it refuses."""

import subprocess
import sys
from pathlib import Path

from harness.rendering import private_config
from running import clean_environment


def command_line(template: Path, output: Path, *answers: str) -> subprocess.CompletedProcess[str]:
    config = private_config(output.parent)
    command: list[str | Path] = [sys.executable, "-m", "cookiecutter", template, "--no-input"]
    return subprocess.run(
        [*command, "--config-file", config, "--output-dir", output, *answers],
        env=clean_environment(),
        text=True,
        capture_output=True,
        check=False,
    )


def test_a_refusal_ends_the_command_line_with_exit_code_1(template: Path, tmp_path: Path) -> None:
    done = command_line(template, tmp_path / "made", "project_slug=a/b")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert list((tmp_path / "made").iterdir()) == []


def test_an_existing_folder_is_left_alone_with_one_line(template: Path, tmp_path: Path) -> None:
    mine = tmp_path / "made" / "my-service" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", "utf-8")
    done = command_line(template, tmp_path / "made")
    assert done.returncode == 1
    assert done.stdout == f'Error: "{mine.parent}" directory already exists\n'
    assert done.stderr == ""
    assert [path.name for path in mine.parent.iterdir()] == ["mine.txt"]


def test_an_unknown_choice_names_the_choices_there_are(template: Path, tmp_path: Path) -> None:
    done = command_line(template, tmp_path / "made", "di_style=guice")
    assert done.returncode == 1
    assert "guice provided for choice variable di_style, but the choices are" in done.stderr
    assert not (tmp_path / "made").exists()
