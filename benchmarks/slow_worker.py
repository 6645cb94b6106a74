"""A worker whose mails take 200 ms each."""

import asyncio

from app import main
from app.application.user.ports import EmailMessage, EmailSender
from fastapi import FastAPI


class SlowEmailSender:
    async def send(self, message: EmailMessage) -> None:
        await asyncio.sleep(0.2)


def create_worker() -> FastAPI:
    return main.create_worker(overrides={EmailSender: SlowEmailSender()})
