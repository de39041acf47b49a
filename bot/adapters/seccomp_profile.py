"""The system calls that code of a pull request may make: an allow-list of our own.

Narrower than Docker's default profile: no io_uring, no ptrace, no keys, no other process's memory,
no 32-bit or x32 calls (their `socketcall` hides the address family from a filter), and sockets
only of the families below. Docker's own test "family is not AF_VSOCK" compares 64 bits where the
kernel looks at 32, so it can be stepped around; an equality test on what is allowed cannot.
"""

import json

_SOCKET_FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
# Node, Go and glibc list network interfaces through NETLINK_ROUTE. Without capabilities it only
# reads, and in an empty network namespace there is nothing to read but `lo`.
_AF_NETLINK, _NETLINK_ROUTE = 16, 0
# Every CLONE_NEW* flag; a new user namespace would give back the capabilities we drop.
_NAMESPACE_FLAGS = 0x7E020000
# PER_LINUX, PER_LINUX32, each with UNAME26, and the query.
_PERSONALITIES = (0, 8, 0x20000, 0x20008, 0xFFFFFFFF)
_ENOSYS = 38

_FILES = """
    access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat
    faccessat2 fadvise64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl
    fdatasync fgetxattr flistxattr flock fremovexattr fsetxattr fstat fstatfs fsync ftruncate
    futimesat getcwd getdents getdents64 getxattr getxattrat inotify_add_watch inotify_init
    inotify_init1 inotify_rm_watch ioctl lchown lgetxattr link linkat listxattr listxattrat
    llistxattr lremovexattr lseek lsetxattr lstat mkdir mkdirat mknod mknodat newfstatat open
    openat openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead
    readlink readlinkat readv removexattr removexattrat rename renameat renameat2 rmdir sendfile
    setxattr setxattrat splice stat statfs statx symlink symlinkat sync_file_range syncfs tee
    truncate umask unlink unlinkat utime utimensat utimes vmsplice write writev cachestat
"""
_MEMORY = """
    arch_prctl brk madvise map_shadow_stack membarrier memfd_create mincore mlock mlock2 mlockall
    mmap mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect
    remap_file_pages riscv_flush_icache get_mempolicy
"""
_PROCESSES = """
    capget capset execve execveat exit exit_group fork futex futex_requeue futex_wait futex_waitv
    futex_wake get_robust_list get_thread_area getcpu getegid geteuid getgid getgroups getpgid
    getpgrp getpid getppid getpriority getresgid getresuid getrlimit getrusage getsid gettid
    getuid ioprio_get ioprio_set kill landlock_add_rule landlock_create_ruleset
    landlock_restrict_self pidfd_open pidfd_send_signal prctl prlimit64 restart_syscall rseq
    rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
    rt_sigtimedwait rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min
    sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
    sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp
    set_robust_list set_thread_area set_tid_address setfsgid setfsuid setgid setgroups setpgid
    setpriority setregid setresgid setresuid setreuid setrlimit setsid setuid sigaltstack sysinfo
    tgkill tkill uname vfork wait4 waitid
"""
_WAITING = """
    alarm clock_getres clock_gettime clock_nanosleep epoll_create epoll_create1 epoll_ctl
    epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 getitimer gettimeofday getrandom
    io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit nanosleep pause poll ppoll
    pselect6 select setitimer signalfd signalfd4 time timer_create timer_delete timer_getoverrun
    timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime times
"""
_TALKING = """
    accept accept4 bind connect getpeername getsockname getsockopt listen mq_getsetattr mq_notify
    mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd recvfrom recvmmsg
    recvmsg semctl semget semop semtimedop sendmmsg sendmsg sendto setsockopt shmat shmctl shmdt
    shmget shutdown
"""
ALLOWED = frozenset((_FILES + _MEMORY + _PROCESSES + _WAITING + _TALKING).split())
"""Calls that are allowed whatever their arguments; names a library does not know are ignored."""


def _rule(*names: str, action: str = "ALLOW", **more: object) -> dict[str, object]:
    return {"names": list(names), "action": f"SCMP_ACT_{action}", **more}


def _equals(index: int, value: int) -> dict[str, object]:
    return {"index": index, "value": value, "op": "SCMP_CMP_EQ"}


def _rules() -> list[dict[str, object]]:
    no_namespace = {
        "index": 0,
        "value": _NAMESPACE_FLAGS,
        "valueTwo": 0,
        "op": "SCMP_CMP_MASKED_EQ",
    }
    families = _SOCKET_FAMILIES.values()
    route = [_equals(0, _AF_NETLINK), _equals(2, _NETLINK_ROUTE)]
    return [
        _rule(*sorted(ALLOWED)),
        *(_rule("socket", args=[_equals(0, family)]) for family in families),
        _rule("socket", args=route),
        _rule("socketpair", args=[_equals(0, _SOCKET_FAMILIES["AF_UNIX"])]),
        *(_rule("personality", args=[_equals(0, value)]) for value in _PERSONALITIES),
        _rule("clone", args=[no_namespace]),
        # A filter cannot read clone3's struct; "no such call" makes the C library use clone.
        _rule("clone3", action="ERRNO", errnoRet=_ENOSYS),
    ]


PROFILE = json.dumps(
    {
        "defaultAction": "SCMP_ACT_ERRNO",
        "archMap": [
            {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": []},
            {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": []},
        ],
        "syscalls": _rules(),
    },
    separators=(",", ":"),
)
"""The profile as Docker takes it after `seccomp=`; anything not named is refused with EPERM."""
