"""Mail through the company's own server (``[mail]``): sent to all its readers or to nobody."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid, parseaddr

from data.config import Mail
from data.errors import MailError

PASSWORD = "SCORECARD_SMTP_PASSWORD"
PATIENCE_SECONDS = 30


def check_address(address: str) -> str:
    """An address that mail can go to. Raises ``MailError``."""
    name, plain = parseaddr(address)
    local, _, domain = plain.rpartition("@")
    sound = plain == address and not name and local and domain and plain.isprintable()
    if not sound or " " in plain or "," in plain:
        raise MailError(f"{address[:80]!r} is not an e-mail address.", remedy="Write ann@firm.com.")
    return plain


def compose(
    mail: Mail, to: Sequence[str], subject: str, *, text: str, page: str, files: dict[str, bytes]
) -> EmailMessage:
    """A mail with its text as HTML (``page``) and plain, and PDF ``files`` by name."""
    message = EmailMessage()
    message["Subject"] = " ".join(subject.split())
    message["From"] = mail.sender
    message["To"] = ", ".join(check_address(address) for address in to)
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = make_msgid(domain=mail.sender.rpartition("@")[2].strip(">"))
    message.set_content(text)
    message.add_alternative(page, subtype="html")
    for name, content in files.items():
        message.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    return message


def check_settings(mail: Mail) -> None:
    """Raises ``MailError`` where there is no server to send through, or no password for it."""
    if not mail.host or not mail.sender:
        raise MailError(
            "No mail server is configured.", remedy="Set host and sender in [mail], or use --out."
        )
    if mail.user and not os.environ.get(PASSWORD):
        raise MailError(f"[mail] names the user {mail.user!r}, and {PASSWORD} is not set.")


def send(mail: Mail, message: EmailMessage) -> None:
    """Hand a mail over, once for all its readers.

    Raises ``MailError`` in words; when the server refuses any reader, nobody gets it.
    """
    check_settings(mail)
    try:
        with smtplib.SMTP(mail.host, mail.port, timeout=PATIENCE_SECONDS) as server:
            _hand_over(server, mail, message)
    except smtplib.SMTPException as error:
        raise MailError(
            f"{mail.host}:{mail.port} did not take the mail: {_said(error)}."
        ) from error
    except OSError as error:
        raise MailError(
            f"{mail.host}:{mail.port} cannot be reached: {error}.", remedy="Nothing was sent."
        ) from error


def _hand_over(server: smtplib.SMTP, mail: Mail, message: EmailMessage) -> None:
    if mail.starttls:
        server.starttls(context=ssl.create_default_context())
    if mail.user:
        server.login(mail.user, os.environ[PASSWORD])
    # Reader by reader: smtplib's own would send to the rest when one is refused.
    server.ehlo_or_helo_if_needed()
    sender = parseaddr(mail.sender)[1]
    code, reply = server.mail(sender)
    if code != 250:
        raise smtplib.SMTPSenderRefused(code, reply, sender)
    for address in str(message["To"]).split(", "):
        code, reply = server.rcpt(address)
        if code not in (250, 251):
            server.rset()
            refused = reply.decode("utf-8", "replace")
            raise MailError(f"The mail server refuses {address}: {refused}. Nothing was sent.")
    code, reply = server.data(message.as_bytes(policy=SMTP))
    if code != 250:
        raise smtplib.SMTPDataError(code, reply)


def _said(error: smtplib.SMTPException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        return f"{error.smtp_code} {text}"
    return str(error).rstrip(".")
