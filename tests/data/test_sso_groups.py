"""What several groups give together: the highest role, and no more of the data than they say."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.config import parse_config
from data.errors import ConfigError
from data.group_roles import SignInRefused, granted, united
from data.row_scope import RowScope
from data.sign_in_config import Group

REGIONS, SEGMENTS = ("AMER", "EMEA", None), ("smb", "enterprise")
# There are always members that no scope names.
EVERY_REGION, EVERY_SEGMENT = (*REGIONS, "APAC"), (*SEGMENTS, None)
GROUPS = {
    "readers": Group(role="viewer"),
    "emea": Group(role="viewer", scope=("region=EMEA",)),
    "amer": Group(role="viewer", scope=("region=AMER",)),
    "small": Group(role="viewer", scope=("segment=smb",)),
    "sales": Group(role="editor_sales", scope=("region=EMEA",)),
    "marketing": Group(role="editor_marketing"),
    "admins": Group(role="admin"),
}


@pytest.mark.parametrize(
    ("held", "role", "scope"),
    [
        (["emea"], "viewer", ["region=EMEA"]),
        (["emea", "amer", "unknown"], "viewer", ["region=AMER", "region=EMEA"]),
        (["emea", "readers"], "viewer", []),
        # The scope is that of the role which holds: a viewer of everything who may edit sales'
        # part sees what sales' editors see.
        (["readers", "sales"], "editor_sales", ["region=EMEA"]),
        (["emea", "admins", "sales"], "admin", []),
        # Of the two editors the one that is written first.
        (["marketing", "sales"], "editor_sales", ["region=EMEA"]),
    ],
)
def test_several_groups(held: list[str], role: str, scope: list[str]) -> None:
    found = granted(held, GROUPS)
    assert (found.role, list(found.scope.pairs())) == (role, scope)


@pytest.mark.parametrize("held", [[], ["unknown"], ["Emea"], ["emea "]])
def test_nobody_without_a_group_of_ours(held: list[str]) -> None:
    with pytest.raises(SignInRefused, match="None of your groups"):
        granted(held, GROUPS)


def test_scopes_without_a_union_are_refused_with_both_named() -> None:
    with pytest.raises(SignInRefused, match="region EMEA or segment smb"):
        granted(["emea", "small"], GROUPS)


SCOPES = st.builds(
    lambda regions, segments: RowScope.parse(
        [f"region={r or '~'}" for r in regions] + [f"segment={s}" for s in segments]
    ),
    st.sets(st.sampled_from(REGIONS), max_size=2),
    st.sets(st.sampled_from(SEGMENTS), max_size=1),
)


def _seen(scope: RowScope) -> set[tuple[str | None, str | None]]:
    """The kinds of rows that a scope shows, by trying each."""
    limits = dict(scope.members)
    return {
        (region, segment)
        for region, segment in itertools.product(EVERY_REGION, EVERY_SEGMENT)
        if region in limits.get("region", EVERY_REGION)
        and segment in limits.get("segment", EVERY_SEGMENT)
    }


@given(st.lists(SCOPES, min_size=1, max_size=4))
@settings(max_examples=200)
def test_a_union_shows_exactly_what_its_parts_show(scopes: list[RowScope]) -> None:
    wanted = set().union(*map(_seen, scopes))
    try:
        assert _seen(united(scopes)) == wanted
    except SignInRefused:
        # Over one dimension alone, or with somebody who sees everything, there always is one.
        limited = {name for scope in scopes for name, _ in scope.members}
        assert len(limited) > 1
        assert all(scope.members for scope in scopes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('method = "odc"', "unknown method of signing in 'odc'. Nearest: 'oidc'"),
        ('method = "oidc"', "no group may sign in"),
        ("session_hours = 0", "sign_in.session_hours"),
        ('groups.a = { role = "viewr" }', "sign_in.groups.a.role: unknown role 'viewr'"),
        ('groups.a = { role = "viewer", scop = [] }', "unknown key 'scop'. Nearest: 'scope'"),
        ('groups.a = { role = "viewer", scope = ["regio=A"] }', "Nearest: 'region'"),
    ],
)
def test_a_wrong_configuration_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_config(f"[sign_in]\n{text}")
    assert words in str(refused.value)
