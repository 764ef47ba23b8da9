"""Summaries of records: recomputed when a record changes, joined to listings by column."""
