"""The Docker Engine in our words: typed calls, bounded in time, with errors that say who acts."""

import base64
import contextlib
import json
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import requests
import urllib3
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.tls import TLSConfig

import docker
from bot.errors import SandboxFailed, SandboxUnavailable

PING_TIMEOUT_S = 4.0
CALL_TIMEOUT_S = 60.0
_CONFLICT = 409
_LOCAL_SOCKET = "unix:///var/run/docker.sock"
_OLDEST_API = "1.41"


class ByteStream:
    """The two outputs of a container as the engine sends them, with a limit on the wait."""

    def __init__(self, response_stream: Any) -> None:
        # For unix and tcp a SocketIO around the socket; for ssh and TLS the channel itself. The
        # outer one is kept too: when it is collected, it closes the connection.
        self._outer = response_stream
        self._socket: Any = getattr(response_stream, "_sock", response_stream)

    def receive(self, *, timeout_s: float) -> bytes:
        """Return the next bytes, none at the end; raises TimeoutError when none come in time."""
        self._socket.settimeout(timeout_s)
        return bytes(self._socket.recv(1 << 16))

    def close(self) -> None:
        """Hang up; the container goes on."""
        self._outer.close()
        self._socket.close()
        # docker-py ties its response and this stream in a ring, which would keep every connection
        # of the pool open until the garbage collector comes.
        vars(self._outer).pop("_response", None)


@dataclass(frozen=True, slots=True)
class Image:
    """An image that is there."""

    id: str
    labels: Mapping[str, str]
    path: str | None
    """Its own PATH, where it sets one."""
    size_bytes: int
    created: str
    """As the engine writes it, RFC 3339."""


@dataclass(frozen=True, slots=True)
class ExitState:
    """How a container ended."""

    exit_code: int
    is_out_of_memory: bool
    """Some process of it was killed for memory, even when the first one exited with 0."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A container or volume that carries a label of ours."""

    id: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FileStat:
    """What the engine says of a path before it sends it."""

    size_bytes: int
    mode: int
    """In the bits of Go's `os.FileMode`: no type bit at all for a regular file."""
    link_target: str
    """Of a link: where it leads inside the container, whether that exists or not."""


def connect(
    host: str | None = None,
    *,
    cert_path: Path | None = None,
    ping_timeout_s: float = PING_TIMEOUT_S,
) -> "DockerEngine":
    """Return the engine at `host` (DOCKER_HOST's form; None for the local socket).

    Raises SandboxUnavailable within about `ping_timeout_s` when nobody answers sensibly there.
    """
    where = host or "the local Docker socket"
    try:
        _knock(host or _LOCAL_SOCKET, ping_timeout_s)
        tls = _tls(cert_path)
        timeout = cast("int", ping_timeout_s)
        # docker-py can ask for the version itself, but leaks its connection where that fails.
        with contextlib.closing(
            docker.APIClient(host, version=_OLDEST_API, timeout=timeout, tls=tls)
        ) as asking:
            version = str(asking.version(api_version=False)["ApiVersion"])
        client = docker.APIClient(host, version=version, timeout=timeout, tls=tls)
    except (DockerException, requests.RequestException, OSError, ValueError, KeyError) as error:
        raise SandboxUnavailable(
            f"no Docker Engine answers at {where} ({_first_line(error)}): "
            "start Docker, or set DOCKER_HOST, or choose another sandbox"
        ) from error
    return DockerEngine(client)


def _knock(host: str, timeout_s: float) -> None:
    """Try the local socket first: docker-py leaks one for each that does not open."""
    if host.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(timeout_s)
            client.connect(host.removeprefix("unix://"))


def _tls(cert_path: Path | None) -> "TLSConfig | bool":
    if cert_path is None:
        return False
    pair = (str(cert_path / "cert.pem"), str(cert_path / "key.pem"))
    return TLSConfig(client_cert=pair, ca_cert=str(cert_path / "ca.pem"), verify=True)


class DockerEngine:
    """Calls of one engine; each raises SandboxFailed when it breaks, within a bounded time."""

    def __init__(self, client: docker.APIClient) -> None:
        # types-docker leaves most of the low-level client untyped.
        self._client = cast("Any", client)
        self._client.timeout = CALL_TIMEOUT_S
        # The engine is never behind the proxy that the environment names for the web.
        self._client.trust_env = False

    def disconnect(self) -> None:
        """Close the connections; containers stay as they are."""
        self._client.close()

    def facts(self) -> Mapping[str, Any]:
        """Return what the engine says of itself (`docker info`)."""
        with _translated("say what it is"):
            return cast("Mapping[str, Any]", self._client.info())

    # Images

    def find_image(self, name: str) -> Image | None:
        """Return the image, or None when it is not there."""
        try:
            with _translated(f"look for the image {name}", passing=ImageNotFound):
                return _image(self._client.inspect_image(name))
        except ImageNotFound:
            return None

    def image(self, name: str) -> Image:
        """Return the image; raises SandboxUnavailable when it is not there."""
        found = self.find_image(name)
        if found is None:
            raise SandboxUnavailable(
                f"the image {name} is missing: run `make images`, or name another with "
                "PULLWRIGHT_SANDBOX_IMAGE or PULLWRIGHT_TOOLS_IMAGE"
            )
        return found

    def images(self, label: str) -> tuple[Image, ...]:
        """Return the images that carry a label."""
        with _translated("list images"):
            rows = self._client.images(filters={"label": label})
            return tuple(_image(self._client.inspect_image(row["Id"])) for row in rows)

    def remove_image(self, image_id: str) -> bool:
        """Remove an image unless a container uses it; tell whether it is gone."""
        try:
            with _translated("remove an image", passing=APIError):
                self._client.remove_image(image_id, noprune=False)
        except ImageNotFound:
            return True
        except APIError as error:
            if error.status_code == _CONFLICT:
                return False
            raise SandboxFailed(f"docker could not remove an image: {error}") from error
        return True

    def commit(self, container: str, *, repository: str, tag: str, labels: dict[str, str]) -> str:
        """Make an image of a container's file system and return its id."""
        with _translated("commit an image"):
            made = self._client.commit(container, repository, tag, conf={"Labels": labels})
            return str(made["Id"])

    # Containers

    def create(self, config: Mapping[str, object]) -> str:
        """Create a container and return its id."""
        try:
            with _translated("create a container", passing=ImageNotFound):
                return str(self._client.create_container_from_config(dict(config))["Id"])
        except ImageNotFound as error:
            raise SandboxUnavailable(f"the image {config['Image']} is missing") from error

    def start(self, container: str) -> None:
        """Start a container."""
        with _translated("start a container"):
            self._client.start(container)

    def attach(self, container: str) -> ByteStream:
        """Return the stream of both outputs; attach before start, or the beginning is lost."""
        with _translated("attach to a container"):
            return ByteStream(self._client.attach_socket(container))

    def exit_state(self, container: str, *, timeout_s: float) -> ExitState | None:
        """Wait for the end; None when it does not come in time."""
        try:
            with _translated("wait for a container", passing=requests.ConnectionError):
                self._client.wait(container, timeout=max(timeout_s, 0.01))
        # docker-py's wait() ends in ConnectionError or ReadTimeout, by the transport.
        except (requests.ConnectionError, requests.Timeout):
            return None
        state = self.inspect(container)["State"]
        return ExitState(int(state["ExitCode"]), bool(state["OOMKilled"]))

    def inspect(self, container: str) -> Mapping[str, Any]:
        """Return all the engine knows of a container."""
        with _translated("inspect a container"):
            return cast("Mapping[str, Any]", self._client.inspect_container(container))

    def remove(self, container: str) -> None:
        """Kill and remove a container; safe when it is gone already."""
        with _translated("remove a container"), contextlib.suppress(NotFound):
            try:
                self._client.remove_container(container, force=True, v=True)
            except APIError as error:
                # Somebody else is removing it, which is as good.
                if error.status_code != _CONFLICT:
                    raise

    def containers(self, label: str) -> tuple[Labelled, ...]:
        """Return the containers that carry a label, stopped ones too."""
        with _translated("list containers"):
            rows = self._client.containers(all=True, filters={"label": label})
            return tuple(Labelled(row["Id"], row["Labels"] or {}) for row in rows)

    def execute(self, container: str, argv: list[str], *, user: str) -> tuple[str, ByteStream]:
        """Start a second command in a running container; return its id and its output."""
        with _translated("run in a container"):
            made = self._client.exec_create(container, argv, user=user)["Id"]
            return str(made), ByteStream(self._client.exec_start(made, socket=True))

    def exec_exit_code(self, exec_id: str) -> int | None:
        """Return the exit code of a second command, None while it runs."""
        with _translated("look at a command"):
            return cast("int | None", self._client.exec_inspect(exec_id)["ExitCode"])

    # Files

    def upload(self, container: str, path: str, tar: Iterable[bytes]) -> None:
        """Unpack a tar stream in a container."""
        with _translated("copy files in"):
            self._client.put_archive(container, path, tar)

    def stat(self, container: str, path: str) -> FileStat | None:
        """Return what the engine says of a path, None when it is not there; takes 2 ms."""
        # docker-py has no method for this; sending the file instead takes the engine 40 ms.
        where = f"/v{self._client.api_version}/containers/{container}/archive"
        with _translated("look at a file"):
            answer = self._client.head(
                self._client.base_url + where, params={"path": path}, timeout=CALL_TIMEOUT_S
            )
            if answer.status_code == requests.codes.not_found:
                return None
            answer.raise_for_status()
            header = answer.headers["X-Docker-Container-Path-Stat"]
        return _file_stat(json.loads(base64.b64decode(header)))

    @contextlib.contextmanager
    def download(
        self, container: str, path: str
    ) -> Iterator[tuple[FileStat, Iterator[bytes]] | None]:
        """Give what the engine says of a path and a tar stream of it; None when it is not there."""
        try:
            with _translated("copy a file out", passing=NotFound):
                stream, stat = self._client.get_archive(container, path)
        except NotFound:
            yield None
            return
        with contextlib.closing(stream), _translated("copy a file out"):
            yield _file_stat(stat), stream

    # Volumes

    def create_volume(self, options: dict[str, str], labels: dict[str, str]) -> str:
        """Create a volume of the local driver and return its name."""
        with _translated("create a volume"):
            made = self._client.create_volume(driver="local", driver_opts=options, labels=labels)
            return str(made["Name"])

    def remove_volume(self, name: str) -> bool:
        """Remove a volume unless a container has it; tell whether it is gone."""
        try:
            with _translated("remove a volume", passing=APIError):
                self._client.remove_volume(name)
        except NotFound:
            return True
        except APIError as error:
            if error.status_code == _CONFLICT:
                return False
            raise SandboxFailed(f"docker could not remove a volume: {error}") from error
        return True

    def volumes(self, label: str) -> tuple[Labelled, ...]:
        """Return the volumes that carry a label."""
        with _translated("list volumes"):
            rows = self._client.volumes(filters={"label": label})["Volumes"] or []
            return tuple(Labelled(row["Name"], row["Labels"] or {}) for row in rows)


@contextlib.contextmanager
def _translated(
    what: str, *, passing: type[Exception] | tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Turn what the library raises into our error, all but `passing`."""
    try:
        yield
    except passing:
        raise
    except APIError as error:
        raise SandboxFailed(f"docker could not {what}: {error.explanation or error}") from error
    except (DockerException, requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise SandboxFailed(f"docker could not {what}: {_first_line(error)}") from error
    except OSError as error:
        raise SandboxFailed(f"docker could not {what}: {error}") from error


def _image(found: Mapping[str, Any]) -> Image:
    config = found.get("Config") or {}
    pairs = (entry.partition("=") for entry in config.get("Env") or ())
    path = next((value for name, _, value in pairs if name == "PATH"), None)
    labels = config.get("Labels") or {}
    return Image(found["Id"], labels, path, int(found["Size"]), found["Created"])


def _file_stat(stat: Mapping[str, Any]) -> FileStat:
    return FileStat(int(stat["size"]), int(stat["mode"]), str(stat["linkTarget"]))


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]
