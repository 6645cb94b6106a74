"""Adapters of the EmailSender port."""

from pydantic import SecretStr

from app.application.user.ports import EmailSender
from app.infrastructure.email.console import ConsoleEmailSender
from app.infrastructure.email.smtp import SmtpEmailSender


def make_email_sender(smtp_url: SecretStr | None, sender: str) -> EmailSender:
    """SMTP where a server is set, else the console."""
    return ConsoleEmailSender() if smtp_url is None else SmtpEmailSender(smtp_url.get_secret_value(), sender)
