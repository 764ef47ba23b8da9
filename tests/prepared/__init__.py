"""Processes of suyuan that begin as copies of a Python that has imported it.

The suite starts hundreds of processes of `suyuan`, and importing what it stands on takes each of them two seconds of
processor time: more than half of what the suite took. `Popen` and `run` are those of `subprocess`, but a command that
is this Python with `-m` or `-c` is a fork of one that has imported everything. It has its own pid, signals, files,
environment and end, as any other. What has to be a Python of its own (settings that Python reads at its start, `python
script.py`, open files to inherit) is one, as it is with SUYUAN_TESTS_PREPARED=0.
"""

from tests.prepared.processes import Popen, run

__all__ = ["Popen", "run"]
