"""The script that Streamlit runs on every visit and every click.

It holds nothing: its text is run anew each time, while what it imports is there already.
"""

from pages.view.frame import show_frame

show_frame()
