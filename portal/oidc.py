"""Signing in by an identity provider: OpenID Connect's code flow with PKCE, by authlib (`pip install suyuan[oidc]`).

What the provider says is believed when it is signed by a key of its own now, meant for us, not over, and an answer to
what this browser was sent with.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError
from httpx import AsyncClient, HTTPError, Timeout
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from suyuan.access.grants import SESSION_MS
from suyuan.access.principal import Principal, kinds_of, scope_of
from suyuan.connections.addresses import is_loopback
from suyuan.connections.errors import WrongConnection
from suyuan.connections.secrets import secret
from suyuan.connections.tls import client_context
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.portal.oidc_roles import read_roles
from suyuan.portal.problems import Problem, unavailable
from suyuan.runtime.settings import Settings

logger = logging.getLogger(__name__)

CALLBACK = "/enter/callback"
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
LEEWAY_SECONDS = 60
KEYS_SECONDS = 600.0
"""after which a key that the provider has given up is not believed any more"""
SECONDS = 10.0
"""that the provider may take for an answer"""


class Sent(msgspec.Struct, frozen=True):
    """What a browser was sent to the provider with; it comes back with it in a cookie."""

    state: str
    nonce: str
    verifier: str
    to: str
    until: int


class Provider:
    """One identity provider. Its description and its keys are read when they are first needed, and the keys again when
    it signs with another.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        """Raises SuyuanError, CONFIGURATION."""
        self._issuer = settings.oidc_issuer.rstrip("/")
        self._client_id = settings.oidc_client_id
        self._clock = clock
        if urlsplit(self._issuer).scheme != "https" and not is_loopback(urlsplit(self._issuer).hostname or ""):
            raise _bad("oidc_issuer", "not an https address")
        if not settings.portal_origin:
            raise _bad("portal_origin", "needed for SUYUAN_OIDC_ISSUER: the provider sends browsers back to it")
        if not self._client_id:
            raise _bad("oidc_client_id", "needed for SUYUAN_OIDC_ISSUER")
        if settings.oidc_roles is None:
            raise _bad("oidc_roles", "needed for SUYUAN_OIDC_ISSUER: it says who has which role")
        self._redirect = settings.portal_origin.rstrip("/") + CALLBACK
        self._roles = read_roles(settings.oidc_roles)
        given = settings.oidc_client_secret
        try:
            self._secret = secret(
                "oidc_client_secret",
                None if given is None else given.get_secret_value(),
                settings.oidc_client_secret_file,
            )
            self._tls = client_context(settings.oidc_ca_file)
        except WrongConnection as error:
            raise _bad(error.field, error.reason) from None
        self._described: Mapping[str, Any] | None = None
        self._keys: KeySet | None = None
        self._keys_at = 0.0

    async def address(self, to: str) -> tuple[str, Sent]:
        """Where a browser is sent, and what it has to come back with. Raises Problem."""
        described = await self._description()
        sent = Sent(
            secrets.token_urlsafe(24),
            secrets.token_urlsafe(24),
            secrets.token_urlsafe(48),
            to,
            int(self._clock() * 1000) + 600_000,
        )
        async with self._client() as client:
            url, _ = client.create_authorization_url(
                described["authorization_endpoint"], state=sent.state, code_verifier=sent.verifier, nonce=sent.nonce
            )
        return str(url), sent

    async def principal(self, sent: Sent, code: str) -> Principal:
        """Who came back with that code. Raises Problem: unauthorized for what is not to be believed, forbidden for who
        has no role here.
        """
        described = await self._description()
        try:
            async with self._client() as client:
                token = await client.fetch_token(
                    described["token_endpoint"], code=code, code_verifier=sent.verifier, grant_type="authorization_code"
                )
        except (OAuthError, HTTPError, ValueError) as error:
            logger.warning("refused: action=enter.oidc reason=the provider gives no token: %s", type(error).__name__)
            raise Problem("unauthorized") from None
        claims = await self._claims(str(token.get("id_token", "")), sent.nonce)
        entry = self._roles.of(claims)
        subject = str(claims["sub"])
        if entry is None:
            logger.warning("refused: action=enter.oidc principal=oidc:%s reason=no role", subject[:100])
            raise Problem("forbidden")
        return Principal(
            id=f"oidc:{subject}",
            role=entry.role,
            name=str(claims.get("name") or claims.get("preferred_username") or subject)[:100],
            scope=scope_of(entry.role, entry.division, entry.code),
            kinds=kinds_of(entry.role, entry.kinds),
            came="session",
            not_after=int(self._clock() * 1000) + SESSION_MS,
        )

    async def _claims(self, token: str, nonce: str) -> Mapping[str, Any]:
        try:
            claims = await self._verified(token)
            jwt.JWTClaimsRegistry(
                now=int(self._clock()),
                leeway=LEEWAY_SECONDS,
                iss={"essential": True, "value": self._issuer},
                aud={"essential": True, "value": self._client_id},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(claims)
            if claims.get("azp", self._client_id) != self._client_id:
                raise ValueError("azp")  # noqa: TRY301 -- refused as the others are
        except (JoseError, ValueError) as error:
            logger.warning("refused: action=enter.oidc reason=%s: %s", type(error).__name__, error)
            raise Problem("unauthorized") from None
        return claims

    async def _verified(self, token: str) -> dict[str, Any]:
        """Signed by a key of the provider's: those that we know, then those that it has now."""
        if self._keys is not None and self._clock() - self._keys_at < KEYS_SECONDS:
            try:
                return jwt.decode(token, self._keys, algorithms=ALGORITHMS).claims
            except (JoseError, ValueError):
                logger.info("the provider's keys are read again")
        described = await self._description()
        self._keys = KeySet.import_key_set(cast("Any", await self._json(described["jwks_uri"])))
        self._keys_at = self._clock()
        return jwt.decode(token, self._keys, algorithms=ALGORITHMS).claims

    async def _description(self) -> Mapping[str, Any]:
        if self._described is None:
            found = await self._json(f"{self._issuer}/.well-known/openid-configuration")
            if str(found.get("issuer", "")).rstrip("/") != self._issuer:
                logger.error("the identity provider at %s says that it is another", self._issuer)
                raise unavailable("the identity provider is not the one that is named")
            self._described = found
        return self._described

    async def _json(self, url: str) -> dict[str, Any]:
        try:
            async with AsyncClient(verify=self._tls, timeout=Timeout(SECONDS), trust_env=False) as client:
                answer = await client.get(url)
                answer.raise_for_status()
                found = answer.json()
        except (HTTPError, ValueError) as error:
            logger.warning("the identity provider does not answer: %s", type(error).__name__)
            raise unavailable("the identity provider does not answer") from None
        return dict(found)

    def _client(self) -> Any:
        return AsyncOAuth2Client(
            client_id=self._client_id,
            client_secret=self._secret,
            redirect_uri=self._redirect,
            scope="openid profile",
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if self._secret else "none",
            verify=self._tls,
            timeout=Timeout(SECONDS),
            trust_env=False,
        )


def _bad(field: str, reason: str) -> SuyuanError:
    return SuyuanError(f"bad configuration: SUYUAN_{field.upper()}: {reason}", ErrorKind.CONFIGURATION)
