import socket
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pydantic import SecretStr

from app.application.user.ports import EmailMessage
from app.domain.user.value_objects import Email
from app.infrastructure.email import make_email_sender
from app.infrastructure.email.console import ConsoleEmailSender

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")  # without TLS: this is loopback

MESSAGE = EmailMessage(key="welcome-7", to=Email("ada@example.com"), subject="Grüße", body="Hello, Ada!\n")


class Inbox:
    """What the server took, and whether it let the sender in."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        self.received.append(envelope.content)
        return "250 OK"


def authenticate(_: SMTP, __: Session, ___: Envelope, mechanism: str, auth: Any) -> AuthResult:
    assert isinstance(auth, LoginPassword)
    return AuthResult(success=auth == LoginPassword(b"app", b"p@ss/word"), handled=False)


@pytest.fixture
def server() -> Iterator[tuple[Inbox, int]]:
    """A real SMTP server that wants a user and a password."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    inbox = Inbox()
    controller = Controller(
        inbox, hostname="127.0.0.1", port=port, authenticator=authenticate, auth_required=True, auth_require_tls=False
    )
    controller.start()
    yield inbox, port
    controller.stop()


async def test_a_real_server_receives_the_mail(server: tuple[Inbox, int]) -> None:
    inbox, port = server
    sender = make_email_sender(SecretStr(f"smtp://app:p%40ss%2Fword@127.0.0.1:{port}"), "shop@example.com")
    await sender.send(MESSAGE)
    [content] = inbox.received
    text = content.decode()
    assert "To: ada@example.com" in text
    assert "From: shop@example.com" in text
    assert "Message-ID: <welcome-7@example.com>" in text
    assert "Hello, Ada!" in text


async def test_a_refused_login_raises_so_that_the_mail_is_tried_again(server: tuple[Inbox, int]) -> None:
    inbox, port = server
    sender = make_email_sender(SecretStr(f"smtp://app:wrong@127.0.0.1:{port}"), "shop@example.com")
    with pytest.raises(Exception, match="Authentication"):
        await sender.send(MESSAGE)
    assert inbox.received == []


async def test_without_a_server_the_mail_is_shown_on_the_console(capsys: pytest.CaptureFixture[str]) -> None:
    sender = make_email_sender(None, "shop@example.com")
    assert isinstance(sender, ConsoleEmailSender)
    await sender.send(MESSAGE)
    assert "To: ada@example.com" in capsys.readouterr().out
