"""Who writes and reads what in the memory of the joint review (docs/review-memory.md).

``data/review_memory/`` keeps it; here are the roles, what a viewer may see, and what a number was
when it was disputed.
"""
