"""The memory of the joint review: comments, decisions, actions, and disputes of a number.

Nothing that was written is overwritten or deleted. This package keeps and reads it;
``metrics/memory/`` knows who may write what.
"""
