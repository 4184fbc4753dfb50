"""Versions, who proposes and signs them, what holds when, and what is an unsigned change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest

from data.agreements import AgreementConflict, Side, Topic
from data.audit import read_events
from data.config import Config, parse_config
from data.errors import AccountError, AgreementError, NoteError, StateError
from data.roles import ROLES
from data.state import close_state
from data.users import set_active
from metrics.agreements.signing import (
    propose_as,
    register_agreements,
    sign_as,
    withdraw_as,
)
from metrics.agreements.standing import business_today
from metrics.agreements.topics import as_toml, changed_lines, content_of, lines_of
from metrics.errors import RoleError
from tests.metrics.agreements.people import (
    ROLE_OF,
    add_people,
    agree,
    propose,
    rule,
    sign_both,
    sign_first,
    standing,
)

BASE = '[company]\nname = "Acme"\n'
MQL = "[mql]\nscore_at_least = 45\n"
CONFIG = parse_config(BASE + MQL)
TODAY = date(2026, 11, 30)


@pytest.fixture(autouse=True)
def _people(state_url: str) -> Iterator[None]:
    add_people()
    yield
    close_state()


def changed(config: Config, topic: Topic) -> bool:
    return standing(config, topic).is_changed


def test_setting_up_is_no_change_and_changing_it_is_one() -> None:
    assert not changed(CONFIG, Topic.MQL)  # nothing is on record yet
    register_agreements(CONFIG)
    register_agreements(CONFIG)
    assert [len(standing(CONFIG, topic).versions) for topic in Topic] == [1, 1, 1]
    assert standing(CONFIG, Topic.MQL).versions[0].holds_from is None
    assert not any(changed(CONFIG, topic) for topic in Topic)
    other = parse_config(BASE + "[mql]\nscore_at_least = 60\n")
    assert [changed(other, topic) for topic in Topic] == [True, False, False]
    register_agreements(other)
    register_agreements(other)
    found = standing(other, Topic.MQL)
    assert [v.content["score_at_least"] for v in found.versions] == [45, 60]
    assert found.versions[1].holds_from == business_today(other)
    assert found.is_changed  # being on record is no signature
    sign_both(other, Topic.MQL, 1)
    assert not changed(other, Topic.MQL)
    # Back to what nobody signed: a change again, and a version of its own to sign.
    assert changed(CONFIG, Topic.MQL)
    register_agreements(CONFIG)
    assert [v.number for v in standing(CONFIG, Topic.MQL).open] == [2]


def test_the_same_in_another_order_is_no_change() -> None:
    facts = [
        f"[mql]\nrequired_facts = {names}\nnever_from = {channels}\n"
        for names, channels in (
            ('["has_budget", "has_interest"]', '["b", "a"]'),
            ('["has_interest", "has_budget"]', '["a", "b"]'),
        )
    ]
    first, second = (parse_config(BASE + text) for text in facts)
    register_agreements(first)
    assert not changed(second, Topic.MQL)
    # A priority that is listed with the default's hours, and one that is not, are two things.
    assert changed(parse_config(BASE + "[sla.response_hours]\nP1 = 24\n"), Topic.SLA)
    assert not changed(parse_config(BASE + "[sla.response_hours]\ndefault = 24\n"), Topic.SLA)
    assert changed(parse_config(BASE + "[business_hours]\nopens = '08:00'\n"), Topic.SLA)
    assert changed(parse_config(BASE + "[conversion_days]\nmql_to_sql = 45\n"), Topic.WINDOWS)


def test_it_holds_when_both_have_signed_from_its_day_on() -> None:
    sign_first(CONFIG, Topic.MQL)
    later = date(2026, 12, 15)
    number = propose(CONFIG, Topic.MQL, rule(60), later)

    def score(today: date) -> float | None:
        held = standing(CONFIG, Topic.MQL, today).in_force
        return None if held is None else held.content["score_at_least"]

    assert score(later) == 45  # signed by nobody
    assert sign_as(CONFIG, "mara", Topic.MQL, number, seen=0) is Side.MARKETING
    assert score(later) == 45  # by one side alone
    assert sign_as(CONFIG, "sam", Topic.MQL, number, seen=0) is Side.SALES
    assert [score(day) for day in (later - timedelta(days=1), later)] == [45, 60]
    # The configuration still says 45: from that day on it is the change.
    assert not standing(CONFIG, Topic.MQL, TODAY).is_changed
    assert standing(CONFIG, Topic.MQL, later).is_changed
    ahead = parse_config(BASE + "[mql]\nscore_at_least = 60\n")
    assert standing(ahead, Topic.MQL, TODAY).is_changed  # computed before it holds
    assert not standing(ahead, Topic.MQL, later).is_changed
    assert not standing(ahead, Topic.MQL, TODAY).lacks_version
    # Of two from one day the newer holds; an older day does not come after a newer one.
    agree(CONFIG, Topic.MQL, rule(70), later)
    agree(CONFIG, Topic.MQL, rule(10), date(2026, 6, 1))
    assert [score(day) for day in (date(2026, 5, 31), date(2026, 6, 1), later)] == [45, 10, 70]


def test_a_team_signs_for_itself_alone() -> None:
    register_agreements(CONFIG)
    before = list(read_events())
    for username in ("ada", "vera"):
        with pytest.raises(RoleError, match="each for their own team"):
            sign_as(CONFIG, username, Topic.MQL, 0, seen=0)
    set_active("sam", False)
    with pytest.raises(StateError, match="disabled"):
        sign_as(CONFIG, "sam", Topic.MQL, 0, seen=0)
    with pytest.raises(AccountError):
        sign_as(CONFIG, "nobody", Topic.MQL, 0, seen=0)
    assert not standing(CONFIG, Topic.MQL).versions[0].signatures
    assert [e.event for e in read_events()][len(before) :] == ["account_disabled"]
    sign_as(CONFIG, "mara", Topic.MQL, 0, seen=0)
    (one,) = standing(CONFIG, Topic.MQL).versions[0].signatures
    assert (one.side, one.by) == (Side.MARKETING, "mara")
    event = list(read_events())[-1]
    assert (event.event, event.actor, event.subject) == ("agreement_signed", "mara", "mql")


@pytest.mark.parametrize("username", ROLE_OF)
def test_who_proposes_and_who_takes_it_back(username: str) -> None:
    assert set(ROLE_OF.values()) == set(ROLES)
    register_agreements(CONFIG)

    def change() -> None:
        propose_as(CONFIG, username, Topic.MQL, rule(60), seen=0, holds_from=TODAY, reason="Fewer")

    if username == "vera":
        with pytest.raises(RoleError, match="your role is viewer"):
            change()
        assert len(standing(CONFIG, Topic.MQL).versions) == 1
        return
    change()
    assert standing(CONFIG, Topic.MQL).versions[1].proposed_by == username
    assert list(read_events())[-1].event == "agreement_proposed"
    stranger = "sam" if username != "sam" else "mara"
    with pytest.raises(RoleError, match="whoever made it, and by admins"):
        withdraw_as(CONFIG, stranger, Topic.MQL, 1)
    withdraw_as(CONFIG, username, Topic.MQL, 1)
    assert standing(CONFIG, Topic.MQL).open == (standing(CONFIG, Topic.MQL).versions[0],)
    with pytest.raises(AgreementError, match="not up for signature"):
        sign_as(CONFIG, "mara", Topic.MQL, 1, seen=0)
    # What the configuration says is nobody's proposal, and what both signed is none any more.
    with pytest.raises(RoleError):
        withdraw_as(CONFIG, "ada", Topic.MQL, 0)


def test_of_two_at_once_the_second_is_told() -> None:
    register_agreements(CONFIG)
    propose(CONFIG, Topic.MQL, rule(60), TODAY)
    with pytest.raises(AgreementConflict, match="another version in the meantime"):
        propose_as(
            CONFIG, "sam", Topic.MQL, rule(70), seen=0, holds_from=TODAY, reason="Even fewer"
        )
    sign_as(CONFIG, "mara", Topic.MQL, 1, seen=0)
    with pytest.raises(AgreementConflict, match="signed it for marketing"):
        sign_as(CONFIG, "mara", Topic.MQL, 1, seen=0)
    withdraw_as(CONFIG, "mara", Topic.MQL, 1)
    with pytest.raises(AgreementError):
        sign_as(CONFIG, "sam", Topic.MQL, 1, seen=0)
    assert [len(v.signatures) for v in standing(CONFIG, Topic.MQL).versions] == [0, 1]


def test_signing_again_is_kept_beside_the_first() -> None:
    sign_first(CONFIG, Topic.SLA)
    sign_as(CONFIG, "sam", Topic.SLA, 0, seen=1)
    held = standing(CONFIG, Topic.SLA).in_force
    assert held is not None
    assert [one.number for one in held.of(Side.SALES)] == [0, 1]
    assert len(held.of(Side.MARKETING)) == 1


IMPOSSIBLE = (
    (Topic.MQL, rule(float("nan")), "A score is a number"),
    (Topic.MQL, rule(1, never_from=("a",), without_score=("a",)), "not both"),
    (Topic.SLA, {"sla": {"response_hours": {"P1": 0}}, "hours": {}}, "response hours P1"),
    (Topic.SLA, {"sla": {"response_hours": {"P1": None}}, "hours": {}}, "response hours P1"),
    (Topic.SLA, {"sla": {"response_hours": {}}, "hours": {"timezone": "Mars"}}, "time zone"),
    (Topic.WINDOWS, {"mql_to_sql": 0}, "mql to sql"),
    (Topic.WINDOWS, {"mql_to_sql": 2.5}, "mql to sql"),
)


def test_what_cannot_be_agreed_on() -> None:
    register_agreements(CONFIG)
    for topic, content, words in IMPOSSIBLE:
        with pytest.raises(AgreementError, match=words):
            propose(CONFIG, topic, content, TODAY)
    content = content_of(CONFIG, Topic.MQL)
    for day in (date(1990, 1, 1), date(2100, 1, 1)):
        with pytest.raises(AgreementError, match="no day"):
            propose(CONFIG, Topic.MQL, content, day)
    with pytest.raises(NoteError, match="reason"):
        propose_as(CONFIG, "sam", Topic.MQL, content, seen=0, holds_from=TODAY, reason=" ")
    assert [len(standing(CONFIG, topic).versions) for topic in Topic] == [1, 1, 1]


def test_in_words_and_as_the_lines_of_the_configuration() -> None:
    text = (
        BASE
        + MQL
        + (
            'required_facts = ["has_interest", "has_budget"]\nnever_from = ["a \\"b\\""]\n'
            'without_score = ["demo"]\n'
            '[conversion_days]\nmql_to_sql = 45\n[sla.response_hours]\nP1 = 0.5\n"VIP 1" = 2\n'
            "[business_hours]\nopens = '08:00'\n"
        )
    )
    config = parse_config(text)
    assert lines_of(Topic.MQL, content_of(config, Topic.MQL)) == [
        "A score of 45 or more when it becomes one",
        "Known by then: budget, interest",
        'Never from a "b"',
        "No score needed from demo",
    ]
    assert lines_of(Topic.MQL, rule()) == ["No criteria: every entry into the stage is an MQL"]
    told = lines_of(Topic.SLA, content_of(config, Topic.SLA))[0]
    assert told == "First response: P1 in 0.5 h, VIP 1 in 2 h, others in 24 h"
    windows = [content_of(one, Topic.WINDOWS) for one in (CONFIG, config)]
    assert changed_lines(Topic.WINDOWS, *windows) == ["MQL → SQL, days: 30, now 45"]
    read: Callable[[Topic], str] = lambda topic: as_toml(topic, content_of(config, topic))  # noqa: E731
    again = parse_config("\n\n".join([BASE, *map(read, Topic)]))
    assert [content_of(again, topic) for topic in Topic] == [
        content_of(config, topic) for topic in Topic
    ]
