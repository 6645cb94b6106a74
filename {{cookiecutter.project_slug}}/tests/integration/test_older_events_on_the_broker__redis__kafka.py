"""An event that an older version of this service left on the broker is handled by the present one."""

from app.application.user.ports import EmailSender
from app.config import SERVICE, Settings
from app.infrastructure.events.bus import open_event_bus
from app.main import create_worker
from tests.database import Database
from tests.fakes import MailBox
from tests.older import REGISTERED_V1
from tests.servers.broker import own_broker
from tests.waiting import eventually


async def test_an_event_of_version_1_on_the_broker_is_handled(database: Database, mailbox: MailBox) -> None:
    with own_broker() as broker:
        values = {name.lower(): value for name, value in broker.environment.items()}
        settings = Settings.model_validate({**values, "database_url": database.url})
        async with open_event_bus(settings, SERVICE["name"]) as bus:
            await bus.publish(REGISTERED_V1)
        worker = create_worker(settings, {EmailSender: mailbox})
        async with worker.router.lifespan_context(worker):
            await eventually(lambda: [mail.to.value for mail in mailbox.mails] == ["old@example.com"], seconds=60)
    assert await database.rows("SELECT * FROM dead_letters") == []
