from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from tools.system.host import host_facts

CPUINFO = """processor\t: 0
model name\t: Example  CPU @ 2.00GHz
flags\t\t: fpu hypervisor sse
processor\t: 1
model name\t: Other
"""


def test_this_machine_is_described_in_one_line() -> None:
    host = host_facts()
    assert host.cores == len(os.sched_getaffinity(0))
    assert host.memory_bytes == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert host.load_1min >= 0
    assert "\n" not in host.text
    assert f"{host.cores} cores of " in host.text


def test_facts_are_read_from_the_kernels_files(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(CPUINFO)
    (tmp_path / "meminfo").write_text("MemTotal:        4194304 kB\nMemFree: 1 kB\n")
    (tmp_path / "loadavg").write_text("0.50 0.40 0.30 1/100 200\n")
    governor = tmp_path / "devices/system/cpu/cpu0/cpufreq/scaling_governor"
    governor.parent.mkdir(parents=True)
    governor.write_text("powersave\n")
    host = host_facts(tmp_path, tmp_path)
    assert host.cpu_model == "Example CPU @ 2.00GHz"
    assert host.memory_bytes == 4 * 2**30
    assert host.virtualised
    assert "4.0 GiB of memory" in host.text
    assert "virtual machine, clock governor powersave, load 0.50" in host.text
    assert any("governor powersave" in warning for warning in host.warnings)


def test_a_machine_that_tells_nothing_is_still_described(tmp_path: Path) -> None:
    host = host_facts(tmp_path, tmp_path)
    assert host.memory_bytes == 0
    assert not host.virtualised
    assert host.text.startswith(f"{host.cores} cores of ")


def test_a_busy_machine_is_a_warning() -> None:
    host = host_facts()
    busy = dataclasses.replace(host, load_1min=host.cores * 3.0)
    assert any("busy" in warning for warning in busy.warnings)
    quiet = dataclasses.replace(host, load_1min=0.0, governor="performance")
    assert quiet.warnings == ()
