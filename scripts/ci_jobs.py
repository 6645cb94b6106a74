"""Print what the test workflow has to run, as outputs of a job: the jobs of `make test`, and the buses."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from harness.combinations import combinations, name_of, options


def jobs() -> list[dict[str, str]]:
    """One for each combination, one for all other tests. `only` is an expression for pytest's -k."""
    names = [name_of(combination) for combination in combinations()]
    rest = {"name": "template", "only": f"not ({' or '.join(names)})"}
    return [*({"name": name, "only": name} for name in names), rest]


if __name__ == "__main__":
    print(f"jobs={json.dumps(jobs())}")
    print(f"buses={json.dumps(options()['event_bus'])}")
