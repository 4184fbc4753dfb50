"""What marketing and sales have signed, and what of it is not what is computed
(docs/agreements.md)."""
