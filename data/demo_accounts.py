"""The accounts of the demo company, one of each role, with random passwords."""

from __future__ import annotations

from data.passwords import random_password
from data.users import add_account, list_accounts

DEMO_ACCOUNTS = (
    ("marketing", "editor_marketing", "Marketing (demo)"),
    ("sales", "editor_sales", "Sales (demo)"),
    ("viewer", "viewer", "Viewer (demo)"),
    ("admin", "admin", "Administrator (demo)"),
)


def ensure_demo_accounts() -> list[tuple[str, str, str]]:
    """Create the demo's accounts that are missing: ``(username, password, role)`` of each new one.

    Passwords are kept only as hashes: this is the one time that they can be shown. Accounts that
    exist stay as they are ('python -m data users password NAME' gives one a new password).
    """
    existing = {account.username for account in list_accounts()}
    created = []
    for username, role, full_name in DEMO_ACCOUNTS:
        if username not in existing:
            password = random_password()
            add_account(username, password, role=role, full_name=full_name)
            created.append((username, password, role))
    return created
