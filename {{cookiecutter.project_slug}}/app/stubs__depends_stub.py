"""What FastAPI's Depends does not give: stand-ins for abstractions, and a scope outside of a request.

`Depends(Stub(Port))` asks for whatever is bound to `Port`. Endpoints and factories ask alike; over
HTTP FastAPI calls the stub, in a worker the scope does, and both look into the same bindings.
"""

import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar, cast

from fastapi import FastAPI, Request, params

from app.core.exceptions import StartupError

T = TypeVar("T")
Factory = Callable[..., Any]  # an async function, or an async generator
Bindings = Mapping[type[Any], Factory]
Plans = Mapping[type[Any], tuple[Factory, Mapping[str, type[Any]]]]


class Stub:
    """Stands for an abstraction until a request asks for it."""

    def __init__(self, abstraction: type[Any]) -> None:
        self.abstraction = abstraction

    async def __call__(self, request: Request) -> Any:
        if not hasattr(request.state, "stub_scope"):  # one for all that the request asks for
            request.state.stub_scope = request.app.state.container.make_scope()
        return await request.state.stub_scope.get(self.abstraction)

    def __hash__(self) -> int:
        return hash(self.abstraction)  # equal stubs: FastAPI calls one of them a request

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stub) and other.abstraction is self.abstraction


class StubScope:
    """Calls each factory once; what they make lives as long as the scope."""

    def __init__(self, plans: Plans, made: Mapping[type[Any], Any]) -> None:
        self._plans = plans
        self._made = dict(made)

    async def get(self, dependency_type: type[T]) -> T:
        if dependency_type not in self._made:
            factory, needs = self._plans[dependency_type]
            arguments = {name: await self.get(need) for name, need in needs.items()}
            self._made[dependency_type] = await factory(**arguments)
        return cast(T, self._made[dependency_type])


class Container:
    """All bindings. What `singletons` make lives as long as the process, what `factories` make as long as a scope.

    A factory is an async function. That of a singleton may `yield` instead, and then close what it made.
    """

    def __init__(self, singletons: Bindings, factories: Bindings) -> None:
        self._plans = {key: (factory, needs_of(factory)) for key, factory in {**singletons, **factories}.items()}
        self._singletons = list(singletons)
        self._instances: dict[type[Any], Any] = {}
        self._app: FastAPI | None = None

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[StubScope]:
        yield self.make_scope()

    def make_scope(self) -> StubScope:
        fakes = _fakes(self._app)
        if not fakes:
            return StubScope(self._plans, self._instances)
        made = {key: value for key, value in self._instances.items() if key not in fakes}
        return StubScope({**self._plans, **{key: (fake, needs_of(fake)) for key, fake in fakes.items()}}, made)

    def override(self, key: type[Any], value: object) -> None:
        """Let `value` stand for what is bound to `key`."""
        self._require_overridable(key)
        self._plans[key] = (instance(value), {})
        self._singletons.append(key)

    def require(self, key: type[Any], place: str) -> None:
        """Raise `StartupError` unless something is bound to `key`."""
        if key not in self._plans:
            raise StartupError(f"nothing is bound to {key.__name__}, which {place} needs: see app/containers.py")

    def check(self) -> None:
        """Raise `StartupError` unless all that factories need is bound, is free of cycles, and lives long enough."""
        for key in self._plans:
            self._check(key, ())

    async def open(self, stack: AsyncExitStack) -> None:
        """Make all singletons; `stack` closes them, last made first."""
        for key in self._singletons:
            await self._open(key, stack)

    def serve(self, app: FastAPI) -> None:
        """Deliver to the endpoints of `app`. An `app.dependency_overrides[Stub(Port)]` reaches whoever needs the port,
        but for what was made at the start.
        """
        for key in _fakes(app):
            self._require_overridable(key)
        app.state.container = self
        self._app = app

    def _check(self, key: type[Any], path: tuple[type[Any], ...]) -> None:
        if key in path:
            circle = " -> ".join(k.__name__ for k in (*path, key))
            raise StartupError(f"bindings go round in a circle: {circle}")
        factory, needs = self._plans[key]
        if inspect.isasyncgenfunction(factory) and key not in self._singletons:
            raise StartupError(f"{factory.__name__}() must return: only what lives as long as the process may yield")
        for name, need in needs.items():
            self.require(need, f"{factory.__name__}()")
            if key in self._singletons and need not in self._singletons:
                raise StartupError(f"{factory.__name__}() outlives the {name} that it needs: see app/containers.py")
            self._check(need, (*path, key))

    def _require_overridable(self, key: type[Any]) -> None:
        if key not in self._plans:
            raise StartupError(f"cannot override {key.__name__}: nothing is bound to it, see app/containers.py")

    async def _open(self, key: type[Any], stack: AsyncExitStack) -> Any:
        if key not in self._instances:
            factory, needs = self._plans[key]
            arguments = {name: await self._open(need, stack) for name, need in needs.items()}
            if inspect.isasyncgenfunction(factory):
                made = await stack.enter_async_context(asynccontextmanager(factory)(**arguments))
            else:
                made = await factory(**arguments)
            self._instances[key] = made
        return self._instances[key]


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


def _fakes(app: FastAPI | None) -> dict[type[Any], Factory]:
    overrides = app.dependency_overrides if app else {}
    return {stub.abstraction: fake for stub, fake in overrides.items() if isinstance(stub, Stub)}
