"""A simulated Chinese market with planted faults: for the demo, tests and benches."""
