"""Attacks on the running app and on its parts; docs/security.md says what each of them holds."""
