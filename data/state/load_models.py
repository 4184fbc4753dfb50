"""The table of loads and builds as they were tried."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from data.state.models import Base, utc_now


class LoadAttempt(Base):
    """One load, build or derivation, noted when it begins and when it ends.

    ``warehouse`` is its address without secrets. ``outcome`` is good, unchanged, refused (by the
    data or a setting, in words) or broken; NULL while it runs, and for good when it was killed.
    ``rows`` is JSON: a list of the tables that were read (data/attempts.py).
    """

    __tablename__ = "load_attempts"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True
    )
    warehouse: Mapped[str] = mapped_column(Text, index=True)
    kind: Mapped[str] = mapped_column(String(16))
    begun_at: Mapped[datetime] = mapped_column(default=utc_now)
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(16))
    words: Mapped[str] = mapped_column(Text, default="")
    rows: Mapped[str] = mapped_column(Text, default="[]")
