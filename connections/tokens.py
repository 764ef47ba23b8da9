"""Tokens of SASL/OAUTHBEARER, in the form that each client library asks for.

A provider is called for each connection and re-authentication, and returns a token that is still valid.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiokafka.abc
import kafka.net.sasl.oauth

from suyuan.connections.errors import WrongConnection

TokenProvider = Callable[[], str]


def token_in(path: Path) -> str:
    """The token that a file holds now; renewing a token is replacing the file. Raises WrongConnection."""
    try:
        token = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise WrongConnection("token_file", f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise WrongConnection("token_file", f"{path} holds no token: not ASCII text") from None
    if not token or any(character.isspace() or not character.isprintable() for character in token):
        raise WrongConnection("token_file", f"{path} holds no token: {'it has blanks' if token else 'it is empty'}")
    return token


class AiokafkaTokens(aiokafka.abc.AbstractTokenProvider):  # type: ignore[misc] # untyped
    """Tokens for aiokafka: awaited, so a provider that asks a server does not block the loop."""

    def __init__(self, provider: TokenProvider) -> None:
        self._provider = provider

    async def token(self) -> str:
        """A valid token."""
        return await asyncio.to_thread(self._provider)


class KafkaPythonTokens(kafka.net.sasl.oauth.AbstractTokenProvider):  # type: ignore[misc] # untyped
    """Tokens for kafka-python."""

    def __init__(self, provider: TokenProvider) -> None:
        super().__init__()
        self._provider = provider

    def token(self) -> str:
        """A valid token."""
        return self._provider()
