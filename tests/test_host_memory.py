"""What a process may still take, by files as Linux has them."""

from pathlib import Path

import pytest

from lamour_jax.host_memory import available

GB = 2**30


@pytest.fixture
def root(tmp_path):
    """A file system of a host with 16 GB to spare."""
    meminfo = f"MemTotal: {2**25} kB\nMemFree: 9 kB\nMemAvailable: {16 * 2**20} kB\n"
    write(tmp_path / "proc/meminfo", meminfo)
    return tmp_path


def write(file: Path, content: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{content}\n")


def test_the_hosts_where_nothing_limits_it(root):
    assert available(root) == 16 * GB
    write(root / "proc/self/cgroup", "0::/user")
    write(root / "sys/fs/cgroup/user/memory.max", "max")
    write(root / "sys/fs/cgroup/user/memory.current", GB)
    assert available(root) == 16 * GB


def test_a_batch_systems_limit_may_lie_further_up(root):
    write(root / "proc/self/cgroup", "0::/slurm/job_7/step_0")
    step = root / "sys/fs/cgroup/slurm/job_7/step_0"
    write(step / "memory.max", "max")
    write(step / "memory.current", GB)
    write(step.parent / "memory.max", 8 * GB)
    write(step.parent / "memory.current", 3 * GB)
    # Files that were read fill a group's memory, and make room when it is asked for.
    write(step.parent / "memory.stat", f"anon 7\nfile {3 * GB}\ninactive_file {2 * GB}")
    assert available(root) == (8 - 3 + 2) * GB


def test_a_container_sees_its_own_group_as_the_top(root):
    write(root / "proc/self/cgroup", "0::/../../system/container")
    write(root / "sys/fs/cgroup/memory.max", 4 * GB)
    write(root / "sys/fs/cgroup/memory.current", 5 * GB)
    assert available(root) == 0


def test_the_first_version_of_groups(root):
    write(root / "proc/self/cgroup", "5:cpu:/other\n4:hugetlb,memory:/job\n0::/")
    write(root / "sys/fs/cgroup/memory/memory.limit_in_bytes", 2**63 - 4096)
    write(root / "sys/fs/cgroup/memory/memory.usage_in_bytes", GB)
    write(root / "sys/fs/cgroup/memory/job/memory.limit_in_bytes", 6 * GB)
    write(root / "sys/fs/cgroup/memory/job/memory.usage_in_bytes", 2 * GB)
    write(root / "sys/fs/cgroup/memory/job/memory.stat", f"total_inactive_file {GB}")
    assert available(root) == 5 * GB


def test_another_system_than_linux_is_not_known(tmp_path):
    assert available(tmp_path) is None
