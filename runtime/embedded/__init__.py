"""Everything in one process: log, stages, loader, tables, verifier, queries for other processes."""
