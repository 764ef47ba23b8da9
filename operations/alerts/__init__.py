"""Alerts as others are told of them: filters, the outward form, places in their topic."""
