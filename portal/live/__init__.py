"""Alerts as they come: one reader of their topic, and a stream for whoever listens."""
