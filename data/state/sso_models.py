"""The table of single sign-ons. Moments are UTC without a zone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from data.state.models import Base


class SsoSignIn(Base):
    """One sign-in at the identity provider, written when this program first sees it.

    ``id`` is a hash of issuer, subject and the nonce that was made for this sign-in. From then on
    the row decides whether the session is on, and not the browser's cookie: ``session_epoch`` is
    the account's at that moment, and ``ended_at`` is set by signing out. A sign-in that was
    refused has no user name and says why.
    """

    __tablename__ = "sso_sign_ins"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    username: Mapped[str | None] = mapped_column(String(64))
    session_epoch: Mapped[int | None]
    signed_in_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    refusal: Mapped[str | None] = mapped_column(Text)
