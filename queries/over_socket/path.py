"""Where the query service of a data folder listens.

A Unix socket in the folder, open to its owner alone. Socket paths may not be longer than some 100 bytes:
for a deeper folder the socket is in a private temporary folder, and a file says where.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_NAME = "query.sock"
_POINTER = "query.sock.path"
_LONGEST = 100
"""bytes; sockaddr_un has 108 on Linux and 104 on macOS, the terminating zero included"""


def place(folder: Path) -> Path:
    """Choose the path of a new socket; whatever an earlier run left is cleared away. The folder must be
    ours.
    """
    clear(folder)
    path = folder.resolve() / _NAME
    if len(os.fsencode(path)) <= _LONGEST:
        return path
    path = Path(tempfile.mkdtemp(prefix="suyuan-")) / _NAME
    pointer = folder / _POINTER
    pointer.write_text(str(path), encoding="utf-8")
    pointer.chmod(0o600)
    return path


def find(folder: Path) -> Path | None:
    """The path of the socket, None where no service was started. The service may be gone without having
    cleared it.
    """
    path = folder.resolve() / _NAME
    if len(os.fsencode(path)) > _LONGEST:
        try:
            path = Path((folder / _POINTER).read_text(encoding="utf-8"))
        except OSError:
            return None
    return path if path.exists() else None


def clear(folder: Path) -> None:
    """Remove the socket."""
    path = find(folder)
    if path is not None:
        path.unlink(missing_ok=True)
        if path.parent != folder.resolve():
            path.parent.rmdir()
    (folder / _POINTER).unlink(missing_ok=True)
