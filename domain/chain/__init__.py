"""The trace chain of a listing: its gaps, verdict, nodes and hops."""
