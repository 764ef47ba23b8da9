"""The `suyuan` command."""

import os

# Polars reads these when it is imported. Stages, loader and log each have a thread of their own; frames are small
# enough that spreading one over more threads costs more than it gains (measured: 10 % less processor time per listing).
os.environ.setdefault("POLARS_MAX_THREADS", "1")
# Its allocator gives freed memory back after half a second, to fault it in anew for the next block: it may keep it for
# half a minute (measured: 175 us of processor time per listing instead of 150, for 140 MiB).
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:30000,muzzy_decay_ms:-1")
