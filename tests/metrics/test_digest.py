"""``python -m metrics digest``: into files, and through a real SMTP server on loopback."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pypdf
import pytest
from aiosmtpd.controller import Controller

from data import mail
from data.config import Mail
from data.errors import MailError
from data.warehouse import open_warehouse
from metrics.__main__ import main
from metrics.cli import digest
from pages.view.request import read_bounds
from pages.view.state import parse
from tests.build import fill
from tests.metrics.report.taken_away import MailPage, pdf_text, squeezed
from tests.metrics.test_scorecard import CONFIG, rows

REFUSED = "nobody@firm.test"


class Server:
    """A server that keeps what it is given and refuses one address."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], EmailMessage]] = []
        self.fails = False

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if address == REFUSED:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.fails:
            return "554 mailbox full"
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append((envelope.rcpt_tos, message))
        return "250 OK"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> str:
    url = f"duckdb:///{tmp_path_factory.mktemp('digest') / 'board.duckdb'}"
    fill(url, rows(), CONFIG)
    return url


@pytest.fixture
def smtp(filled, company) -> Iterator[SimpleNamespace]:
    """A server, and the company whose mail goes through it."""
    handler, port = Server(), _free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    company(filled, _config(port))
    yield SimpleNamespace(handler=handler, port=port)
    controller.stop()


def _config(port: int) -> str:
    return f"""{CONFIG}
[links]
app_url = "https://scorecard.test/app/"
[mail]
host = "127.0.0.1"
port = {port}
sender = "Scorecard <scorecard@firm.test>"
starttls = false
"""


def test_a_digest_arrives_whole_with_both_parts_and_is_the_region_s_alone(smtp, capsys, tmp_path):
    readers = ["ann@firm.test", "bo@firm.test"]
    code = main(
        [
            *("digest", "--review", "weekly", "--to", readers[0], "--to", readers[1]),
            *(
                "--as-of",
                "2026-08-24T15:00Z",
                "--where",
                "region=EMEA",
                "--out",
                str(tmp_path / "out"),
            ),
        ]
    )
    assert (code, capsys.readouterr().err) == (0, "")
    ((reached, message),) = smtp.handler.taken
    assert reached == readers
    assert message["To"] == ", ".join(readers)
    assert message["From"] == "Scorecard <scorecard@firm.test>"
    assert message["Subject"].startswith("Weekly review, Week ")
    assert message["Subject"].endswith("– Board & Sons")

    page, text = message.get_body(("html",)), message.get_body(("plain",))
    assert page is not None
    assert text is not None
    read = MailPage(page.get_content())
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "weekly-review.pdf"
    pdf = attached.get_content()
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) >= 1
    written = tmp_path / "out"
    assert (written / "weekly-review.pdf").read_bytes() == pdf
    assert sorted(path.name for path in written.iterdir()) == [
        "weekly-review.html",
        "weekly-review.pdf",
    ]

    # Half of every week's 40 MQLs are EMEA's (every second lead); the rest does not exist here.
    table = read.text[read.text.index("\nMarketing") :]
    assert table[: table.index("Cost per")].split("MQLs")[1].split()[0] == "20"
    assert "region EMEA" in read.text
    assert squeezed("region EMEA") in squeezed(pdf_text(pdf))
    assert read.text.index("Needs the room") < read.text.index("Goals")
    assert "MQLs: 20" in text.get_content()

    # The weekly agenda looks at the pipeline ahead, whatever is an exception.
    assert read.text.rindex("\nPipeline coverage") > read.text.index("\nSales cycle")

    (link,) = read.links
    parts = urlsplit(link)
    assert (parts.netloc, parts.path) == ("scorecard.test", "/app/scorecard")
    view, notices = parse(parse_qs(parts.query), read_bounds(open_warehouse()))
    assert notices == ()
    assert view.filters == (("region", ("EMEA",)),)
    assert view.period.label in message["Subject"]


def message_to(settings: Mail, *readers: str) -> EmailMessage:
    return mail.compose(settings, readers, "a\nb", text="t", page="<p>", files={})


def test_when_one_reader_is_refused_nobody_gets_the_mail(smtp):
    settings = Mail(host="127.0.0.1", port=smtp.port, sender="s@firm.test", starttls=False)
    with pytest.raises(MailError, match=f"refuses {REFUSED}: no such mailbox. Nothing was sent"):
        mail.send(settings, message_to(settings, "ann@firm.test", REFUSED))
    assert smtp.handler.taken == []
    mail.send(settings, message_to(settings, "ann@firm.test"))
    assert [reached for reached, _ in smtp.handler.taken] == [["ann@firm.test"]]


def test_what_goes_wrong_on_the_way_is_told_in_words(smtp, monkeypatch):
    settings = Mail(host="127.0.0.1", port=smtp.port, sender="s@firm.test", starttls=False)
    message = message_to(settings, "ann@firm.test")
    assert message["Subject"] == "a b"  # a header is one line
    smtp.handler.fails = True
    with pytest.raises(MailError, match="did not take the mail: 554 mailbox full"):
        mail.send(settings, message)
    with pytest.raises(MailError, match="did not take the mail: STARTTLS"):
        mail.send(settings.model_copy(update={"starttls": True}), message)
    closed = settings.model_copy(update={"port": _free_port()})
    with pytest.raises(MailError, match=r"cannot be reached.*Nothing was sent"):
        mail.send(closed, message)
    monkeypatch.delenv(mail.PASSWORD, raising=False)
    with pytest.raises(MailError, match="SCORECARD_SMTP_PASSWORD is not set"):
        mail.send(settings.model_copy(update={"user": "robot"}), message)
    assert smtp.handler.taken == []


@pytest.mark.parametrize(
    "address", ["ann", "a@b.test, c@d.test", "Ann <a@b.test>", "a@b.test\nBcc: x@y.test", "@b", ""]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(MailError, match="is not an e-mail address"):
        mail.check_address(address)


def test_without_a_place_or_a_server_a_digest_says_so(filled, company, capsys, tmp_path):
    company(filled, CONFIG)
    assert main(["digest", "--review", "weekly"]) == 1
    assert "Give --out DIR or --to ADDRESS" in capsys.readouterr().err
    assert main(["digest", "--review", "weekly", "--to", "ann@firm.test"]) == 1
    assert "Set host and sender in [mail]" in capsys.readouterr().err
    taken = tmp_path / "a-file"
    taken.write_text("x", encoding="utf-8")
    with pytest.raises(MailError, match="cannot be written to"):
        digest._write(taken, {"a": b""})
