"""Proposing a version, signing it for one's own team, taking a proposal back: who may, and what is
a sound one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from pydantic import ValidationError

from data import agreements
from data.agreements import AgreementConflict, Side, Topic, Version
from data.audit import person
from data.config import BusinessHours, Config, Mql, Sla
from data.errors import AgreementError
from data.review_memory.versions import checked_words
from metrics.agreements.standing import Standing, business_today, read_standings
from metrics.agreements.topics import TITLES, Content, content_of, mql_content
from metrics.errors import RoleError
from metrics.memory.people import editor
from metrics.model import Team
from metrics.roles import active_account

# From how long ago, and how far ahead, a version may hold.
MOST_DAYS = 5 * 366
MOST_CHANNELS = 50
_SIGNERS = {"editor_marketing": Side.MARKETING, "editor_sales": Side.SALES}


def register_agreements(config: Config) -> None:
    """Record what the configuration says where that is on record nowhere; else write nothing.

    Safe when several processes do it at once. Raises ``StateError`` or ``ConfigError`` when the
    state database does not answer.
    """
    for standing in read_standings(config):
        if standing.lacks_version:
            is_first = not standing.versions
            try:
                agreements.add_version(
                    config.company.name,
                    standing.topic,
                    standing.configured,
                    seen=newest_number(standing),
                    holds_from=None if is_first else standing.today,
                )
            except AgreementConflict:
                continue  # another process was first


def newest_number(standing: Standing) -> int:
    """The number of a topic's newest version; -1 where there is none."""
    return standing.versions[-1].number if standing.versions else -1


# -- proposing ------------------------------------------------------------------------------------


def may_propose(role: str) -> bool:
    return role in (*_SIGNERS, "admin")


def propose_as(
    config: Config,
    username: str,
    topic: Topic,
    content: Content,
    *,
    seen: int,
    holds_from: date,
    reason: str,
) -> None:
    """Propose a version of a topic, made from what was read up to number ``seen``.

    Either team's editors and admins may. Raises ``RoleError``, ``AgreementError`` for what cannot
    be, ``NoteError`` without a reason, ``AgreementConflict`` where somebody was first.
    """
    by = editor(username, Team.SHARED, f"A change of the {TITLES[topic]}")
    day = _checked_day(holds_from, config)
    words = checked_words(reason, "The reason", limit=agreements.MAX_REASON)
    agreements.add_version(
        config.company.name,
        topic,
        checked_content(topic, content, config),
        seen=seen,
        holds_from=day,
        reason=words,
        by=by,
    )


def checked_content(topic: Topic, content: Content, config: Config) -> Content:
    """A version as it is kept. Raises ``AgreementError`` for what no configuration could say."""
    try:
        match topic:
            case Topic.MQL:
                return _checked_rule(content)
            case Topic.SLA:
                sla = Sla(response_hours=content["sla"]["response_hours"])
                hours = BusinessHours.model_validate(content["hours"])
                changed = config.model_copy(update={"sla": sla, "business_hours": hours})
                return content_of(changed, topic)
            case Topic.WINDOWS:
                # As the configuration is checked: whole days, 1 to 3650.
                days = Config.model_validate({"conversion_days": dict(content)}).conversion_days
                return content_of(config.model_copy(update={"conversion_days": days}), topic)
    except ValidationError as error:
        first = error.errors()[0]
        where = " ".join(str(part) for part in first["loc"]).replace("_", " ")
        raise AgreementError(f"This cannot be agreed on: {where}: {first['msg']}.") from error


def _checked_rule(content: Content) -> Content:
    score = content["score_at_least"]
    if score is not None and not -1e9 < score < 1e9:  # NaN as well
        raise AgreementError("A score is a number.")
    Mql(required_facts=tuple(content["required_facts"]))
    names: Mapping[str, Sequence[str]] = {
        name: [checked_words(one, "A channel", limit=200) for one in content[name]]
        for name in ("never_from", "without_score")
    }
    if max(map(len, names.values())) > MOST_CHANNELS:
        raise AgreementError(f"A rule names at most {MOST_CHANNELS} channels.")
    both = set(names["never_from"]) & set(names["without_score"])
    if both:
        raise AgreementError(f"{sorted(both)[0]} can be never an MQL or need no score, not both.")
    facts = content["required_facts"]
    return mql_content(score, facts, names["never_from"], names["without_score"])


def _checked_day(day: date, config: Config) -> date:
    today = business_today(config)
    if abs(day - today) > timedelta(days=MOST_DAYS):
        raise AgreementError(
            f"{day.isoformat()} is no day for an agreement to hold from.",
            remedy="Give one within five years of today.",
        )
    return day


# -- signing --------------------------------------------------------------------------------------


def side_of(role: str) -> Side | None:
    """The team that a role signs for: an editor's own. Nobody signs for a team that is not theirs,
    admins neither."""
    return _SIGNERS.get(role)


def may_be_signed(standing: Standing, version: Version) -> bool:
    """What waits for signatures, and, to sign it again, what both have signed and still holds."""
    return version in standing.open or version == standing.in_force or version in standing.coming


def sign_as(config: Config, username: str, topic: Topic, number: int, *, seen: int) -> Side:
    """Sign a version in somebody's name for their team, which has signed it ``seen`` times so far:
    again, where that is more than none.

    Raises ``RoleError`` for anybody but an editor of a team, ``AgreementError`` for a version that
    is not up for signature, ``AgreementConflict`` where somebody was first.
    """
    account = active_account(username)
    side = side_of(account.role)
    if side is None:
        raise RoleError(
            "Signing is for marketing's and sales' editors, each for their own team; your role is "
            f"{account.role.replace('_', ' ')}."
        )
    standing = _standing(config, topic)
    version = next((one for one in standing.versions if one.number == number), None)
    if version is None or not may_be_signed(standing, version):
        raise AgreementError("This version is not up for signature.")
    company = config.company.name
    agreements.sign(company, topic, number, side, seen=seen, by=person(account.username))
    return side


def withdraw_as(config: Config, username: str, topic: Topic, number: int) -> None:
    """Take a proposal back before both teams have signed it: whoever made it, or an admin.

    Raises ``RoleError``, ``AgreementError`` and ``AgreementConflict``.
    """
    account = active_account(username)
    version = next((o for o in _standing(config, topic).versions if o.number == number), None)
    if version is None:
        raise AgreementError("There is no such version.")
    if not may_withdraw(account.role, account.username, version):
        raise RoleError("A proposal is taken back by whoever made it, and by admins.")
    agreements.withdraw(config.company.name, topic, number, by=person(account.username))


def may_withdraw(role: str, username: str, version: Version) -> bool:
    is_open = not (version.is_signed or version.is_withdrawn) and version.proposed_by is not None
    own = may_propose(role) and username == version.proposed_by
    return is_open and (own or role == "admin")


def _standing(config: Config, topic: Topic) -> Standing:
    return next(one for one in read_standings(config) if one.topic is topic)
