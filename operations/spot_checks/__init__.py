"""Spot checks as they are carried out and published.

`verify.py` is a public file, not a module: whoever distrusts a check runs it, with Python's standard library alone.
"""
