"""An event that an older version of this service left on the broker is handled by the present one."""

from app.application.user.ports import EmailSender
from app.chassis.broker.bus import open_event_bus
from app.config import SERVICE, Settings
from app.main import create_worker
from tests.chassis.database import Database
from tests.chassis.servers.broker import own_broker
from tests.chassis.waiting import eventually
from tests.fakes import MailBox
from tests.older import REGISTERED_V1

PATIENCE = 60.0  # seconds


async def test_an_event_of_version_1_on_the_broker_is_handled(database: Database, mailbox: MailBox) -> None:
    async def is_done() -> bool:
        states = await database.rows("SELECT DISTINCT state FROM deliveries WHERE consumer = 'send-welcome-email'")
        return states == [(1,)]

    with own_broker() as broker:
        values = {name.lower(): value for name, value in broker.environment.items()}
        settings = Settings.model_validate({**values, "database_url": database.url, "watchdog": False})
        async with open_event_bus(settings, SERVICE["name"]) as bus:
            await bus.publish_many([REGISTERED_V1])
        worker = create_worker(settings, {EmailSender: mailbox})
        async with worker.router.lifespan_context(worker):
            await eventually(is_done, PATIENCE)
    assert [mail.to.value for mail in mailbox.mails] == ["old@example.com"]
