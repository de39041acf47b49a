"""Every flag that holds something is set, arrives at the engine, and is missed when it is not."""

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.adapters import probe_inside
from bot.adapters.docker_engine import DockerEngine
from bot.adapters.docker_flags import DockerLimits
from bot.adapters.docker_images import SANDBOX_IMAGE, TOOLS_IMAGE
from bot.adapters.docker_probe import probe
from bot.adapters.docker_reaper import DEADLINE, OWNER
from bot.adapters.seccomp_profile import ALLOWED, PROFILE
from tests.adapters.docker_sandboxes import SMALL, Job

NOT_ALLOWED = (
    "add_key bpf clone3 delete_module fanotify_init finit_module fsopen init_module "
    "io_uring_enter io_uring_register io_uring_setup kcmp kexec_load keyctl modify_ldt mount "
    "move_mount open_by_handle_at open_tree perf_event_open pidfd_getfd pivot_root "
    "process_vm_readv process_vm_writev ptrace quotactl reboot request_key setns socketcall "
    "swapon sync syslog umount2 unshare userfaultfd vhangup "
)

EXPECTED = {
    "Binds": None,
    "NetworkMode": "none",
    "ReadonlyRootfs": True,
    "CapDrop": ["ALL"],
    "CapAdd": None,
    "Privileged": False,
    "Init": True,
    "OomKillDisable": False,
    "NanoCpus": int(SMALL.cpus * 1e9),
    "IpcMode": "private",
    "PidMode": "",
    "UTSMode": "",
    "Devices": None,
    "ShmSize": SMALL.shm_bytes,
    "LogConfig": {"Type": "none", "Config": {}},
    "AutoRemove": False,
    "SecurityOpt": ["no-new-privileges:true", f"seccomp={PROFILE}"],
}


def inspected(docker_engine: DockerEngine) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return what the engine says of a holder and of a runner at work."""
    job = Job(docker_engine)
    with job.sandbox() as sandbox:
        thread = threading.Thread(
            target=sandbox.run, args=(["sleep", "30"],), kwargs={"timeout_s": 30}
        )
        thread.start()
        try:
            runner = next(c for c in job.wait_for_containers(2) if c != sandbox.holder)
            found = docker_engine.inspect(sandbox.holder), docker_engine.inspect(runner)
        finally:
            sandbox.close()
            thread.join()
    return found


@pytest.mark.docker
def test_the_engine_dropped_no_flag_of_either_container(docker_engine: DockerEngine) -> None:
    holder, runner = inspected(docker_engine)

    for found, memory, processes in (
        (holder, 64 << 20, 16),
        (runner, SMALL.runner_memory_bytes, SMALL.processes),
    ):
        host = found["HostConfig"]
        assert {name: host[name] for name in EXPECTED} == EXPECTED
        assert (host["Memory"], host["MemorySwap"], host["PidsLimit"]) == (
            memory,
            memory,
            processes,
        )
        assert {u["Name"]: u["Hard"] for u in host["Ulimits"]} == {
            "core": 0,
            "nofile": SMALL.open_files,
            "fsize": SMALL.workspace_bytes + 4096,
        }
        assert [(m["Type"], m["Destination"]) for m in found["Mounts"]] == [("volume", "/ws")]
        assert found["Config"]["User"] == "65534:65534"
        assert {OWNER, DEADLINE} <= set(found["Config"]["Labels"])
        assert list(found["NetworkSettings"]["Networks"]) == ["none"]


VARIABLES = {
    *("PATH", "HOME", "LANG", "TZ", "CI", "NO_COLOR", "PIP_DISABLE_PIP_VERSION_CHECK"),
    *("PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "PYTHONPATH", "GOCACHE", "GOMODCACHE"),
    *("GOFLAGS", "CARGO_HOME", "NODE_PATH"),
}


@pytest.mark.docker
def test_no_variable_reaches_a_container_but_ours(docker_engine: DockerEngine) -> None:
    for found in inspected(docker_engine):
        names = {entry.partition("=")[0] for entry in found["Config"]["Env"]}
        assert names <= VARIABLES


@pytest.mark.docker
@pytest.mark.parametrize("image", [SANDBOX_IMAGE, TOOLS_IMAGE])
def test_the_probe_finds_everything_held(docker_engine: DockerEngine, image: str) -> None:
    results = probe(docker_engine, image)

    assert len(results) > 25
    assert [result for result in results if not result.is_held] == []


@pytest.mark.docker
def test_the_probe_sees_what_plain_flags_let_through(docker_engine: DockerEngine) -> None:
    source = Path(probe_inside.__file__).read_text()
    # With the network off: this test is not about what the bridge reaches.
    plain = docker_engine._client.create_container(
        SANDBOX_IMAGE,
        ["python3", "-c", source],
        user="0",
        labels=Job(docker_engine).labels(),
        host_config={"NetworkMode": "none"},
    )["Id"]
    docker_engine.start(plain)
    assert docker_engine.exit_state(plain, timeout_s=60) is not None
    answers = json.loads(docker_engine._client.logs(plain))
    docker_engine.remove(plain)

    leaks = {name for name, (is_held, _) in answers.items() if not is_held}
    assert {"vsock", "ptrace", "mknod", "chroot", "CapEff", "NoNewPrivs", "write /probe"} <= leaks


@pytest.mark.parametrize("call", NOT_ALLOWED.split())
def test_dangerous_calls_are_not_on_the_list(call: str) -> None:
    assert call not in ALLOWED


def test_sockets_are_allowed_by_family_and_by_no_other_rule() -> None:
    rules = [r for r in json.loads(PROFILE)["syscalls"] if "socket" in r["names"]]

    families = [(r["args"][0]["value"], r["args"][0]["op"]) for r in rules]
    assert families == [(n, "SCMP_CMP_EQ") for n in (1, 2, 10, 16)]


def test_no_second_architecture_is_let_in() -> None:
    archs = json.loads(PROFILE)["archMap"]

    assert all(arch["subArchitectures"] == [] for arch in archs)


def test_memory_leaves_room_for_every_file_that_a_run_may_write() -> None:
    limits = DockerLimits()
    files = limits.workspace_bytes + limits.tmp_bytes + limits.shm_bytes

    assert limits.runner_memory_bytes - files == limits.memory_bytes
