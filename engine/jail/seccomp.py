"""System-call filters: a deny-list for our own service processes, an allow-list for scripts."""

import ctypes
import errno
import os
import struct
from functools import cache
from typing import Literal

from engine.jail import bpf, syscalls
from engine.jail.bpf import ALLOW, Check, Rule, fail_with

_SET_MODE_FILTER = 1
_SYNC_THREADS = 1
_CLONE_THREAD = 0x00010000
_PROT_EXEC = 4
_AF_UNIX = 1
_OWN_PID = 0x7FFFFFF1
"""Stands in the assembled filter where a child's own process id is patched in."""

_FIOCLEX, _FIONCLEX, _FIONBIO = 0x5451, 0x5450, 0x5421
_HARMLESS_FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1032)
_PR_SET_NAME, _PR_GET_NAME = 15, 16

_DENIED_TO_SERVICES = """
    socket connect bind listen accept accept4
    execve execveat fork vfork ptrace process_vm_readv process_vm_writev kcmp
    pidfd_getfd pidfd_send_signal kill tkill rt_sigqueueinfo rt_tgsigqueueinfo process_madvise
    mount umount2 pivot_root chroot setns unshare fsopen fsmount move_mount open_tree mount_setattr
    bpf userfaultfd perf_event_open io_uring_setup io_uring_enter io_uring_register
    add_key request_key keyctl init_module finit_module delete_module kexec_load kexec_file_load
    reboot swapon swapoff acct quotactl syslog vhangup ioperm iopl modify_ldt nfsservctl
    settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname personality
    open_by_handle_at name_to_handle_at fanotify_init lookup_dcookie
    setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid
    msgget semget shmget mq_open
"""

_ALLOWED_TO_SCRIPTS = """
    read write readv writev lseek close close_range dup dup2 dup3 pipe pipe2 eventfd eventfd2
    fstat poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait
    epoll_pwait2 timerfd_create timerfd_settime timerfd_gettime
    munmap mremap madvise brk mincore msync
    futex futex_waitv set_robust_list get_robust_list rseq membarrier set_tid_address
    sched_yield sched_getaffinity sched_getparam sched_getscheduler sched_get_priority_max
    sched_get_priority_min getpid getppid gettid getuid geteuid getgid getegid getresuid getresgid
    getgroups getpgrp getpgid getsid uname sysinfo times getrusage getrlimit getcpu umask
    clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time
    getitimer setitimer alarm rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending
    rt_sigtimedwait rt_sigsuspend sigaltstack restart_syscall wait4 waitid
    exit exit_group getrandom arch_prctl
    recvfrom recvmsg shutdown getsockname getpeername getsockopt
"""

_FILE_CALLS = """
    open openat creat stat lstat newfstatat statx statfs fstatfs access faccessat faccessat2
    getcwd chdir fchdir readlink readlinkat mkdir mkdirat rmdir unlink unlinkat rename renameat
    renameat2 link linkat symlink symlinkat
    ftruncate fallocate fadvise64 fsync fdatasync flock getdents getdents64
    pread64 pwrite64 preadv pwritev copy_file_range sendfile
"""

_MODE_AND_TIME_CALLS = "chmod fchmod fchmodat fchown utimensat utime utimes futimesat"
_DO_NOTHING = fail_with(0)
"""Reports success without running the call."""


def confine_service_calls() -> None:
    """Deny network, exec, new processes and administration to every thread of this process.

    Threads can still be started. Needs no_new_privs.

    Raises:
        OSError: The kernel has no seccomp filters, or forbids them here.
    """
    denied = [Rule(number, fail_with(errno.EPERM)) for number in _numbers(_DENIED_TO_SERVICES)]
    rules = [*_thread_rules(), _only_to("tgkill", os.getpid()), *denied]
    install(_assembled(rules, default=ALLOW), all_threads=True)


Files = Literal["own", "shared", "none"]
"""What a script may do to files by their names.

`own`: everything, the file system is its own. `shared`: what Landlock judges; it does not judge
changes of mode and time, so those do nothing, nor cutting a file by its name, which is refused.
`none`: nothing.
"""


def confine_script_calls(*, own_pid: int, files: Files) -> None:
    """Allow this process only computing, its own descriptors and file calls as `files` says.

    Native code cannot be loaded any more.

    Raises:
        OSError: The kernel has no seccomp filters, or forbids them here.
    """
    program, positions = _script_filter(files=files)
    patched = bytearray(program)
    for position in positions:
        struct.pack_into("I", patched, position, own_pid)
    install(bytes(patched), all_threads=False)


def prepare_script_filter(files: Files) -> None:
    """Assemble a script filter ahead, so that children only patch their process id."""
    _script_filter(files=files)


def install(program: bytes, *, all_threads: bool) -> None:
    """Hand an assembled filter to the kernel; raises OSError when it is not taken."""
    code = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    )
    flags = _SYNC_THREADS if all_threads else 0
    stuck_thread = syscalls.call("seccomp", _SET_MODE_FILTER, flags, ctypes.addressof(header))
    if stuck_thread:
        raise OSError(errno.ESRCH, f"thread {stuck_thread} could not take over the seccomp filter")


def probe() -> None:
    """Raise OSError where the kernel cannot filter system calls; changes nothing.

    An unreadable program makes a kernel that can filter answer EFAULT.
    """
    try:
        syscalls.call("seccomp", _SET_MODE_FILTER, 0, 0)
    except OSError as error:
        if error.errno != errno.EFAULT:
            raise


@cache
def _script_filter(*, files: Files) -> tuple[bytes, tuple[int, ...]]:
    rules = [
        *_thread_rules(),
        *_script_checks(),
        *(Rule(number, ALLOW) for number in _numbers(_ALLOWED_TO_SCRIPTS)),
        *_file_rules(files),
    ]
    program = _assembled(rules, default=fail_with(errno.EPERM))
    return program, bpf.constant_positions(program, _OWN_PID)


def _file_rules(files: Files) -> list[Rule]:
    if files == "none":
        return []
    judged = [Rule(number, ALLOW) for number in _numbers(_FILE_CALLS)]
    on_own = ALLOW if files == "own" else _DO_NOTHING
    modes_and_times = [Rule(number, on_own) for number in _numbers(_MODE_AND_TIME_CALLS)]
    cutting = [Rule(number, ALLOW) for number in _numbers("truncate") if files == "own"]
    return judged + modes_and_times + cutting


def _thread_rules() -> list[Rule]:
    """Threads yes, processes no: glibc falls back to `clone`, whose flags can be looked at."""
    return [
        _rule("clone3", fail_with(errno.ENOSYS)),
        _rule(
            "clone",
            ALLOW,
            Check(0, "any_bit", (_CLONE_THREAD,)),
            otherwise=fail_with(errno.EPERM),
        ),
    ]


def _script_checks() -> list[Rule]:
    denied = fail_with(errno.EPERM)
    return [
        _rule("mmap", ALLOW, Check(2, "no_bit", (_PROT_EXEC,)), otherwise=denied),
        _rule("mprotect", ALLOW, Check(2, "no_bit", (_PROT_EXEC,)), otherwise=denied),
        _rule(
            "ioctl",
            ALLOW,
            Check(1, "one_of", (_FIOCLEX, _FIONCLEX, _FIONBIO)),
            otherwise=fail_with(errno.ENOTTY),
        ),
        _rule("fcntl", ALLOW, Check(1, "one_of", _HARMLESS_FCNTL), otherwise=denied),
        _rule("socketpair", ALLOW, Check(0, "one_of", (_AF_UNIX,)), otherwise=denied),
        _rule("sendto", ALLOW, Check(4, "zero"), otherwise=denied),
        _only_to("kill", _OWN_PID),
        _only_to("tgkill", _OWN_PID),
        _rule("prlimit64", ALLOW, Check(0, "one_of", (0, _OWN_PID)), otherwise=denied),
        _rule("prctl", ALLOW, Check(0, "one_of", (_PR_SET_NAME, _PR_GET_NAME)), otherwise=denied),
    ]


def _only_to(name: str, process: int) -> Rule:
    check = Check(0, "one_of", (process,))
    return _rule(name, ALLOW, check, otherwise=fail_with(errno.EPERM))


def _rule(name: str, action: int, check: Check | None = None, otherwise: int = ALLOW) -> Rule:
    return Rule(syscalls.number(name), action, check, otherwise)


def _numbers(names: str) -> list[int]:
    return [syscalls.number(name) for name in names.split() if syscalls.exists(name)]


def _assembled(rules: list[Rule], *, default: int) -> bytes:
    return bpf.assemble(syscalls.machine().audit_architecture, rules, default)
