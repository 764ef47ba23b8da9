"""How a process of Suyuan runs: settings, the running of both shapes, metrics, logging, its end.

Imported before anything that imports polars, by each face.
"""

import os

# Polars reads these when it is imported. Stages, loader and log each have a thread of their own; frames are small
# enough that spreading one over more threads costs more than it gains (measured: 10 % less processor time per listing).
os.environ.setdefault("POLARS_MAX_THREADS", "1")
# For blocks of some thousand rows its streaming engine, which it chooses by itself, takes a tenth more than this one.
os.environ.setdefault("POLARS_ENGINE_AFFINITY", "in-memory")
# Its allocator gives freed memory back after half a second, to fault it in anew for the next block. It may keep it for
# half a minute: 150 us of processor time per listing instead of 175, and 140 MiB more. What the kernel may have by then
# still counts as ours for ten seconds, not for ever; and no more arenas keep something than threads run at once.
_KEEP = f"narenas:{max(2, os.cpu_count() or 2)},dirty_decay_ms:30000,muzzy_decay_ms:10000"
# what polars leaves in the environment of whoever imported it, our parent perhaps: it would outdo ours
_LEFT_BY_POLARS = "dirty_decay_ms:500,muzzy_decay_ms:1000"
_own = os.environ.get("_RJEM_MALLOC_CONF", "").replace(_LEFT_BY_POLARS, "").strip(",")
os.environ["_RJEM_MALLOC_CONF"] = f"{_KEEP},{_own}" if _own else _KEEP
