"""The SLA, both ways: marketing's commitment, sales' answer, and the queue of what is waiting.

``build_sla`` computes a page's numbers, ``Queue`` lists what has no answer yet; docs/sla.md says
what each part means.
"""

from metrics.sla.build import build_sla
from metrics.sla.model import SlaPage
from metrics.sla.queue import Queue

__all__ = ["Queue", "SlaPage", "build_sla"]
