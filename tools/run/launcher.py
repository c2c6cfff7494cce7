"""A small process that starts programs for a large one; run by path with `python -I -S`, never imported.

Why: Linux keeps a process's peak memory across fork and exec, so a program started by a process of
200 MB is said to have needed 200 MB. Started from here it is measured on its own (from about 10 MB up;
in bubblewrap without that floor). It also keeps fork cheap and away from the caller's threads.

It is a child subreaper: whatever a program leaves behind (a double fork, a new session) becomes a child
of this process, which ends it before it says that the program has ended. Control groups and the folders for what
a program wrote are removed here, too, so that they go when the caller has been killed.

Protocol on the socket whose descriptor is the first argument, one program at a time: a JSON line with the
three standard streams as descriptors; answered by a line with the pid (or the error), later by a line with
wait status, seconds, CPU seconds, peak memory, what the control groups refused, and what was written and thrown
away; at last, when all of that is removed, by one more. Meanwhile the caller may send `T` (SIGTERM to the program's
group) or `K` (end everything). When the caller goes away everything is ended.
"""

import contextlib
import ctypes
import errno
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.run import enclosing, filtering, removing
else:  # run by path in an isolated interpreter, which doesn't look beside the program
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    import enclosing
    import filtering
    import removing

    del sys.path[0]

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
ENDING_S = 10.0
QUIET_END_S = 0.05
LIBC = ctypes.CDLL(None, use_errno=True)


def serve(channel: socket.socket) -> None:
    """Answer requests until the caller closes the socket."""
    while True:
        try:
            message, descriptors, _, _ = socket.recv_fds(channel, 1 << 20, 3)
        except ConnectionResetError:
            return
        message = message.lstrip(b"TK")  # meant for a program that had just ended by itself
        while message and not message.endswith(b"\n"):
            more = hear(channel, 1 << 20)
            if not more:
                return
            message += more
        if not message and not descriptors:
            if hear(channel, 1, socket.MSG_PEEK) == b"":
                return
            continue
        request = json.loads(message)
        started = time.monotonic()
        layers: list[str] = []
        try:
            layers = enclosing.make_layers(request["forgotten"])
            pid, error = start(request, descriptors, layers)
        except OSError as problem:
            pid, error = 0, [errno.EIO, f"{problem.filename}: {problem.strerror}"]
        for descriptor in descriptors:
            os.close(descriptor)
        answer(channel, {"pid": pid, "error": error})
        if pid:
            ended = wait(channel, pid, started, request)
            thrown_away = [name for layer in layers for name in enclosing.written_names(layer)]
            answer(channel, {**ended, "thrown_away": thrown_away})
        # A million files take a while to remove: that is no time of the program's, so it has its own answer.
        tidy(request["groups"], layers)
        answer(channel, {"tidied": True})


def hear(channel: socket.socket, most: int, flags: int = 0) -> bytes:
    """What the caller sent; nothing when it has gone, also with an answer unread (unix(7): ECONNRESET)."""
    try:
        return channel.recv(most, flags)
    except ConnectionResetError:
        return b""


def answer(channel: socket.socket, reply: dict[str, Any]) -> None:
    """Send one line; a caller that has gone needs none."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        channel.sendall(json.dumps(reply).encode() + b"\n")


def tidy(groups: list[str], layers: list[str]) -> None:
    """Remove what was made for one program. What can't be removed stays: it must not hide how the program ended."""
    for layer in layers:
        with contextlib.suppress(OSError):
            removing.remove_tree(layer)
    enclosing.remove_groups(groups)


def start(request: dict[str, Any], descriptors: list[int], layers: list[str]) -> tuple[int, Any]:
    """Fork and exec; (pid, None), or (0, [errno, message]) when it could not be started."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            become(request, descriptors, layers, writer)
        except OSError as error:
            os.write(writer, json.dumps([error.errno, error.strerror]).encode())
        except BaseException as error:  # a NUL in an argument, say; nothing may escape the forked child
            os.write(writer, json.dumps([22, str(error)]).encode())
        finally:
            os._exit(127)
    os.close(writer)
    problem = b""
    while chunk := os.read(reader, 4096):
        problem += chunk
    os.close(reader)
    if problem:
        os.waitpid(pid, 0)
        return 0, json.loads(problem)
    return pid, None


def become(request: dict[str, Any], descriptors: list[int], layers: list[str], writer: int) -> None:
    """In the forked child: session, streams, limits, processors, what encloses it, then the program."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):  # ignored by us or by Python
        signal.signal(number, signal.SIG_DFL)
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target)
    os.closerange(3, writer)
    os.closerange(writer + 1, 1024)
    with contextlib.suppress(OSError):  # short of memory, the kernel should end this one and not its caller
        handle = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(handle, b"500")
        os.close(handle)
    try:
        enclose(request, layers)
    except OSError as error:  # not to be taken for a program that is missing
        raise RuntimeError(str(error)) from error
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # a new user namespace would undo it
    os.chdir(request["cwd"])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if request["file_bytes"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_bytes"], request["file_bytes"]))
    if request["cpus"]:
        os.sched_setaffinity(0, request["cpus"])
    os.execvpe(request["argv"][0], request["argv"], request["env"])  # noqa: S606


def enclose(request: dict[str, Any], layers: list[str]) -> None:
    """In the forked child: groups, keyring, namespace, folders that forget. Raises: OSError."""
    enclosing.join_groups(request["groups"])
    if request["confined"]:
        enclosing.leave_keyring()
    if request["namespace"]:
        as_user = enclosing.enter_namespace()
        enclosing.forget_changes(request["forgotten"], layers, request["kept"], as_user=as_user)
        if as_user and request["tasks"]:  # counted in the new user namespace alone; root's are never counted
            resource.setrlimit(resource.RLIMIT_NPROC, (request["tasks"], request["tasks"]))
        filtering.refuse_ways_out()


def wait(channel: socket.socket, pid: int, started: float, request: dict[str, Any]) -> dict[str, Any]:
    """Wait for the program's end and end what it left; obey the caller meanwhile."""
    handle = os.pidfd_open(pid)
    watched: list[int | socket.socket] = [handle, channel]
    ready: list[int | socket.socket] = []
    orphans: list[resource.struct_rusage] = []
    while handle not in ready:
        ready, _, _ = select.select(watched, [], [], 1.0)
        orphans += bury(pid)
        if channel in ready:
            word = hear(channel, 1)
            if word == b"T":
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGTERM)
            else:
                enclosing.refuse_forks(request["groups"])
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
                end_children()
                break
    os.close(handle)
    _, status, usage = os.wait4(pid, 0)
    duration_s = time.monotonic() - started
    left = orphans + reap()
    # A wrapper that ends before its own init leaves the program's usage with that init, now our child.
    peaks = [u.ru_maxrss for u in left] if request["wrapped"] and left else [usage.ru_maxrss]
    return {
        "status": status,
        "duration_s": duration_s,
        "cpu_s": sum(u.ru_utime + u.ru_stime for u in [usage, *left]),
        "peak_rss_bytes": max(peaks) * 1024,
        "refused": {name: enclosing.count_in(*place) for name, place in request["counters"].items()},
    }


def bury(pid: int) -> list[resource.struct_rusage]:
    """Wait for orphans that have ended while the program `pid` runs."""
    usages: list[resource.struct_rusage] = []
    while True:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is None or found.si_pid == pid:
            return usages
        usages.append(os.wait4(found.si_pid, 0)[2])


def reap() -> list[resource.struct_rusage]:
    """Wait for every child that is left, ending those that don't end by themselves at once."""
    usages: list[resource.struct_rusage] = []
    begun = time.monotonic()
    while True:
        try:
            pid, _, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return usages
        waited_s = time.monotonic() - begun
        if pid:
            usages.append(usage)
        elif waited_s > ENDING_S:
            return usages
        else:
            if waited_s > QUIET_END_S:
                end_children()
            time.sleep(0.0005)


def end_children() -> None:
    """Kill every child of this process and its group; grandchildren then become children."""
    me, group = os.getpid(), os.getpgrp()
    for name in os.listdir("/proc"):  # noqa: PTH208 - pathlib would double our size
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError, IndexError):
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - as above
                fields = file.read().rpartition(b")")[2].split()
            if int(fields[1]) != me:
                continue
            if int(fields[2]) != group:
                os.killpg(int(fields[2]), signal.SIGKILL)
            os.kill(int(name), signal.SIGKILL)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    end = socket.socket(fileno=int(sys.argv[1]))
    end.set_inheritable(False)
    serve(end)
