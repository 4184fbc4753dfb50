"""The smallest page frame that signs in: what the tests of sign-in alone run."""

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from pages.view import auth


def home() -> None:
    st.write("Here is home")


def funnel() -> None:
    st.write("Here is the funnel of", st.query_params.get("region", "everybody"))


page = st.navigation(
    [st.Page(home, url_path="home", default=True), st.Page(funnel, url_path="funnel")],
    position="hidden" if auth.current_viewer() is None else "top",
)
viewer = auth.sign_in()
if viewer is not None:
    st.write(f"Signed in: {viewer.username}, {viewer.full_name}, {viewer.role}")
    auth.sign_out_button()
    st.button("Again")
    page.run()
