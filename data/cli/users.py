"""``python -m data users``: accounts from the command line.

Passwords come from a prompt, or from the first line of standard input when that is no terminal;
never from an argument, which other users of the machine can read.
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from typing import Any

from data import users
from data.errors import AccountError
from data.logs import log_name
from data.passwords import check_rules
from data.roles import ROLES
from data.secrets import cookie_key
from data.warehouse import open_warehouse

ALL = "all"
HELP = (
    "manage accounts: add, password, role, scope, disable, enable, unlock, sign-out, log-name, list"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for action, words in (
        ("add", "add an account; its password is asked for, or read from standard input"),
        ("password", "set a password, which ends the account's sessions and lifts its lock"),
        ("role", "give an account another role, which ends its sessions"),
        ("scope", "let an account see only some regions, channels, teams …, or 'all' again"),
        ("disable", "disable an account, which ends its sessions"),
        ("enable", "enable an account again, which lifts its lock"),
        ("unlock", "lift the lock that failed sign-ins have brought"),
        ("sign-out", "end all sessions of an account"),
        ("log-name", "what the log calls an account: lines of its visits have it as 'viewer'"),
    ):
        one = actions.add_parser(action, help=words, description=words)
        one.add_argument("name", metavar="NAME")
        if action == "add":
            one.add_argument("--name", dest="full_name", metavar="FULL_NAME")
            one.add_argument("--email")
            one.add_argument("--role", default="viewer", metavar="|".join(ROLES))
        if action == "role":
            one.add_argument("role", metavar="|".join(ROLES))
        if action == "scope":
            one.add_argument("members", nargs="+", metavar="DIMENSION=VALUE|all")
        if action in ("add", "password"):
            one.add_argument(
                "--first-password",
                action="store_true",
                help="the person has to choose another at the next sign-in",
            )
    listed = actions.add_parser("list", help="list all accounts", description="list all accounts")
    listed.add_argument("--format", choices=("table", "json"), default="table")


def run(options: argparse.Namespace) -> int:
    """Run one action; its result goes to standard output, messages to standard error."""
    if options.action == "list":
        print(_as_json() if options.format == "json" else _as_table())
        return 0
    if options.action == "log-name":
        username = users.find_account(options.name).username
        print(log_name(username, cookie_key(demo=open_warehouse().is_demo)))
        return 0
    _say(_changed(options))
    return 0


def _changed(options: argparse.Namespace) -> str:
    name = options.name
    if options.action == "add":
        # All else is checked first: nobody types a password twice for nothing.
        username = users.check_new_account(name, role=options.role, email=options.email)
        account = users.add_account(
            name,
            _new_password(username),
            role=options.role,
            full_name=options.full_name,
            email=options.email,
            must_change_password=options.first_password,
        )
        return f"Added {account.username} ({account.role})."
    if options.action == "password":
        username = users.find_account(name).username
        users.set_password(
            username, _new_password(username), must_change_password=options.first_password
        )
        return f"Set the password of {username}; its sessions have ended."
    if options.action == "role":
        account = users.set_role(name, options.role)
        return f"{account.username} is {account.role} now."
    if options.action == "scope":
        account = users.set_scope(name, [] if options.members == [ALL] else options.members)
        return f"{account.username} sees {', '.join(account.scope.pairs()) or 'everything'} now."
    if options.action == "sign-out":
        return f"Ended all sessions of {users.end_sessions(name).username}."
    if options.action == "unlock":
        return f"Unlocked {users.unlock(name).username}."
    active = options.action == "enable"
    account = users.set_active(name, active)
    return f"{'Enabled' if active else 'Disabled'} {account.username}."


def _new_password(username: str) -> str:
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        if not line:
            raise AccountError(
                "No password came on standard input.", remedy="Give it as the first line."
            )
        return line.rstrip("\r\n")
    password = getpass.getpass(f"New password for {username}: ")
    check_rules(password, username=username)
    if getpass.getpass("The same again: ") != password:
        raise AccountError("The two passwords differ.", remedy="Try again.")
    return password


def _rows() -> list[dict[str, Any]]:
    locked = users.locked_names()
    return [
        {
            "username": account.username,
            "full_name": account.full_name,
            "email": account.email,
            "role": account.role,
            "is_active": account.is_active,
            "scope": list(account.scope.pairs()),
            "locked": account.username in locked,
            "signs_in_at": account.issuer,
            "must_change_password": account.must_change_password,
            "created_at": account.created_at.isoformat(timespec="seconds"),
            "password_changed_at": account.password_changed_at.isoformat(timespec="seconds"),
        }
        for account in users.list_accounts()
    ]


def _as_json() -> str:
    return json.dumps(_rows(), indent=2, ensure_ascii=False)


def _as_table() -> str:
    header = ("USER", "NAME", "E-MAIL", "ROLE", "SEES", "STATE")
    lines = [header]
    for row in _rows():
        state = "active" if row["is_active"] else "disabled"
        if row["locked"]:
            state += ", locked"
        if row["signs_in_at"]:
            state += ", single sign-on"
        if row["must_change_password"]:
            state += ", first password"
        lines.append(
            (
                str(row["username"]),
                str(row["full_name"]),
                str(row["email"] or ""),
                str(row["role"]),
                ", ".join(row["scope"]) or ALL,
                state,
            )
        )
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _say(message: str) -> None:
    print(message, file=sys.stderr)
