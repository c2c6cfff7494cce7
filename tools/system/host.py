"""Facts about the machine that measurements were made on, read from /proc and /sys."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

GIB = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The machine. "" and None where a fact can't be read here.

    `cores` are the processors this process may use. `load_1min` is the average number of running
    processes over the last minute. `governor` is the clock-speed policy of the first processor.
    `virtualised` says that the processor reports a hypervisor.
    """

    cpu_model: str
    cores: int
    memory_bytes: int
    kernel: str
    load_1min: float
    governor: str
    virtualised: bool
    python_version: str

    @property
    def text(self) -> str:
        """The facts in one line."""
        facts = [
            f"{self.cores} cores of {self.cpu_model or platform.machine()}",
            f"{self.memory_bytes / GIB:.1f} GiB of memory",
            f"Linux {self.kernel}",
            "virtual machine" if self.virtualised else "",
            f"clock governor {self.governor}" if self.governor else "",
            f"load {self.load_1min:.2f}",
            f"Python {self.python_version}",
        ]
        return ", ".join(fact for fact in facts if fact)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What about this machine makes measurements noisy; empty when nothing does."""
        found = []
        if self.load_1min > self.cores / 2:
            found.append(
                f"the machine is busy with something else: load {self.load_1min:.2f} on {self.cores} cores"
            )
        if self.governor and self.governor != "performance":
            found.append(f"the clock speed varies: governor {self.governor}, steadier with performance")
        return tuple(found)


def host_facts(proc: Path = Path("/proc"), sys: Path = Path("/sys")) -> Host:
    """The machine as it is at this moment. Never raises: what can't be read stays empty."""
    cpu = _fields(proc / "cpuinfo")
    memory = _fields(proc / "meminfo").get("MemTotal", "0 kB").split()[0]
    load = _text(proc / "loadavg").split()
    return Host(
        cpu_model=" ".join(cpu.get("model name", cpu.get("Model", "")).split()),
        cores=len(os.sched_getaffinity(0)),
        memory_bytes=int(memory) * 1024,
        kernel=platform.release(),
        load_1min=float(load[0]) if load else 0.0,
        governor=_text(sys / "devices/system/cpu/cpu0/cpufreq/scaling_governor").strip(),
        virtualised="hypervisor" in cpu.get("flags", "").split(),
        python_version=platform.python_version(),
    )


def _fields(path: Path) -> dict[str, str]:
    """`name : value` lines; the first one of a name counts."""
    found: dict[str, str] = {}
    for line in _text(path).splitlines():
        name, _, value = line.partition(":")
        found.setdefault(name.strip(), value.strip())
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
