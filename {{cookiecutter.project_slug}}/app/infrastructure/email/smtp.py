"""Sends mails through an SMTP server."""

from email.headerregistry import Address
from email.message import EmailMessage as MimeMessage
from email.utils import localtime
from urllib.parse import unquote, urlsplit

import aiosmtplib

from app.application.user.ports import EmailMessage
from app.core.exceptions import PermanentError

TIMEOUT = 10.0  # seconds; an event handler is tried again later
PERMANENT = 500  # replies from here on are final


class SmtpEmailSender:
    """`url` is `smtp://` (STARTTLS where the server offers it) or `smtps://`, with or without user and password."""

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self._sender = sender
        self._host = parts.hostname
        self._use_tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._use_tls else 587)
        local = self._host in ("localhost", "127.0.0.1", "::1")
        # A password leaves this machine only encrypted; else TLS is used where the server offers it.
        self._start_tls = True if parts.username and not local and not self._use_tls else None
        self._username = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None

    async def send(self, message: EmailMessage) -> None:
        """Raise `PermanentError` if the server refuses the address for good (RFC 5321 section 4.2.1: 5yz)."""
        mime = MimeMessage()
        mime["From"] = self._sender
        mime["To"] = Address(addr_spec=message.to.value)
        mime["Date"] = localtime()
        mime["Subject"] = message.subject
        mime["Message-ID"] = f"<{message.key}@{self._sender.rpartition('@')[2]}>"
        mime.set_content(message.body)
        try:
            await aiosmtplib.send(
                mime,
                recipients=[message.to.value],
                hostname=self._host,
                port=self._port,
                username=self._username,
                password=self._password,
                use_tls=self._use_tls,
                start_tls=self._start_tls,
                timeout=TIMEOUT,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            if any(refusal.code >= PERMANENT for refusal in error.recipients):
                raise PermanentError("the mail server refuses the address") from error
            raise
