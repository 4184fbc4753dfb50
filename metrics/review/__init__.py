"""The joint review: plans, meetings, what closing one freezes, and what changed since
(docs/review.md)."""
