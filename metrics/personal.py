"""Personal data: the one place that decides whether a name or an e-mail address leaves it.

Every list and page that shows a person asks here, with what its viewer may see; whoever may not
gets NULL from the warehouse, so that nothing has to be hidden later on.
"""

from __future__ import annotations

from sqlalchemy import Text, cast, null

from metrics.facts.base import Column


def personal(column: Column, visible: bool) -> Column:
    """A column of personal data as this viewer may read it."""
    return column if visible else cast(null(), Text)
