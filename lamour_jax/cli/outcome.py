"""What a run of `lamour recover` came to: judged, written down, and told."""

import shutil
import statistics
from typing import Any

from lamour_jax.cli.arena import Arena
from lamour_jax.errors import UserError
from lamour_jax.recovery import learns_from_programs
from lamour_jax.runs import POLICY_FILE, REWARD_FOLDER, Journal, Run

RECOVERY_STARTS = ("ood", "battery")  # where there is something to recover from


def check_start(start: str) -> None:
    """Raises UserError where there is nothing to recover from."""
    if start not in RECOVERY_STARTS:
        known = " or ".join(RECOVERY_STARTS)
        raise UserError(f"there is nothing to recover from at --start {start}: choose {known}")


def judge_run(run: Run, arena: Arena, before: dict[str, Any]) -> dict[str, Any]:
    """Judges every member's best policy; the winner's figures, from where the run's episodes begin,
    are the run's.

    Args:
      before: the original policy's measures.

    Returns what the run's metrics.json holds. The winner's policy and reward then lie where a run
    of one training has them.
    """
    winner = max(run.journals, key=lambda journal: journal.best_merit)
    judged = {
        journal.name: _figures(run.start, before, arena.judge(journal.best_actor()))
        for journal in run.journals
        if journal.has_policy
    }
    if run.num_members is not None:
        _promote(run, winner)
    return {
        "robot": run.robot_name,
        "start": run.start,
        "method": run.config["method"],
        "preset": run.config["preset"],
        "seeds": sorted(set(run.member_seeds or [run.config["train"]["seed"]])),
        "physics": run.config["physics"],
        **judged[winner.name],
        "seconds": round(run.seconds, 1),
        "original": before,
        **({"winner": winner.name, "members": judged} if run.num_members is not None else {}),
    }


def _figures(start: str, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: after[start][name] for name in ("success_rate", "return", "time_to_recovery")},
        "retention": _retention(before["normal"]["return"], after["normal"]["return"]),
        "recovered": after,
    }


def _retention(before: float, after: float) -> float | None:
    """The share of the original policy's return that is kept; None where that has none to keep."""
    return after / before if before > 0 else None


def _promote(run: Run, winner: Journal) -> None:
    """Copies the chosen member's policy and reward to where a run of one has them."""
    shutil.copy2(winner.folder / POLICY_FILE, run.folder / POLICY_FILE)
    shutil.rmtree(run.folder / REWARD_FOLDER, ignore_errors=True)
    if learns_from_programs(run.config["method"]):
        shutil.copytree(winner.folder / REWARD_FOLDER, run.folder / REWARD_FOLDER)


def describe(outcome: dict[str, Any]) -> str:
    """The lines that matter."""
    time_to_recovery, start = outcome["time_to_recovery"], outcome["start"]
    return "\n".join(
        [
            f"{outcome['robot']}, {outcome['method']} ({outcome['preset']}, seed"
            f" {' '.join(map(str, outcome['seeds']))}), {outcome['recovered'][start]['episodes']}"
            f" episodes from {start} starts:",
            *_describe_members(outcome),
            f"  success_rate      {outcome['success_rate']:.3f}",
            f"  return            {outcome['return']:.0f} (the original policy from normal starts:"
            f" {outcome['original']['normal']['return']:.0f})",
            "  time_to_recovery  "
            + ("never" if time_to_recovery is None else f"{time_to_recovery:.0f} control steps"),
            f"  retention         {_share(outcome['retention'])}",
            *_describe_elsewhere(outcome),
            f"  {outcome['seconds']:.0f} s; report: {outcome['folder']}/report.html",
        ]
    )


def _describe_elsewhere(outcome: dict[str, Any]) -> list[str]:
    """Success from starts that the run's episodes did not begin at."""
    before, after = outcome["original"], outcome["recovered"]
    return [
        f"  from {start:<12} success_rate {after[start]['success_rate']:.3f} (the original policy:"
        f" {before[start]['success_rate']:.3f})"
        for start in RECOVERY_STARTS
        if start != outcome["start"] and start in after
    ]


def _describe_members(outcome: dict[str, Any]) -> list[str]:
    lines = [
        f"  {name}: success_rate {figures['success_rate']:.3f}, return {figures['return']:.0f},"
        f" retention {_share(figures['retention'])}"
        for name, figures in outcome.get("members", {}).items()
    ]
    if not lines:
        return []
    return [*lines, *_describe_means(outcome), f"  chosen: {outcome['winner']}"]


def _describe_means(outcome: dict[str, Any]) -> list[str]:
    """What to expect of each reward program: the winner alone would flatter it."""
    if len(outcome["seeds"]) == 1:
        return []
    groups: dict[str, list[dict[str, Any]]] = {}
    for name, figures in outcome["members"].items():
        groups.setdefault(name.rpartition("seed-")[0].rstrip("-"), []).append(figures)
    return [
        f"  mean{f' of {name}' if name else ''}: success_rate {_mean(members, 'success_rate'):.3f},"
        f" return {_mean(members, 'return'):.0f}, retention {_share(_mean(members, 'retention'))}"
        for name, members in groups.items()
    ]


def _mean(members: list[dict[str, Any]], measure: str) -> float | None:
    values = [figures[measure] for figures in members]
    return None if None in values else statistics.fmean(values)


def _share(retention: float | None) -> str:
    return "none to keep" if retention is None else f"{retention:.3f}"
