"""Whether the visitor of a run still waits for it.

Streamlit stops a run that was overtaken by a click, or whose tab is gone, at its next element; a
run that waits for the warehouse has none, and a second one begins beside it. It is asked here.
"""

from __future__ import annotations

from collections.abc import Callable

from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType


def is_over_now() -> Callable[[], bool]:
    """For this run, to be asked from any thread: whether somebody has asked for something else, or
    has gone. A part of the page that draws itself anew does not count."""
    requests = getattr(get_script_run_ctx(suppress_warning=True), "script_requests", None)

    def is_over() -> bool:
        state = getattr(requests, "_state", ScriptRequestType.CONTINUE)
        if state is ScriptRequestType.RERUN:
            return not requests._rerun_data.fragment_id_queue  # type: ignore[union-attr]
        return state is ScriptRequestType.STOP

    return is_over
