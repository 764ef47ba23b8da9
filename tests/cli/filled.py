"""Answers of any type that hold a text wherever a text may be."""

from __future__ import annotations

import dataclasses
import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec


def filled(kind, text):
    """A value of that type: texts are the text, numbers 1, lists have one of each; None only where nothing else may be.
    Words that choose how something is drawn are of their own types (Literal), of which it is the first.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in {str, Any}:
        return text
    if kind in {int, float, bool, bytes}:
        return kind(1)
    if origin is Literal:
        return arguments[0]
    if origin in {Union, types.UnionType}:
        return filled(next(each for each in arguments if each is not type(None)), text)
    if origin is dict:
        return {text: filled(arguments[1], text)}
    if origin is tuple:
        return tuple(filled(each, text) for each in arguments if each is not ...)
    if origin is not None:
        return [filled(arguments[0], text)]
    if issubclass(kind, msgspec.Struct) or dataclasses.is_dataclass(kind):
        return kind(**{name: filled(each, text) for name, each in get_type_hints(kind).items()})
    raise TypeError(kind)
