"""The template's own workflows."""

import json
import subprocess
import sys
from pathlib import Path

import yaml

from harness.combinations import TEMPLATE, Combination, combinations, name_of
from harness.linters import lint_workflows, pins_of


def test_actionlint_and_zizmor_find_nothing_in_the_workflows_of_the_template() -> None:
    lint_workflows(TEMPLATE)


def test_an_action_has_one_pin_in_all_workflows() -> None:
    pins = pins_of(TEMPLATE)
    assert len(pins) == len({action for action, _ in pins}) > 1


def test_the_jobs_of_the_workflow_select_every_test_of_every_combination() -> None:
    done = subprocess.run([sys.executable, TEMPLATE / "scripts" / "ci_jobs.py"], capture_output=True, check=True)
    outputs = dict(line.split("=", 1) for line in done.stdout.decode().splitlines())
    *chosen, rest = json.loads(outputs["jobs"])
    names = [name_of(combination) for combination in combinations()]
    assert [job["only"] for job in chosen] == names
    assert rest["only"] == f"not ({' or '.join(names)})"
    assert json.loads(outputs["buses"]) == list(dict.fromkeys(one["event_bus"] for one in combinations()))


def test_the_servers_of_the_workflow_are_those_of_the_generated_projects(
    projects: dict[str, Path], combination: Combination
) -> None:
    workflow = yaml.safe_load((TEMPLATE / ".github" / "workflows" / "test.yml").read_text("utf-8"))
    compose = yaml.safe_load((projects[name_of(combination)] / "compose.yaml").read_text("utf-8"))
    tested = {name: service["image"] for name, service in workflow["jobs"]["test"]["services"].items()}
    used = {name: service["image"] for name, service in compose["services"].items() if "image" in service}
    assert used.items() <= tested.items()
