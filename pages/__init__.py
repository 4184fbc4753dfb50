"""The Streamlit side. Pages live in ``pages/<section>/``; see docs/design.md for why."""
