"""The warehouse side: configuration, tables, engines, loading, checks and the app's own state."""
