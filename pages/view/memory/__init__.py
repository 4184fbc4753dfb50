"""The joint review's memory on pages: comments and flags on a KPI, decisions and actions.

What is written goes through ``metrics/memory/``, which asks for the role itself; a form that is
refused keeps what was typed in it.
"""

from pages.view.memory.actions import show_last_actions
from pages.view.memory.comments import show_comments
from pages.view.memory.decisions import show_decisions
from pages.view.memory.disputes import show_flags, show_open_disputes

__all__ = [
    "show_comments",
    "show_decisions",
    "show_flags",
    "show_last_actions",
    "show_open_disputes",
]
