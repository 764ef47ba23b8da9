"""Commands whose modules are imported when they are named: each needs other libraries, and all of them take seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from suyuan.runtime.visible import visible

_UsageError: Any = typer.BadParameter.__base__


class CommandsOnDemand(Mapping[str, Any]):
    """Name → command, made at the first look."""

    def __init__(self, places: Mapping[str, str]) -> None:
        """`places`: name → module:function, or module:app of a command that has commands of its own."""
        self._places = places
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            module, _, attribute = self._places[name].partition(":")
            self._made[name] = _command(name, getattr(import_module(module), attribute))
        return self._made[name]

    def get(self, name: str, default: Any = None) -> Any:
        """The command, or `default`; a KeyError of the command's own module is not taken for "no such command"."""
        return self[name] if name in self._places else default

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def group_of(places: Mapping[str, str]) -> type[TyperGroup]:
    """For `typer.Typer(cls=...)`: a command that has these."""

    class Group(TyperGroup):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options | {"commands": {}})
            self.commands = CommandsOnDemand(places)  # type: ignore[assignment] # it is only read

        def make_context(self, *arguments: Any, **options: Any) -> Any:
            with _visible_errors():
                return super().make_context(*arguments, **options)

        def invoke(self, context: Any) -> Any:
            with _visible_errors():
                return super().invoke(context)

    return Group


@contextmanager
def _visible_errors() -> Iterator[None]:
    """What is wrong with arguments is told with what was given, which may be hostile."""
    try:
        yield
    except _UsageError as error:
        error.message = visible(error.message)
        raise


def _command(name: str, made_from: Any) -> Any:
    if isinstance(made_from, typer.Typer):
        command: Any = typer.main.get_group(made_from)
    else:
        app = typer.Typer(add_completion=False)
        app.command(name)(made_from)
        command = typer.main.get_command(app)
    command.name = name
    return command
