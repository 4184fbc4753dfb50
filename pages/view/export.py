"""Files to keep: every download of the app goes through here, and into the audit log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from data import users
from data.audit import DetailValue, Event, person, record
from data.errors import AccountError
from pages.view import auth, sso
from pages.view.auth import Viewer

HELP = "Text that a spreadsheet would run as a formula is kept from it by an apostrophe."


def show_download(
    make: Callable[[], bytes],
    *,
    viewer: Viewer,
    file_name: str,
    key: str,
    what: Mapping[str, DetailValue],
    label: str = "Download as CSV",
    mime: str = "text/csv",
    about: str | None = HELP,
) -> None:
    """A button for a file that is made once it is asked for.

    ``what`` describes it for the audit log: the metric, the period, how many rows; no personal
    data. The file is handed over when it is logged and not before; without that, or when the
    session has ended or ``viewer`` may see something else in the meantime, the button says that
    there is no file.
    """
    st.download_button(
        label,
        data=_logged(make, viewer, file_name, dict(what)),
        file_name=file_name,
        mime=mime,
        key=key,
        help=about,
        on_click="ignore",
    )


def _logged(
    make: Callable[[], bytes], viewer: Viewer, file_name: str, what: dict[str, DetailValue]
) -> Callable[[], bytes]:
    # Asked for outside any run, where nobody's session is at hand: it is looked up now.
    session = current_session(viewer)

    def run() -> bytes:
        if session is None or not is_still(session, viewer):
            raise AccountError("The session has ended or sees something else now.")
        made = make()
        record(Event.EXPORT, by=person(session.username), about=file_name, detail=what)
        return made

    return run


@dataclass(frozen=True)
class SessionId:
    """One session of an account, for what happens outside its runs: of one with a password by its
    epoch, of one at an identity provider by its sign-in."""

    username: str
    epoch: int
    sign_in_id: str | None = None


def current_session(viewer: Viewer) -> SessionId | None:
    """The session of ``viewer`` in this run; None when there is none."""
    username, epoch = st.session_state.get("username"), st.session_state.get(auth.EPOCH)
    if username is not None and epoch is not None:
        return SessionId(username, epoch)
    sign_in_id = sso.current_sign_in()
    return None if sign_in_id is None else SessionId(viewer.username, 0, sign_in_id)


def is_still(session: SessionId, viewer: Viewer) -> bool:
    """Whether a session has not ended and may see what it could as ``viewer``.

    Raises ``StateError`` when that cannot be known.
    """
    if session.sign_in_id is None:
        account = users.session_account(session.username, session.epoch)
    else:
        account = sso.session_account(session.sign_in_id)
    return account is not None and auth.viewer_of(account) == viewer
