"""How the command ends."""

from suyuan.runtime.exit_codes import Exit, exit_of

__all__ = ["Exit", "exit_of"]
