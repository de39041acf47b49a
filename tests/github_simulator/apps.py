"""The App: its key, its installations, and the tokens they are given."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.github_simulator.accounts import Account
from tests.github_simulator.exchange import ApiError, not_found

if TYPE_CHECKING:
    from tests.github_simulator.repositories import Repo
    from tests.github_simulator.world import GitHub

PERMISSIONS = {
    "metadata": "read",
    "contents": "write",
    "pull_requests": "write",
    "checks": "write",
}
EVENTS = (
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "issue_comment",
    "check_run",
    "push",
    "merge_group",
)
_RANK = {"none": 0, "read": 1, "write": 2, "admin": 3}
_LONGEST_JWT = timedelta(minutes=10)
_TOKEN_LIFE = timedelta(hours=1)
_CLOCK_SKEW_S = 30


def covers(held: str | None, needed: str) -> bool:
    """Tell whether a level of access includes another."""
    return _RANK[held or "none"] >= _RANK[needed]


@cache
def _private_key() -> RSAPrivateKey:
    # One key for the whole test process: generating one takes 50 ms and more.
    return generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(slots=True, eq=False)
class Installation:
    """The App on one account, with what it may do there."""

    app: "App"
    id: int
    account: Account
    permissions: dict[str, str]
    repos: list["Repo"]
    is_suspended: bool = False
    deleted: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """An installation token. `name` is what the log shows instead of it."""

    name: str
    value: str = field(repr=False)
    installation: Installation
    permissions: Mapping[str, str]
    repos: tuple["Repo", ...] | None
    """None: every repository of the installation."""
    expires_at: datetime

    def sees(self, repo: "Repo") -> bool:
        is_asked_for = self.repos is None or repo in self.repos
        return is_asked_for and repo in self.installation.repos

    def may(self, scope: str, access: str) -> bool:
        return covers(self.permissions.get(scope), access)


@dataclass(slots=True, eq=False)
class App:
    """A GitHub App."""

    github: "GitHub"
    id: int
    slug: str
    permissions: dict[str, str]
    events: tuple[str, ...]
    webhook_secret: str
    owner: Account
    bot: Account
    token_form: str = "old"  # noqa: S105 a form, no secret
    """`old` is `ghs_` and 36 characters; `stateless` is `ghs_APPID_` and a JWT of some 500."""
    installations: list[Installation] = field(default_factory=list)
    tokens: dict[str, Token] = field(default_factory=dict)
    """Live ones by value; a revoked token is not here any more."""
    minted: list[Token] = field(default_factory=list)
    """Every token that was ever given out."""

    @property
    def client_id(self) -> str:
        return f"Iv1.{self.id:016x}"

    @property
    def private_key_pem(self) -> str:
        """What the operator downloads."""
        form = PrivateFormat.TraditionalOpenSSL
        return _private_key().private_bytes(Encoding.PEM, form, NoEncryption()).decode()

    def verify(self, assertion: str) -> None:
        """Raise 401 where a JWT is not a good one of this App."""
        try:
            claims = jwt.decode(
                assertion,
                _private_key().public_key(),
                algorithms=["RS256"],
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
        except jwt.InvalidTokenError as error:
            raise ApiError(401, "A JSON web token could not be decoded") from error
        self._check_times(claims)
        if str(claims.get("iss")) not in (str(self.id), self.client_id):
            raise ApiError(404, "Integration not found")

    def _check_times(self, claims: Mapping[str, object]) -> None:
        # By the real clock, which the bot goes by, wherever a test has moved the simulator's.
        now = time.time()
        expires, issued = claims.get("exp"), claims.get("iat")
        if not isinstance(expires, int) or expires <= now:
            message = (
                "'Expiration time' claim ('exp') must be a numeric value representing the future "
                "time at which the assertion expires"
            )
            raise ApiError(401, message)
        if expires > now + _LONGEST_JWT.total_seconds() + 1:
            raise ApiError(401, "'Expiration time' claim ('exp') is too far in the future")
        if not isinstance(issued, int) or issued > now + _CLOCK_SKEW_S:
            message = (
                "'Issued at' claim ('iat') must be an Integer representing the time that the "
                "assertion was issued"
            )
            raise ApiError(401, message)

    def installation_for(self, repo: "Repo") -> Installation | None:
        """Return the installation that has this repository."""
        return next((one for one in self.installations if repo in one.repos), None)

    def installation(self, installation_id: int) -> Installation:
        """Return an installation by id, or raise 404."""
        for one in self.installations:
            if one.id == installation_id and not one.deleted:
                return one
        raise not_found()

    def mint(
        self,
        installation: Installation,
        *,
        permissions: Mapping[str, str] | None = None,
        repos: Sequence["Repo"] | None = None,
        is_stateless: bool = False,
    ) -> Token:
        """Make a token; what it may do was checked before."""
        expires_at = self.github.clock.now() + _TOKEN_LIFE
        held = dict(installation.permissions if permissions is None else permissions)
        token = Token(
            name=f"token {len(self.minted) + 1}",
            value=self._fresh_value(expires_at, is_stateless=is_stateless),
            installation=installation,
            # Metadata comes with every permission, asked for or not.
            permissions={"metadata": "read", **held},
            repos=None if repos is None else tuple(repos),
            expires_at=expires_at,
        )
        self.tokens[token.value] = token
        self.minted.append(token)
        return token

    def _fresh_value(self, expires_at: datetime, *, is_stateless: bool) -> str:
        if self.token_form == "old" and not is_stateless:  # noqa: S105 a form, no secret
            return "ghs_" + secrets.token_hex(18)
        parts = [
            {"alg": "ES256", "typ": "JWT", "kid": secrets.token_hex(16)},
            {"iss": "github", "exp": int(expires_at.timestamp()), "jti": secrets.token_hex(70)},
        ]
        rows = [_part(json.dumps(part).encode()) for part in parts]
        rows.append(_part(hashlib.sha512(secrets.token_bytes(8)).digest()))
        return f"ghs_{self.id}_{'.'.join(rows)}"


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
