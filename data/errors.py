"""Errors that a person reads: what is wrong, what was expected, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ScorecardError(Exception):
    """Base of every error the program raises on purpose.

    ``str(error)`` is one message for a person: what is wrong and what was expected.
    ``remedy``, when given, says what to do about it and is part of the message.
    """

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message} {remedy}" if remedy else message)


class ConfigError(ScorecardError):
    """The configuration file or an environment setting is wrong."""


class WarehouseError(ScorecardError):
    """The warehouse is missing, locked, of another version, or answers with an error."""


class WarehouseTimeout(WarehouseError):
    """A statement ran into its time limit."""


class StateError(ScorecardError):
    """The app's own database is missing, locked, of another version, or answers with an error."""


class StateConflict(StateError):
    """Something of the same key is there already, or what a new row names is not."""


class AccountError(ScorecardError):
    """An account cannot be made or changed as asked; it is as it was."""


class LinkError(ScorecardError):
    """A link or a saved view cannot be made or changed as asked; it is as it was."""


class ReviewError(ScorecardError):
    """A review or its plan cannot be made or changed as asked; it is as it was."""


class NoteError(ScorecardError):
    """A comment, decision, action or dispute cannot be kept as asked; nothing was changed."""


class AgreementError(ScorecardError):
    """A definition cannot be proposed or signed, or a target set, as asked; nothing was changed."""


class MailError(ScorecardError):
    """A mail or a digest cannot be sent or written; nobody got a part of it."""


class LoadError(ScorecardError):
    """A file or mapping cannot be loaded; the warehouse is as it was."""


def nearest(name: str, options: Iterable[str]) -> str | None:
    """The option that looks most like ``name``, or None when none does."""
    found = difflib.get_close_matches(name, list(options), n=1, cutoff=0.5)
    return found[0] if found else None


def unknown(kind: str, name: str, options: Iterable[str]) -> str:
    """``unknown metric 'mql'. Nearest: 'mqls'.`` or, with nothing near, the list of options."""
    options = list(options)
    close = nearest(name, options)
    if close is not None:
        return f"unknown {kind} {name!r}. Nearest: {close!r}."
    return f"unknown {kind} {name!r}. Known: {', '.join(sorted(options))}."
