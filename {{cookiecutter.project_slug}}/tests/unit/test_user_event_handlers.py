from datetime import timedelta
from uuid import UUID

from app.application.user.event_handlers import RecordLastSeen, RecordSignup, SendWelcomeEmail
from app.domain.user.entities import User
from app.domain.user.events import UserRegistered, UserSeenElsewhere, UserSignedIn
from app.domain.user.value_objects import Email
from tests.fakes import NOON, FakeUnitOfWork, MailBox

EVENT = UserRegistered(channel="api", user_id=UUID(int=7), email="ada@example.com", occurred_at=NOON)


async def test_welcome_mail_goes_to_the_new_user() -> None:
    mailbox = MailBox()
    await SendWelcomeEmail(mailbox)(EVENT)
    [mail] = mailbox.mails
    assert mail.to.value == "ada@example.com"
    assert "Welcome" in mail.subject


async def test_a_repeated_welcome_mail_has_the_same_key() -> None:
    mailbox = MailBox()
    for _ in range(2):
        await SendWelcomeEmail(mailbox)(EVENT)
    assert mailbox.mails[0].key == mailbox.mails[1].key


async def test_a_signup_counts_on_the_day_it_happened() -> None:
    uow = FakeUnitOfWork()
    await RecordSignup(uow)(EVENT)
    assert uow.signups.committed == {NOON.date(): 1}
    assert uow.commits == 1


async def test_a_user_was_last_seen_here_or_elsewhere_whichever_was_later() -> None:
    uow, ada = FakeUnitOfWork(), UUID(int=7)
    uow.users.committed[ada] = User(id=ada, email=Email("ada@example.com"), password_hash="x", registered_at=NOON)
    later = NOON + timedelta(hours=1)
    await RecordLastSeen(uow)(UserSeenElsewhere(user_id=ada, occurred_at=later))
    await RecordLastSeen(uow)(UserSignedIn(user_id=ada, occurred_at=NOON))
    assert uow.last_seen.committed == {ada: later}
