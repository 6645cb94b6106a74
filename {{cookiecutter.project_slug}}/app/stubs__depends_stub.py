"""What FastAPI's Depends does not give: stand-ins for abstractions, and a scope outside of a request.

`Depends(Stub(Port))` asks for whatever is bound to `Port`. Endpoints and factories ask alike; over
HTTP FastAPI calls the stub, in a worker the scope does, and both look into the same bindings.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

from fastapi import Request, params

from app.core.exceptions import StartupError

T = TypeVar("T")
Factory = Callable[..., Awaitable[Any]]
Bindings = Mapping[type[Any], Factory]


class Stub:
    """Stands for an abstraction until a request asks for it."""

    def __init__(self, abstraction: type[Any]) -> None:
        self.abstraction = abstraction

    async def __call__(self, request: Request) -> Any:
        if not hasattr(request.state, "stub_scope"):  # one for all that the request asks for
            request.state.stub_scope = StubScope(request.app.state.container)
        return await request.state.stub_scope.get(self.abstraction)

    def __hash__(self) -> int:
        return hash(self.abstraction)  # equal stubs: FastAPI calls one of them a request

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stub) and other.abstraction is self.abstraction


class Container:
    """All bindings, checked: every factory's needs are bound, and none goes round in a circle."""

    def __init__(self, bindings: Bindings) -> None:
        self.plans = {key: (factory, needs_of(factory)) for key, factory in bindings.items()}
        for key in self.plans:
            self._check(key, ())

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["StubScope"]:
        yield StubScope(self)

    def require(self, key: type[Any], place: str) -> None:
        """Raise `StartupError` unless something is bound to `key`."""
        if key not in self.plans:
            raise StartupError(f"nothing is bound to {key.__name__}, which {place} needs: see app/containers.py")

    def _check(self, key: type[Any], path: tuple[type[Any], ...]) -> None:
        if key in path:
            circle = " -> ".join(k.__name__ for k in (*path, key))
            raise StartupError(f"bindings go round in a circle: {circle}")
        factory, needs = self.plans[key]
        for need in needs.values():
            self.require(need, f"{factory.__name__}()")
            self._check(need, (*path, key))


class StubScope:
    """Calls each factory once; what they make lives as long as the scope."""

    def __init__(self, container: Container) -> None:
        self._plans = container.plans
        self._made: dict[type[Any], Any] = {}

    async def get(self, dependency_type: type[T]) -> T:
        if dependency_type not in self._made:
            factory, needs = self._plans[dependency_type]
            arguments = {name: await self.get(need) for name, need in needs.items()}
            self._made[dependency_type] = await factory(**arguments)
        return cast(T, self._made[dependency_type])


def needs_of(factory: Factory) -> dict[str, type[Any]]:
    """The stubs a factory asks for, by parameter. Raise `StartupError` on a parameter of another kind."""
    needs = {}
    for name, parameter in inspect.signature(factory).parameters.items():
        marks = getattr(parameter.annotation, "__metadata__", ())
        stubs = [m.dependency for m in marks if isinstance(m, params.Depends) and isinstance(m.dependency, Stub)]
        if not stubs:
            raise StartupError(f"{factory.__name__}({name}) must be Annotated[..., Depends(Stub(...))]")
        needs[name] = stubs[0].abstraction
    return needs


def instance(value: object) -> Factory:
    """A factory of one object that is there already."""

    async def provide() -> object:
        return value

    return provide
