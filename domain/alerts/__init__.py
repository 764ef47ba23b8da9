"""Alerts: what people do with them, and what becomes of them by it.

ids.py    what an alert is called, and its group
acts.py   an act as an event, and which of them are refused
life.py   the state that a set of acts and the present facts give
"""
