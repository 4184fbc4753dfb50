"""The demo company Northwind Analytics: made up, deterministic, with planted stories."""
