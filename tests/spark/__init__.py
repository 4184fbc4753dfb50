"""On a real Spark of two executors; part of ``make test-spark`` only."""
