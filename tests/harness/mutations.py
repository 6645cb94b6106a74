"""Projects broken on purpose, but for the walls between their packages: see broken_walls.py."""

from harness.mutation import Mutation, renamed, replaced

USER = "app/domain/user"
TRANSACTION = "app/chassis/sql/unit_of_work.py"
RELAY = "app/chassis/sql/relay.py"
HANDLERS = "app/application/user/event_handlers.py"
CONTAINERS = "app/containers.py"
PUBLISH = "            await self._bus.publish_many([event for _, event in batch])\n"
MARK = "            await self._outbox.mark_published([number for number, _ in batch])\n"
STORE = "        for repository in self._repositories:\n            await repository.store()\n"
ONLY_ONCE = "        deliveries.c.state == WAITING,\n"

MUTATIONS = [
    Mutation(
        "dependency that nothing uses",
        "dependency-injector+kafka",
        replaced("pyproject.toml", '    "fastapi>', '    "orjson>=3",\n    "fastapi>'),
        "test_every_dependency_is_declared_and_used",
        "'orjson' defined as a dependency but not used",
    ),
    Mutation(
        "dependency of another choice",
        "dishka+memory",
        replaced("pyproject.toml", '    "fastapi>', '    "redis>=8",\n    "fastapi>'),
        "test_nothing_tells_of_a_choice_that_was_not_made",
        "('pyproject.toml', 'redis')",
    ),
    Mutation(
        "import that no dependency declares",
        "dishka+memory",
        replaced("app/infrastructure/system.py", "from datetime", "import attrs  # noqa: F401\nfrom datetime"),
        "test_every_dependency_is_declared_and_used",
        "'attrs' imported but",
    ),
    Mutation(
        "variant that was not settled",
        "dependency-injector+redis",
        renamed("app/infrastructure/tokens.py", "app/infrastructure/tokens__redis.py"),
        "test_no_path_carries_the_suffix_of_a_variant",
        "tokens__redis.py",
    ),
    Mutation(
        "unformatted file",
        "depends-stub+redis",
        replaced("app/core/scope.py", "from typing", "x  =  1\nfrom typing"),
        "test_ruff_would_format_nothing",
        "1 file would be reformatted",
    ),
    Mutation(
        "print left behind",
        "dishka+kafka",
        replaced("app/main.py", "def create_app(", "print('here')\n\n\ndef create_app("),
        "test_ruff_finds_nothing",
        "T201",
    ),
    Mutation(
        "wrong type",
        "dishka+memory",
        replaced(f"{USER}/entities.py", "registered_at=now)", "registered_at=str(now))"),
        "test_mypy_is_content_in_strict_mode",
        'has incompatible type "str"; expected "datetime"',
    ),
    Mutation(
        "template syntax left over",
        "dishka+memory",
        replaced("README.md", "# My Service", "# {{ cookiecutter.project_name }}"),
        "test_no_template_syntax_is_left_over",
        "README.md",
    ),
    Mutation(
        "empty folder",
        "dishka+memory",
        lambda project: (project / "app" / "extras").mkdir(),
        "test_no_folder_is_empty",
        "extras",
    ),
    Mutation(
        "domain that depends on the DI style",
        "depends-stub+memory",
        replaced(f"{USER}/entities.py", "A person who may sign in", "A person"),
        "test_python_files_that_depend_on_no_choice_are_identical",
        "app/domain/user/entities.py",
    ),
    Mutation(
        "binding removed in dishka",
        "dishka+memory",
        replaced(CONTAINERS, "    record_signup = provide(RecordSignup)\n", ""),
        "tests/integration/test_users_api.py",
        "nothing is bound to RecordSignup",
    ),
    Mutation(
        "binding removed in dependency-injector",
        "dependency-injector+memory",
        replaced(CONTAINERS, "    record_signup = providers.ContextLocalSingleton(RecordSignup, uow=uow)\n", ""),
        "tests/integration/test_users_api.py",
        "nothing is bound to RecordSignup",
    ),
    Mutation(
        "binding removed in depends-stub",
        "depends-stub+memory",
        replaced(CONTAINERS, "    RecordSignup: record_signup,\n", ""),
        "tests/integration/test_users_api.py",
        "nothing is bound to RecordSignup",
    ),
    Mutation(
        "handler whose mail is another each time",
        "dishka+memory",
        replaced(HANDLERS, 'f"welcome-{event.user_id}"', "f\"welcome-{__import__('uuid').uuid4()}\""),
        "tests/unit/test_user_event_handlers.py",
        "test_a_repeated_welcome_mail_has_the_same_key",
    ),
    Mutation(
        "handler that counts twice",
        "dishka+memory",
        replaced("app/chassis/sql/delivery.py", ONLY_ONCE, ""),
        "tests/chassis/test_unit_of_work.py",
        "test_a_delivery_that_is_settled_already_rolls_everything_back",
    ),
    Mutation(
        "commit that forgets what was changed",
        "dishka+memory",
        replaced(TRANSACTION, STORE, ""),
        "tests/integration/test_unit_of_work.py",
        "test_what_is_changed_between_add_and_commit_is_stored",
    ),
    Mutation(
        "relay that marks before it publishes",
        "dishka+memory",
        replaced(RELAY, PUBLISH + MARK, MARK + PUBLISH),
        "tests/chassis/test_relay.py",
        "test_a_bus_that_is_away_costs_no_event_and_no_order",
    ),
    Mutation(
        "error that tells its text",
        "dishka+memory",
        replaced("app/chassis/web/errors.py", 'detail="The request is not valid."', "detail=str(error)"),
        "tests/chassis/test_errors.py",
        "test_returns_422_that_says_where_but_quotes_no_input",
    ),
]
