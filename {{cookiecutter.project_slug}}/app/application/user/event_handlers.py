"""What happens after something happened to a user. The table at the foot says who reacts to what."""

from app.application.ports import UnitOfWork
from app.application.user.ports import EmailMessage, EmailSender
from app.core.subscriptions import Subscription
from app.domain.user.events import UserRegistered, UserSeenElsewhere, UserSignedIn
from app.domain.user.value_objects import Email


class SendWelcomeEmail:
    """Effect outside the database: at least once. The key lets a mailbox drop a second copy."""

    def __init__(self, emails: EmailSender) -> None:
        self._emails = emails

    async def __call__(self, event: UserRegistered) -> None:
        await self._emails.send(
            EmailMessage(
                key=f"welcome-{event.user_id}",
                to=Email(event.email),
                subject="Welcome",
                body=f"Welcome, {event.email}!\n\nYour account is ready.\n",
            )
        )


class RecordSignup:
    """Effect through the unit of work: exactly once."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def __call__(self, event: UserRegistered) -> None:
        async with self._uow as uow:
            await uow.signups.add_one(event.occurred_at.date())
            await uow.commit()


class RecordLastSeen:
    """Effect through the unit of work: exactly once."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def __call__(self, event: UserSignedIn | UserSeenElsewhere) -> None:
        async with self._uow as uow:
            await uow.last_seen.note(event.user_id, event.occurred_at)
            await uow.commit()


SUBSCRIPTIONS = (
    Subscription("send-welcome-email", UserRegistered, SendWelcomeEmail, ordered=False),  # no mail waits for another
    Subscription("record-signup", UserRegistered, RecordSignup),
    Subscription("record-last-seen", UserSignedIn, RecordLastSeen),
    Subscription("record-last-seen", UserSeenElsewhere, RecordLastSeen),
)
