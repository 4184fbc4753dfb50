"""The commands of ``python -m data``: one module each with ``HELP``, ``add_arguments`` and ``run``."""
