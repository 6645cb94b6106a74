"""The machine of one process, put together for the sample: what containers and main do for a service."""

from collections.abc import Iterable, Sequence

from app.chassis.codec import EventCodec
from app.chassis.machine import Machine
from app.chassis.settings import ChassisSettings
from app.chassis.sql.database import Database
from app.chassis.sql.outbox import Outbox
from app.core.subscriptions import Subscription
from app.core.translations import Translation
from tests.chassis import sample
from tests.chassis.local_bus import LocalBus

SERVICE = "sample"


class SampleMachine(Machine):
    """The machine with the bus of the tests."""

    bus: LocalBus


def make_machine(
    settings: ChassisSettings,
    database: Database,
    subscriptions: Iterable[Subscription],
    handlers: Sequence[object],
    bus: LocalBus | None = None,
    translations: Iterable[Translation] = (),
    codec: EventCodec = sample.CODEC,
) -> SampleMachine:
    """A handler that is given as a class is made with the database and the outbox."""
    outbox = Outbox(database, codec)
    objects = (each(database, outbox) if isinstance(each, type) else each for each in handlers)
    container = sample.Objects(*objects)
    return SampleMachine(settings, database, outbox, bus or LocalBus(), codec, container, subscriptions, translations)
