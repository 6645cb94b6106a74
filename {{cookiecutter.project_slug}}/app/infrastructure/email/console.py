"""Shows mails instead of sending them: the default, for development."""

from app.application.user.ports import EmailMessage


class ConsoleEmailSender:
    async def send(self, message: EmailMessage) -> None:
        print(f"--- mail\nTo: {message.to}\nSubject: {message.subject}\n\n{message.body}---", flush=True)  # noqa: T201
