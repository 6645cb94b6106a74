"""Hold every bus to its contract on real brokers, and break everything at random: what `.ci/run` adds to the tests.

Prints a table of the contract suite by broker, then one line of counts for each chaos run. Needs Maven and Java
for Apache Kafka. CHAOS_FAULTS sets how many faults there are in a chaos run (20 unless told).
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from kafka_distribution import kafka_home
from running import clean_environment

TEMPLATE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TEMPLATE / "tests"))

from harness.environment import requirements_of, shared_environment  # noqa: E402 (found through the line above)
from harness.rendering import render_all  # noqa: E402

Results = dict[str, str]
BROKERS = {"memory": "memory", "Redis": "redis", "Tansu": "kafka", "Apache Kafka": "kafka"}
NOT_APPLICABLE = re.compile(r"^(test_\w+): (.+)$", re.MULTILINE)


def pytest(project: Path, python: Path, arguments: list[str], environment: Mapping[str, str]) -> str:
    command = [str(python), "-m", "pytest", "-q", *arguments]
    env = {**clean_environment(), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout[-8000:], done.stderr[-2000:])
    return done.stdout


def contract(project: Path, python: Path, environment: Mapping[str, str], report: Path) -> Results:
    """The outcome of each contract test, or why it does not apply."""
    output = pytest(project, python, ["-n", "2", "tests/chassis/contract", f"--junitxml={report}"], environment)
    results = {name: f"does not apply: {reason}" for name, reason in NOT_APPLICABLE.findall(output)}
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 (written by our own run)
        passed = case.find("failure") is None and case.find("error") is None
        name = case.attrib["name"].partition("[")[0]
        results[name] = "pass" if passed and results.get(name) != "FAIL" else "FAIL"
    return results


def show(table: Mapping[str, Results]) -> bool:
    names = sorted({name for results in table.values() for name in results})
    common = [name for name in names if sum(name in results for results in table.values()) == len(table)]
    print(f"{'contract test':96} " + " ".join(f"{broker:14}" for broker in table))
    for name in common:
        cells = [results[name].partition(":")[0] for results in table.values()]
        print(f"{name:96} " + " ".join(f"{cell:14}" for cell in cells))
    for broker, results in table.items():
        for name, result in results.items():
            if result.startswith("does not"):
                print(f"{broker}: {name} {result}")
        print(f"{broker}: {sum(r == 'pass' for r in results.values())} tests pass, those of its adapter alone included")
    return not any("FAIL" in results.values() for results in table.values())


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        projects = render_all(folder)
        python = shared_environment(requirements_of(projects.values())) / "python"
        apache = {"KAFKA_HOME": str(kafka_home())}
        table = {}
        for broker, bus in BROKERS.items():
            environment = apache if broker == "Apache Kafka" else {}
            table[broker] = contract(projects[f"dishka+{bus}"], python, environment, folder / "report.xml")
        passed = show(table)
        for bus in ("memory", "redis", "kafka"):
            environment = {**apache, "CHAOS_FAULTS": os.environ.get("CHAOS_FAULTS", "20")}
            output = pytest(
                projects[f"dishka+{bus}"], python, ["-m", "chaos", "-s", "tests/chassis/chaos"], environment
            )
            counts = [line for line in output.splitlines() if " deliveries; " in line and "lost" in line]
            for database, count in zip(("SQLite", "PostgreSQL"), counts, strict=False):
                print(f"chaos, {bus} bus on {database}: {count}", flush=True)
            passed = passed and "2 passed" in output
    print("All kept their contract; nothing was lost." if passed else "Error: see above")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
