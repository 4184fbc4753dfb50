"""The tables of what the two teams agree on: definitions with their signatures, and targets.

Rows are only ever added. Of two changes that were made from the same version the primary key takes
one, so that nobody overwrites what they have not read.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Double, ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from data.state.models import Base, utc_now


class AgreementVersion(Base):
    """One version of a definition: ``content`` is all that it says, as JSON, ``fingerprint`` its
    hash. ``holds_from`` is NULL for the first one, which holds as far back as there are data;
    ``proposed_by`` is NULL where the program found it in the configuration."""

    __tablename__ = "agreement_versions"

    company: Mapped[str] = mapped_column(Text, primary_key=True)
    topic: Mapped[str] = mapped_column(String(16), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64))
    holds_from: Mapped[date | None]
    reason: Mapped[str | None] = mapped_column(Text)
    proposed_by: Mapped[str | None] = mapped_column(String(64))
    proposed_at: Mapped[datetime] = mapped_column(default=utc_now)


class AgreementSignature(Base):
    """A signature for one team; a later ``number`` is the same version signed again."""

    __tablename__ = "agreement_signatures"
    __table_args__ = (
        ForeignKeyConstraint(
            ["company", "topic", "version"],
            [
                "agreement_versions.company",
                "agreement_versions.topic",
                "agreement_versions.version",
            ],
            name="fk_agreement_signatures_version",
        ),
    )

    company: Mapped[str] = mapped_column(Text, primary_key=True)
    topic: Mapped[str] = mapped_column(String(16), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    team: Mapped[str] = mapped_column(String(16), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    signed_by: Mapped[str] = mapped_column(String(64))
    signed_at: Mapped[datetime] = mapped_column(default=utc_now)


class AgreementWithdrawal(Base):
    """A proposal that was taken back before both teams had signed it."""

    __tablename__ = "agreement_withdrawals"
    __table_args__ = (
        ForeignKeyConstraint(
            ["company", "topic", "version"],
            [
                "agreement_versions.company",
                "agreement_versions.topic",
                "agreement_versions.version",
            ],
            name="fk_agreement_withdrawals_version",
        ),
    )

    company: Mapped[str] = mapped_column(Text, primary_key=True)
    topic: Mapped[str] = mapped_column(String(16), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    withdrawn_by: Mapped[str] = mapped_column(String(64))
    withdrawn_at: Mapped[datetime] = mapped_column(default=utc_now)


class TargetVersion(Base):
    """A target that was set in the app, over what the warehouse holds; ``id`` is a hash of what it
    is a target of.

    ``value`` NULL gives way to the warehouse's again. ``set_as_of`` is how far the data reached
    then: as of an earlier moment the target does not exist (``set_at`` is the moment on the wall).
    """

    __tablename__ = "target_versions"
    __table_args__ = (Index("ix_target_versions_company", "company", "metric"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    company: Mapped[str] = mapped_column(Text)
    metric: Mapped[str] = mapped_column(String(100))
    grain: Mapped[str] = mapped_column(String(8))
    period_start: Mapped[date]
    dimension: Mapped[str | None] = mapped_column(String(32))
    member: Mapped[str | None] = mapped_column(Text)
    value: Mapped[float | None] = mapped_column(Double)
    reason: Mapped[str] = mapped_column(Text)
    set_by: Mapped[str] = mapped_column(String(64))
    set_at: Mapped[datetime] = mapped_column(default=utc_now)
    set_as_of: Mapped[datetime]
