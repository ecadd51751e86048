"""Layer F: the system says no. Each kind of system call of a run fails with each error that fits it: the N-th of every thread, for each
N, and every one from the first, the middle and the last on. strace puts the error in the place of the call.

Whatever fails: no crash, an end, nothing broken at the target, no success that is none, and no report that is not true. A connection that
fails once, and a call that was interrupted, must not fail the run.
"""

import dataclasses

import invariants
import kill

_NETWORK = {"connect", "sendto", "sendmsg", "recvfrom", "recvmsg"}
# Calls that move nothing, or of which the manual says that they cannot fail in a way anybody could handle.
ERRORS = {
    "read": "EIO EINTR EAGAIN", "write": "ENOSPC EIO EINTR EAGAIN", "writev": "ENOSPC EIO EINTR", "open": "EMFILE ENFILE EIO ENOMEM EACCES ENOENT",
    "openat": "EMFILE ENFILE EIO ENOMEM EACCES ENOENT", "close": "EIO EINTR", "fsync": "EIO ENOSPC EINTR", "rename": "EIO ENOSPC EACCES",
    "unlink": "EIO EACCES", "stat": "EIO ENOENT", "fstat": "EIO", "access": "EIO",
    "socket": "EMFILE ENFILE ENOBUFS ENOMEM EACCES", "connect": "ECONNREFUSED ETIMEDOUT ENETUNREACH EHOSTUNREACH ECONNRESET EINTR EAGAIN",
    "sendto": "ECONNRESET EPIPE EINTR EAGAIN ENOBUFS ETIMEDOUT ENOMEM", "sendmsg": "ECONNRESET EPIPE EINTR EAGAIN",
    "recvfrom": "ECONNRESET EINTR EAGAIN ETIMEDOUT EIO ENOMEM", "recvmsg": "ECONNRESET EINTR EAGAIN",
    "poll": "EINTR ENOMEM EIO", "mmap": "ENOMEM EAGAIN", "munmap": "ENOMEM", "brk": "ENOMEM", "mprotect": "ENOMEM", "clone": "EAGAIN ENOMEM",
    "eventfd2": "EMFILE ENOMEM", "pipe2": "EMFILE", "socketpair": "EMFILE", "fcntl": "EIO EMFILE", "setsockopt": "ENOBUFS EINVAL",
    "getsockopt": "EIO", "getsockname": "ENOBUFS", "getpeername": "ENOTCONN", "getrandom": "EINTR EAGAIN ENOSYS", "ioctl": "EIO",
    "prlimit64": "EPERM", "rt_sigaction": "EINVAL", "timer_create": "EAGAIN ENOMEM", "timerfd_create": "EMFILE ENOMEM",
    "timerfd_settime": "EINVAL", "epoll_create1": "EMFILE ENOMEM", "epoll_ctl": "ENOMEM ENOSPC",
}
# Once in each thread, a run must outlive these; curl's own wake-up channel and TLS are not asked here.
_PASSES = {(call, error) for call in _NETWORK for error in ("ECONNRESET", "EPIPE", "ETIMEDOUT", "ECONNREFUSED")} | {("poll", "EINTR")}


@dataclasses.dataclass
class Refuse:
    call: str
    error: str
    at: int
    forever: bool
    layer: str = "F"

    @property
    def name(self):
        return f"{self.call} {self.error} {self.at}{' forever' if self.forever else ''}"

    @property
    def passes(self):
        return not self.forever and (self.call, self.error) in _PASSES

    def run(self, scene, binary, verdict):
        scene.fixed()
        with scene.fronts(), scene.runner(binary) as runner:
            inject = f"inject={self.call}:error={self.error}:when={self.at}{'+' if self.forever else ''}"
            trace = f"{runner.home}/trace"
            command = runner.arguments(*scene.documents(), ["--retries", "0"] if self.forever else [])
            result = runner.finish(runner.start([*kill.strace("-e", f"trace={self.call}", "-e", inject, output=trace), *command]))
            with open(trace, encoding="utf-8", errors="replace") as file:
                verdict["hits"] = file.read().count("(INJECTED)")
            scene.settle()
            broken = invariants.check(scene, result, hurt=True)
            verdict.update(violations=broken, survived=invariants.arrived(scene, result), exit=result.code)
            if broken or (self.passes and not verdict["survived"]):
                verdict["log"] = f"{result}\n{scene.log()}"


def cells(scene, binary):
    """After a clean run of the scene: each call it makes x each error x each number; for good from the first, the middle and the last."""
    _, most = kill.traced(scene, binary)
    found = []
    for call, errors in ERRORS.items():
        count = most.get(call, 0)
        for error in errors.split():
            found += [Refuse(call, error, at, False) for at in range(1, count + 1)]
            if error not in ("EINTR", "EAGAIN"):         # no system says these for ever
                found += [Refuse(call, error, at, True) for at in sorted({1, (count + 1) // 2, count}) if at]
    return found
