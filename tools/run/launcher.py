"""A small process that starts programs for a large one; run by path with `python -I -S`, never imported.

Why: Linux keeps a process's peak memory across fork and exec, so a program started by a process of
200 MB is said to have needed 200 MB. Started from here it is measured on its own (from about 10 MB up).
It also keeps fork cheap and away from the caller's threads.

Protocol on the socket inherited as file descriptor 3, one program at a time: a JSON request with the
three standard streams as file descriptors; answered by a line with the pid (or the error), later by a
line with wait status, CPU seconds and peak memory. When the caller goes away the program is killed.
"""

import contextlib
import json
import os
import resource
import select
import signal
import socket
from typing import Any


def serve(channel: socket.socket) -> None:
    """Answer requests until the caller closes the socket."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, 1 << 20, 3)
        if not message:
            return
        while not message.endswith(b"\n"):
            more = channel.recv(1 << 20)
            if not more:
                return
            message += more
        request = json.loads(message)
        pid, error = start(request, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        answer(channel, {"pid": pid, "error": error})
        if pid:
            answer(channel, wait(channel, pid))


def answer(channel: socket.socket, reply: dict[str, Any]) -> None:
    """Send one line."""
    channel.sendall(json.dumps(reply).encode() + b"\n")


def start(request: dict[str, Any], descriptors: list[int]) -> tuple[int, Any]:
    """Fork and exec; (pid, None), or (0, [errno, message]) when it could not be started."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            for target, descriptor in enumerate(descriptors):
                os.dup2(descriptor, target)
            os.set_inheritable(writer, False)
            os.closerange(3, writer)
            os.chdir(request["cwd"])
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if request["file_bytes"]:
                resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_bytes"], request["file_bytes"]))
            if request["cpus"]:
                os.sched_setaffinity(0, request["cpus"])
            os.execvpe(request["argv"][0], request["argv"], request["env"])  # noqa: S606
        except OSError as error:
            os.write(writer, json.dumps([error.errno, error.strerror]).encode())
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


def wait(channel: socket.socket, pid: int) -> dict[str, Any]:
    """Wait for the program's end; kill it when the caller has gone."""
    handle = os.pidfd_open(pid)
    watched: list[int | socket.socket] = [handle, channel]
    while True:
        ready, _, _ = select.select(watched, [], [])
        if handle in ready:
            break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        watched = [handle]
    os.close(handle)
    _, status, usage = os.wait4(pid, 0)
    return {
        "status": status,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_rss_bytes": usage.ru_maxrss * 1024,
    }


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(socket.socket(fileno=3))
