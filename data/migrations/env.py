"""Alembic's entry: runs the migrations on the connection that the caller holds."""

from alembic import context

from data.state.models import Base
from data.state.version import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    # SQLite changes a table by building it anew.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
