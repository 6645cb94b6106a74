"""The service with a handler that takes its process down: for a test that starts it as a process of its own."""

import os
import signal

from fastapi import FastAPI

from app import main
from app.application.user.ports import EmailMessage, EmailSender


class DeadlyEmailSender:
    async def send(self, message: EmailMessage) -> None:
        os.kill(os.getpid(), signal.SIGKILL)  # as the system does when memory is short


def create_worker() -> FastAPI:
    return main.create_worker(overrides={EmailSender: DeadlyEmailSender()})
