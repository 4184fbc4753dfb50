"""The commands of ``python -m data``: each a module with HELP, add_arguments and run."""
