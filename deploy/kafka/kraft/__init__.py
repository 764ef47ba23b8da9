"""Brokers in KRaft mode as processes on this machine, with nothing but the standard library."""
