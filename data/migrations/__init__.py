"""Alembic's migrations of the state database, run by ``data.state.migrate``.

A change of ``data/state/models.py`` comes with one new file in ``versions/``: its
``down_revision`` is the newest one there. A test compares the result with the models on every
engine. The state is never downgraded: an older program refuses a newer database instead.
"""
