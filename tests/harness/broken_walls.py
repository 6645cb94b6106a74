"""Each rule of imports, broken on purpose: `lint-imports` must say which of them is."""

from harness.mutation import Break, Mutation, written

IN_WALLS = "test_every_import_keeps_to_the_rules"


def importing(file: str, what: str) -> Break:
    """The file imports one thing more."""
    return written(file, f"\n\nimport {what}  # noqa: E402, F401\n")


def wall(name: str, spoil: Break, rule: str, combination: str = "dishka+memory") -> Mutation:
    return Mutation(name, combination, spoil, IN_WALLS, f"{rule} BROKEN")


INWARDS = "Dependencies point inwards"
ALLOWED = "The inside imports only the standard library and what is allowed"
SLICES = "Slices know of each other only what is public"

BROKEN_WALLS = [
    wall(
        "interface that imports an adapter",
        importing("app/interfaces/api/bearer.py", "app.infrastructure.system"),
        INWARDS,
    ),
    wall(
        "domain that imports the application",
        importing("app/domain/user/services.py", "app.application.ports"),
        INWARDS,
    ),
    wall("module in no layer", written("app/helpers.py", "X = 1\n"), INWARDS),
    wall("domain that imports a library", importing("app/domain/user/services.py", "sqlalchemy"), ALLOWED),
    wall(
        "application that imports a library of the adapters",
        importing("app/application/user/handlers.py", "aiosmtplib"),
        ALLOWED,
    ),
    wall("core that imports the chassis", importing("app/core/scope.py", "app.chassis.context"), ALLOWED),
    wall(
        "slice that imports an aggregate of another",
        importing("app/application/token/handlers.py", "app.domain.user.entities"),
        SLICES,
    ),
    wall(
        "slice that imports a use case of another",
        importing("app/application/token/handlers.py", "app.application.user.handlers"),
        SLICES,
    ),
    wall(
        "door that imports the container",
        importing("app/__main__.py", "app.containers"),
        "Only main knows the containers",
    ),
    wall(
        "endpoint that reads a setting",
        importing("app/interfaces/api/bearer.py", "app.config"),
        "Settings are read where the service is put together",
    ),
    wall(
        "chassis that imports the domain",
        importing("app/chassis/codec.py", "app.domain.user.events"),
        "The chassis knows nothing of the business",
    ),
    wall(
        "chassis whose database imports the inbox",
        importing("app/chassis/sql/relay.py", "app.chassis.inbox.store"),
        "The chassis has layers of its own",
    ),
    wall(
        "outbox that imports the broker's client",
        importing("app/chassis/sql/outbox.py", "redis"),
        "Only the event bus and the store of tokens know Redis",
        "dishka+redis",
    ),
    wall(
        "adapter that imports the broker's client",
        importing("app/infrastructure/system.py", "aiokafka"),
        "Only the event bus knows Kafka",
        "dishka+kafka",
    ),
]
