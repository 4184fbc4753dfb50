"""What an admin can do to one account, each with a question first where it hurts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

import streamlit as st

from data import users
from data.account_activity import Activity
from data.audit import Actor, person
from data.config import DIMENSIONS
from data.errors import ScorecardError, WarehouseError
from data.passwords import random_password
from data.roles import ROLES
from data.row_scope import NULL_MEMBER, Members
from data.users import Account
from metrics.members import filter_members
from pages.view.admin_html import words
from pages.view.popover import say
from pages.view.request import Request
from pages.view.review_bar import member_label

KEY = "admin"
_PASSWORD, _ASKED = "admin-first-password", "admin-asked"
_OWN = " This is your own account: you will be signed out."


@dataclass(frozen=True)
class Action:
    """A button; ``question`` is asked before it is done, None: done at once."""

    label: str
    yes: str
    question: str | None
    run: Callable[[Account, Actor], str]


def try_to(change: Callable[[Actor], str], request: Request) -> None:
    """Make a change in the admin's name; the next run says how it ended."""
    try:
        say(KEY, change(person(request.viewer.username)))
    except ScorecardError as error:
        say(KEY, str(error))
    st.session_state.pop(_ASKED, None)
    st.rerun()


# -- a first password, shown once -----------------------------------------------------------------


def first_password(username: str, password: str, by: Actor) -> None:
    """Have the next run show a first password, to whoever made it."""
    st.session_state[_PASSWORD] = (username, password, by.name)


def forget_first_password() -> None:
    st.session_state.pop(_PASSWORD, None)


def show_first_password(request: Request) -> None:
    """The password that was just made, until it is noted; it is kept nowhere else."""
    username, password, made_by = st.session_state.get(_PASSWORD, (None, None, None))
    if made_by != request.viewer.username:
        forget_first_password()  # somebody else has signed in here
        return
    with st.container(key="admin-first-password-body", gap="small"):
        st.html(
            f'<p class="adm-words">First password of <b>{escape(username)}</b>, shown this once. '
            "Pass it on by a way that only they can read; they choose their own when they sign "
            "in.</p>"
        )
        st.code(password, language=None)
        st.button("I have noted it", key="admin-noted", on_click=forget_first_password)


# -- role and scope -------------------------------------------------------------------------------


def show_role(account: Account, names: Mapping[str, str], request: Request) -> None:
    """The role, and a button to give another; its sessions end with it."""
    key = f"admin-role-{account.username}-{account.role}"
    with st.container(horizontal=True, vertical_alignment="bottom", key="admin-role"):
        role = st.selectbox(
            "Role",
            ROLES,
            index=ROLES.index(account.role),
            key=key,
            format_func=names.__getitem__,
        )
        pressed = st.button("Change role", key="admin-set-role", disabled=role == account.role)

    def change(account: Account, by: Actor) -> str:
        return f"{users.set_role(account.username, role, by=by).username} is {role} now."

    question = f"Make {account.full_name} {names[role].lower()}? Their sessions end."
    _do(Action("Change role", "Yes, change", question, change), pressed, account, request)


def show_scope(account: Account, request: Request) -> None:
    """What the account sees, and a form to limit it by one dimension after the other."""
    limits = dict(account.scope.members)
    st.html(words(f"Sees {account.scope.words or 'everything'}."))
    try:
        _show_limits(account, limits, request)
    except WarehouseError as error:
        # Roles, locks and sessions do not wait for the warehouse.
        st.html(words(f"What it sees cannot be changed now. {error.message}"))


def _show_limits(account: Account, limits: Mapping[str, Members], request: Request) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="admin-scope"):
        dimension = st.selectbox(
            "Limit by",
            DIMENSIONS,
            index=DIMENSIONS.index(next(iter(limits), "region")),
            key=f"admin-limit-{account.username}",
            format_func=lambda name: name.replace("_", " "),
            width=170,
        )
        now = list(limits.get(dimension, ()))
        known = filter_members(request.warehouse.whole)[dimension]
        members = st.multiselect(
            "to",
            # A member may have left the data since it was granted.
            [*known, *(member for member in now if member not in known)],
            default=now,
            key=f"admin-members-{account.username}-{dimension}-{'|'.join(account.scope.pairs())}",
            format_func=member_label,
            placeholder="all of them",
            width=260,
        )
        pressed = st.button("Set", key="admin-set-scope", disabled=set(members) == set(now))
    if pressed:
        others = [pair for pair in account.scope.pairs() if not pair.startswith(f"{dimension}=")]
        wanted = [f"{dimension}={NULL_MEMBER if m is None else m}" for m in members]

        def limit(by: Actor) -> str:
            changed = users.set_scope(account.username, [*others, *wanted], by=by)
            return f"{changed.username} sees {changed.scope.words or 'everything'} now."

        try_to(limit, request)


# -- the rest -------------------------------------------------------------------------------------


def _reset(account: Account, by: Actor) -> str:
    password = random_password()
    users.set_password(account.username, password, must_change_password=True, by=by)
    first_password(account.username, password, by)
    return f"{account.username} has a new password; their sessions have ended."


def _unlock(account: Account, by: Actor) -> str:
    return f"Unlocked {users.unlock(account.username, by=by).username}."


def _sign_out(account: Account, by: Actor) -> str:
    return f"{users.end_sessions(account.username, by=by).username} is signed out everywhere."


def _disable(account: Account, by: Actor) -> str:
    return f"Disabled {users.set_active(account.username, False, by=by).username}."


def _enable(account: Account, by: Actor) -> str:
    return f"Enabled {users.set_active(account.username, True, by=by).username}."


def sign_out_action(account: Account) -> Action:
    name = account.full_name
    return Action(
        "Sign out everywhere", "Yes, sign out", f"Sign {name} out in every browser?", _sign_out
    )


def _actions(account: Account, activity: Activity) -> list[Action]:
    """Those that make sense for the account as it is."""
    name = account.full_name
    reset = f"Give {name} a new first password? Their sessions end."
    found = []
    if account.issuer is None:
        found.append(Action("Reset password", "Yes, reset", reset, _reset))
    if activity.locked_until is not None:
        found.append(Action("Unlock", "", None, _unlock))
    if not account.is_active:
        return [*found, Action("Enable", "", None, _enable)]
    disable = f"Disable {name}? They cannot sign in any more, and their sessions end."
    return [
        *found,
        sign_out_action(account),
        Action("Disable", "Yes, disable", disable, _disable),
    ]


def show_actions(account: Account, activity: Activity, request: Request) -> None:
    """The buttons, in one row, and the question of the one that was pressed."""
    actions = _actions(account, activity)
    with st.container(horizontal=True, gap="small", key="admin-actions"):
        pressed = [st.button(action.label, key=_key(action)) for action in actions]
    for action, now in zip(actions, pressed, strict=True):
        _do(action, now, account, request)


def show_action(action: Action, account: Account, request: Request) -> None:
    """One button with its question."""
    _do(action, st.button(action.label, key=_key(action)), account, request)


def _key(action: Action) -> str:
    return f"admin-do-{action.label.lower().replace(' ', '-')}"


def _do(action: Action, pressed: bool, account: Account, request: Request) -> None:
    """Do it, or ask first: the question stands until it is answered or another thing is asked."""
    # Bound to the account as it is: one that has changed in the meantime is asked about anew.
    asked = (action.label, action.question, account.username, account.session_epoch)
    if pressed and action.question is None:
        try_to(lambda by: action.run(account, by), request)
    if pressed:
        st.session_state[_ASKED] = asked
        st.rerun()
    if st.session_state.get(_ASKED) != asked:
        return
    own = _OWN if account.username == request.viewer.username else ""
    with st.container(key="admin-question", gap="small"):
        st.html(f'<p class="adm-words" role="alert">{escape((action.question or "") + own)}</p>')
        with st.container(horizontal=True, gap="small"):
            yes = st.button(action.yes, key="admin-yes")
            st.button("No", key="admin-no", on_click=_forget_question)
    if yes:
        try_to(lambda by: action.run(account, by), request)


def _forget_question() -> None:
    st.session_state.pop(_ASKED, None)
