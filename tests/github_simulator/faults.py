"""What can go wrong between the bot and GitHub, on purpose."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from tests.github_simulator.exchange import Answer, ApiError


@dataclass(frozen=True, slots=True)
class Status:
    """A plain error; with `after`, the request was carried out first, as with many a 502."""

    status: int = 502
    after: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    message: str = "Server Error"

    def answer(self) -> Answer:
        headers = {"Content-Type": "application/json; charset=utf-8", **self.headers}
        return Answer(self.status, {"message": self.message}, headers)


@dataclass(frozen=True, slots=True)
class Drop:
    """The connection ends without an answer: before the request is handled, or after."""

    after: bool = False


@dataclass(frozen=True, slots=True)
class Strike:
    """Something befalls the sender before its request is handled, or after; it gets no answer."""

    blow: Callable[[], object]
    after: bool = False


@dataclass(frozen=True, slots=True)
class Limited:
    """A secondary rate limit, with or without the header that says how long to wait."""

    status: int = 403
    retry_after_s: int | None = None

    def answer(self) -> Answer:
        message = (
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try "
            "again."
        )
        wait = {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}
        headers = {"Content-Type": "application/json; charset=utf-8", **wait}
        return ApiError(self.status, message, headers=headers).answer()


@dataclass(frozen=True, slots=True)
class Latency:
    """The answer comes late."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Nothing is wrong: somebody does something just before the request is handled."""

    happens: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Html:
    """A page of some proxy, with status 200."""

    def answer(self) -> Answer:
        page = b"<!DOCTYPE html><html><body>Unicorn!</body></html>"
        return Answer(200, page, {"Content-Type": "text/html; charset=utf-8"})


@dataclass(frozen=True, slots=True)
class Blank:
    """GraphQL is carried out, and its answer has null where the schema allows it."""

    data: Mapping[str, None] | None = None

    def answer(self) -> Answer:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return Answer(200, {"data": self.data}, headers)


@dataclass(frozen=True, slots=True)
class BadCredentials:
    """The token is expired, whatever the clock says."""

    def answer(self) -> Answer:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return ApiError(401, "Bad credentials", headers=headers).answer()


@dataclass(frozen=True, slots=True)
class Redirect:
    """Somewhere else; the location may be another host."""

    location: str
    status: int = 302

    def answer(self) -> Answer:
        content = {"message": "Moved", "url": self.location}
        headers = {"Location": self.location, "Content-Type": "application/json; charset=utf-8"}
        return Answer(self.status, content, headers)


@dataclass(frozen=True, slots=True)
class ForeignLink:
    """The answer is right, and its `Link` header leads to another host."""

    url: str


@dataclass(frozen=True, slots=True)
class Echo:
    """A refusal of something in between that repeats what it was sent, credential and all."""

    status: int = 422

    def answer(self, credential: str, *, is_git: bool) -> Answer:
        message = f"cannot serve {credential}"
        if is_git:
            # The answer of a git server that wants the person to read something.
            rows = (b"# service=git-upload-pack\n", b"", f"ERR {message}\n".encode())
            content = b"".join(b"%04x%b" % (len(row) + 4, row) if row else b"0000" for row in rows)
            return Answer(
                200, content, {"Content-Type": "application/x-git-upload-pack-advertisement"}
            )
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return ApiError(self.status, message, headers=headers).answer()


Fault = (
    Status
    | Drop
    | Strike
    | Limited
    | Latency
    | Meanwhile
    | Html
    | Blank
    | BadCredentials
    | Redirect
    | ForeignLink
    | Echo
)


@dataclass(slots=True)
class _Armed:
    method: str
    path: str
    fault: Fault
    times: int
    words: bytes

    def is_for(self, method: str, path: str, body: bytes) -> bool:
        is_path = self.method in ("*", method) and fnmatchcase(path, self.path)
        return is_path and self.words in body


class Faults:
    """Faults that wait for their request."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []
        self._guard = threading.Lock()

    def add(self, method: str, path: str, fault: Fault, *, times: int = 1, words: str = "") -> None:
        """Let the next `times` requests of a method (`*`: any) to a path pattern go wrong.

        Paths are those of the log: `/repos/octo/shop/pulls/*/reviews`, `/graphql`, `/git/*`.
        With `words`, only requests whose body holds them: all of GraphQL has one path.
        """
        with self._guard:
            self._armed.append(_Armed(method, path, fault, times, words.encode()))

    def take(self, method: str, path: str, body: bytes) -> Fault | None:
        """Return the fault for a request and use it up."""
        with self._guard:
            for armed in self._armed:
                if armed.is_for(method, path, body):
                    armed.times -= 1
                    if not armed.times:
                        self._armed.remove(armed)
                    return armed.fault
        return None

    def forget(self) -> None:
        """Disarm what has not met its request."""
        with self._guard:
            self._armed.clear()

    @property
    def left(self) -> int:
        """How many faults have not met their request: a test may want 0."""
        with self._guard:
            return sum(armed.times for armed in self._armed)
