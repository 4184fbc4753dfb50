"""The commands of ``python -m metrics``: one module each with ``HELP``, ``add_arguments``, ``run``."""
