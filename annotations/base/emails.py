"""Sending one e-mail, with one error for all that can fail."""

from email.errors import MessageError
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage


class NotificationFailed(Exception):
    """An e-mail could not be sent; the message says why."""


def send_email(subject: str, body: str, to: str) -> None:
    """Send an e-mail to one address; it waits for the mail server. Raises NotificationFailed."""
    if not settings.SENDS_EMAIL:
        raise NotificationFailed("this site cannot send e-mail because EMAIL_URL is not set")
    try:
        EmailMessage(subject=subject, body=body, to=[to]).send()
    except (OSError, SMTPException, MessageError, ValueError) as error:
        raise NotificationFailed(type(error).__name__) from error
