"""How much memory this process may still take: what the host has to spare, or less where a
container or a batch system (Slurm, Kubernetes) limits it by a control group (cgroup)."""

from collections.abc import Iterator
from pathlib import Path

# Where groups with memory limits lie, and by which names (limit, use, and in memory.stat the part
# of the use that is cached files, to be had for the asking): cgroups, and those before version 2.
_V2 = ("sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file"))
_V1 = (
    "sys/fs/cgroup/memory",
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def available(root: Path = Path("/")) -> int | None:
    """Bytes; None where nothing is known (on another system than Linux).

    Args:
      root: of the file system.
    """
    spare = _number_after(root / "proc/meminfo", "MemAvailable:")
    known = [] if spare is None else [1024 * spare]
    return min([*known, *_left_in_groups(root)], default=None)


def _left_in_groups(root: Path) -> Iterator[int]:
    """What is left in each limited group that this process is in, and in those around it."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, place = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        folder, names = _V1 if controllers else _V2
        top = root / folder
        # Above a container's own root there is nothing to be seen.
        group = top / place.lstrip("/") if ".." not in place else top
        while group.is_relative_to(top):
            left = _left(group, *names)
            if left is not None:
                yield left
            group = group.parent


def _left(group: Path, limit_file: str, use_file: str, cached: str) -> int | None:
    """None where there is no limit."""
    try:
        limit, use = (int((group / name).read_text()) for name in (limit_file, use_file))
    except (OSError, ValueError):  # no such group, or "max"
        return None
    return max(0, limit - use + (_number_after(group / "memory.stat", cached) or 0))


def _number_after(file: Path, name: str) -> int | None:
    found = (line.split() for line in _lines(file))
    return next((int(words[1]) for words in found if words[:1] == [name]), None)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
