"""The parts of the Agreements page: definitions that both teams sign, and targets."""
