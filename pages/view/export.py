"""Files to keep: every download of the app goes through here, and into the audit log."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from data.audit import DetailValue, Event, person, record
from data.errors import AccountError
from pages.view import auth

HELP = "Text that a spreadsheet would run as a formula is kept from it by an apostrophe."


def show_download(
    make: Callable[[], bytes],
    *,
    file_name: str,
    key: str,
    what: Mapping[str, DetailValue],
    label: str = "Download as CSV",
    mime: str = "text/csv",
) -> None:
    """A button for a file that is made once it is asked for.

    ``what`` describes it for the audit log: the metric, the period, how many rows; no personal
    data. The file is handed over when it is logged and not before; without that, or when the
    session has ended in the meantime, the button says that there is no file.
    """
    st.download_button(
        label,
        data=_logged(make, file_name, dict(what)),
        file_name=file_name,
        mime=mime,
        key=key,
        help=HELP,
        on_click="ignore",
    )


def _logged(
    make: Callable[[], bytes], file_name: str, what: dict[str, DetailValue]
) -> Callable[[], bytes]:
    # Asked for outside any run, where nobody's session is at hand: it is looked up now.
    session = auth.current_session()

    def run() -> bytes:
        if session is None or not auth.is_on(session):
            raise AccountError("The session has ended.", remedy="Sign in again.")
        made = make()
        record(Event.EXPORT, by=person(session.username), about=file_name, detail=what)
        return made

    return run
