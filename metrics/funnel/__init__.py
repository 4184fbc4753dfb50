"""The funnel: stages, conversion over age, times, leaks, the recycled pool, the pipeline.

``build_funnel`` computes a page's numbers; docs/funnel.md says what each part means.
"""

from metrics.funnel.build import build_funnel
from metrics.funnel.curve import step_label
from metrics.funnel.model import Funnel

__all__ = ["Funnel", "build_funnel", "step_label"]
