"""Generate a service, set it up, start it, register one user and follow the event to its end."""

import argparse
import json
import os
import shlex
import signal
import sqlite3
import sys
import tempfile
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from running import Running, clean_environment, free_port, http_json, settings_printed_by, wait_until

TEMPLATE = Path(__file__).resolve().parent.parent
SLUG = "demo-service"
EMAIL = "ada@example.com"


class DemoError(Exception):
    """A step did not do what it says: one line, below what the program at fault printed."""

    def __init__(self, line: str, program: Running) -> None:
        super().__init__(line)
        self.output = f"{program.stdout}\n{program.stderr}".strip()[-4000:]


def step(text: str) -> None:
    print(f"\n==> {text}", flush=True)


def run(command: list[str], cwd: Path, env: dict[str, str]) -> None:
    print(f"    $ {shlex.join(command)}", flush=True)
    with Running(command, cwd, env) as program:
        code = program.wait()
        if code != 0:
            raise DemoError(f"{shlex.join(command)} ended with exit code {code}", program)


def generate(folder: Path, di: str, bus: str, env: dict[str, str]) -> Path:
    answers = [f"project_slug={SLUG}", f"di_style={di}", f"event_bus={bus}"]
    config = folder / "cookiecutter.yaml"  # keeps the demo out of the user's replay folder
    config.write_text(f"replay_dir: {json.dumps(str(folder / 'replay'))}\n", encoding="utf-8")
    command = ["cookiecutter", str(TEMPLATE), "--no-input", "--config-file", str(config)]
    run([*command, *answers], folder, env)
    return folder / SLUG


def answer_when_ready(url: str, program: Running) -> int | None:
    if program.ended:
        raise DemoError("the service ended instead of starting", program)
    status, _ = http_json("GET", f"{url}/health/ready")
    return status if status == 200 else None


def published_row(database: Path) -> dict[str, Any] | None:
    query = "SELECT id, type, published_at FROM outbox WHERE published_at IS NOT NULL"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        row = connection.execute(query).fetchone()
    return dict(row) if row else None


def welcome_mail(program: Running) -> str | None:
    _, addressee, rest = program.stdout.partition(f"To: {EMAIL}")
    mail, end, _ = rest.partition("---")
    return f"{addressee}{mail}".strip() if end else None


def count_of_today(url: str) -> dict[str, Any] | None:
    _, answer = http_json("GET", f"{url}/api/v1/signups")
    today = datetime.now(UTC).date().isoformat()
    return next((item for item in answer["items"] if item["day"] == today), None)


def show(value: object) -> None:
    text = value if isinstance(value, str) else json.dumps(value, indent=2, default=str)
    print("\n".join(f"    {line}" for line in text.splitlines()), flush=True)


def follow_one_registration(url: str, project: Path, program: Running, worker: Running) -> None:
    wait_until(lambda: answer_when_ready(url, program), "the service is ready")
    step("Register a user over HTTP")
    status, user = http_json("POST", f"{url}/api/v1/users", {"email": EMAIL, "password": "correct horse battery"})
    if status != 201:
        raise DemoError(f"POST /api/v1/users answered {status} instead of 201: {user}", program)
    show(f"{status} {json.dumps(user)}")
    step("The event waited in the outbox, in the user's own transaction; now it is published")
    show(wait_until(lambda: published_row(project / "app.db"), "the outbox row is published"))
    step("One handler sent the welcome mail")
    show(wait_until(lambda: welcome_mail(worker), "the welcome mail is sent"))
    step("Another counted the signup: GET /api/v1/signups")
    show(wait_until(lambda: count_of_today(url), "the signup is counted"))


def serve_and_follow(bus: str, project: Path, env: dict[str, str], processes: ExitStack) -> None:
    def start(command: list[str], environment: dict[str, str]) -> Running:
        print(f"    $ {shlex.join(command)} &", flush=True)
        return processes.enter_context(Running(command, project, environment))

    if bus != "memory":
        step(f"Start a broker: a real one for the {bus} bus")
        broker = start(["make", "-s", "broker"], env)
        settings = wait_until(lambda: settings_printed_by(broker), "the broker is ready", seconds=120)
        show("\n".join(f"{name}={value}" for name, value in settings.items()))
        env = env | settings
    step("Bring its database up to date and start it")
    run(["make", "migrate"], project, env)
    port = free_port()
    program = start(["make", "run", f"PORT={port}"], env)
    worker = program if bus == "memory" else start(["make", "worker", f"WORKER_PORT={free_port()}"], env)
    try:
        follow_one_registration(f"http://127.0.0.1:{port}", project, program, worker)
    except TimeoutError as error:
        raise DemoError(str(error), worker) from None


def demo(di: str, bus: str) -> None:
    env = clean_environment()
    tools = Path(sys.executable).parent  # cookiecutter, and the uv that the project's Makefile uses
    env["PATH"] = os.pathsep.join([str(tools), env["PATH"]])
    with tempfile.TemporaryDirectory(prefix="demo-") as name:
        folder = Path(name)
        step(f"Generate a service with {di} and the {bus} bus")
        project = generate(folder, di, bus, env)
        step("Set it up")
        run(["make", "install"], project, env)
        with ExitStack() as processes:
            serve_and_follow(bus, project, env, processes)
            step("Stop it")
    print("\nDone: everything that was started is stopped, everything written is removed.")


def end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    options = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
    parser.add_argument("--di", required=True, choices=options["di_style"])
    parser.add_argument("--bus", required=True, choices=options["event_bus"])
    arguments = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    try:
        demo(arguments.di, arguments.bus)
    except DemoError as error:
        print(f"{error.output}\nError: {error}", file=sys.stderr)
        return 1
    except (OSError, RuntimeError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
