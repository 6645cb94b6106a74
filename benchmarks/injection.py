"""What dependency injection costs a request, in each style: CPU time as a ratio to an endpoint wired by hand.

Runs inside a rendered project (`make bench` does it for each style). (a) a handler of singletons,
(c) a handler with a unit of work of its own, both made anew. Both sides run in turns in one process, because
machines are noisy; the figure is the median of the rounds.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from app.application.registry import EVENTS, UPCASTERS
from app.application.user.dto import UserView
from app.application.user.handlers import GetUserHandler, RegisterUserHandler
from app.application.user.ports import UserReader
from app.application.user.queries import GetUserQuery
from app.chassis.codec import EventCodec
from app.chassis.sql.database import Database, open_database
from app.chassis.sql.migrating import upgrade
from app.chassis.sql.outbox import Outbox
from app.chassis.sql.revision import MACHINE
from app.config import Settings
from app.containers import install, open_container
from app.infrastructure.db.tables import HISTORY
from app.infrastructure.db.unit_of_work import SqlUnitOfWork
from app.infrastructure.system import Argon2PasswordHasher, SystemClock, Uuid7Generator
from app.interfaces.api.deps import GetUser, InjectedRoute, RegisterUser
from fastapi import APIRouter, FastAPI

ROUNDS, REQUESTS = int(os.environ.get("BENCH_ROUNDS", "25")), 400
USER = UserView(UUID(int=1), "ada@example.com", datetime.now(UTC), last_seen_at=None)


class Reader:
    async def by_id(self, user_id: UUID) -> UserView | None:
        return USER


def injected() -> APIRouter:
    router = APIRouter(route_class=InjectedRoute)

    @router.get("/a")
    async def a(get: GetUser) -> dict[str, str]:
        return {"r": (await get(GetUserQuery(USER.id))).email}

    @router.get("/c")
    async def c(register: RegisterUser) -> dict[str, str]:
        return {"r": type(register).__name__}

    return router


def by_hand(database: Database) -> APIRouter:
    router, get = APIRouter(), GetUserHandler(Reader())
    outbox = Outbox(database, EventCodec(EVENTS, UPCASTERS, "bench"))
    hasher, ids, clock = Argon2PasswordHasher(), Uuid7Generator(), SystemClock()

    @router.get("/a")
    async def a() -> dict[str, str]:
        return {"r": (await get(GetUserQuery(USER.id))).email}

    @router.get("/c")
    async def c() -> dict[str, str]:
        register = RegisterUserHandler(SqlUnitOfWork(database, outbox), hasher, ids, clock)
        return {"r": type(register).__name__}

    return router


async def cpu(app: FastAPI, path: str) -> float:
    answered = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal answered
        answered += message.get("status") == 200

    start = time.process_time()
    for _ in range(REQUESTS):
        scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [], "state": {}}
        await app({**scope, "root_path": ""}, receive, send)
    assert answered == REQUESTS
    return time.process_time() - start


async def main(style: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/app.db"
        await asyncio.to_thread(upgrade, url, (MACHINE, HISTORY))
        hand, app = FastAPI(), FastAPI()
        settings, fakes = Settings(database_url=url), {UserReader: Reader()}
        async with open_database(settings, "bench", HISTORY) as database, open_container(settings, fakes) as container:
            hand.include_router(by_hand(database))
            app.include_router(injected())
            install(app, container)
            for path in ("/a", "/c"):
                ratios = [await ratio(app, hand, path) for _ in range(ROUNDS)]
                print(f"{style:20} ({path[1:]}) {statistics.median(ratios):.2f}", flush=True)


async def ratio(app: FastAPI, hand: FastAPI, path: str) -> float:
    before, taken, after = await cpu(hand, path), await cpu(app, path), await cpu(hand, path)
    return 2 * taken / (before + after)


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    asyncio.run(main(sys.argv[1]))
