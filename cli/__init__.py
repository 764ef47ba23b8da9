"""The `suyuan` command."""

import os

# Polars reads this when it is imported. Stages, loader and log each have a thread of their own; frames are small
# enough that spreading one over more threads costs more than it gains (measured: 10 % less processor time per listing).
os.environ.setdefault("POLARS_MAX_THREADS", "1")
