"""People of a small company who propose and sign."""

from __future__ import annotations

from datetime import date
from typing import Any

from data.agreements import Side, Topic
from data.config import Config
from data.state import User, open_state
from metrics.agreements.signing import newest_number, propose_as, register_agreements, sign_as
from metrics.agreements.standing import Standing, read_standings
from metrics.agreements.topics import mql_content

ROLE_OF = {"mara": "editor_marketing", "sam": "editor_sales", "ada": "admin", "vera": "viewer"}
SIGNERS = {Side.MARKETING: "mara", Side.SALES: "sam"}


def add_people(**roles: str) -> None:
    """Accounts that nobody signs in to: hashing a password takes longer than all the rest."""
    with open_state().write() as session:
        for username, role in (roles or ROLE_OF).items():
            session.add(
                User(
                    username=username,
                    full_name=f"{username.title()} Person",
                    password_hash="x" * 60,
                    role=role,
                    session_epoch=0,
                )
            )


def standing(config: Config, topic: Topic, today: date | None = None) -> Standing:
    return next(one for one in read_standings(config, today) if one.topic is topic)


def sign_both(config: Config, topic: Topic, number: int) -> None:
    for username in SIGNERS.values():
        sign_as(config, username, topic, number, seen=0)


def sign_first(config: Config, topic: Topic) -> None:
    """Sign what the configuration says, as far back as there are data."""
    register_agreements(config)
    sign_both(config, topic, 0)


def propose(config: Config, topic: Topic, content: Any, holds_from: date) -> int:
    """Propose in marketing's name; the number of the version."""
    seen = newest_number(standing(config, topic))
    propose_as(
        config, "mara", topic, content, seen=seen, holds_from=holds_from, reason="Too many at 60"
    )
    return seen + 1


def agree(config: Config, topic: Topic, content: Any, holds_from: date) -> int:
    number = propose(config, topic, content, holds_from)
    sign_both(config, topic, number)
    return number


def rule(
    score: float | None = None,
    facts: tuple[str, ...] = (),
    never_from: tuple[str, ...] = (),
    without_score: tuple[str, ...] = (),
) -> dict[str, Any]:
    return mql_content(score, facts, never_from, without_score)
