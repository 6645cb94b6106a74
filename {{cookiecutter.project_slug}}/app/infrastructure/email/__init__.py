"""Adapters of the EmailSender port."""

import logging

from pydantic import SecretStr

from app.application.user.ports import EmailSender
from app.infrastructure.email.console import ConsoleEmailSender
from app.infrastructure.email.smtp import SmtpEmailSender

logger = logging.getLogger(__name__)


def make_email_sender(smtp_url: SecretStr | None, sender: str) -> EmailSender:
    """SMTP where a server is set, else the console."""
    if smtp_url is None:
        logger.warning("SMTP_URL is not set: mails are printed, not sent")
        return ConsoleEmailSender()
    return SmtpEmailSender(smtp_url.get_secret_value(), sender)
