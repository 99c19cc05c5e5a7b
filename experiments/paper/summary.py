"""A grid's results in Markdown, beside the paper's."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from experiments.original_policies import published_name
from experiments.paper import published
from experiments.paper.grid import VARIANTS
from experiments.paper.results import Result, of, robots_of
from experiments.paper.statistics import interval, iqm, iqm_over
from lamour_jax.report.figures import count

_HEAD = (
    "| robot | method | seeds | updates | return | published | success rate | retention"
    " | steps to recovery | minutes |\n" + "| --- " * 10 + "|"
)


def per_robot(results: Sequence[Result]) -> str:
    """A row for each robot and method: IQM over seeds, with the 95% interval of several."""
    lines = [_HEAD]
    for robot in robots_of(results):
        originals = [result.original for result in results if result.cell.robot == robot]
        lines.append(
            f"| {published_name(robot)} | *original policy, normal starts* | | |"
            f" {count(iqm(originals))} | {count(published.ORIGINAL[robot])} | | | | |"
        )
        lines += [
            _line(robot, method, seeds)
            for method in VARIANTS
            if (seeds := of(results, robot, method))
        ]
    return "\n".join(lines)


def over_robots(results: Sequence[Result], robots: Sequence[str], methods: Sequence[str]) -> str:
    """A row for each method: IQM and 95% interval over these robots, counted alike."""
    lines = [
        f"Over {', '.join(map(published_name, robots))}:",
        "",
        "| method | return / original policy's | success rate | retention |",
        "| --- | --- | --- | --- |",
    ]
    for method in methods:
        groups = [of(results, robot, method) for robot in robots]
        cells = [
            _with_interval([[measure(r) for r in group] for group in groups], "{:.2f}".format)
            for measure in (
                lambda r: r.normalised,
                lambda r: r.value("success_rate"),
                lambda r: r.value("retention"),
            )
        ]
        lines.append(f"| {VARIANTS[method].label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def machines(results: Sequence[Result]) -> str:
    """On what the cells ran, and when."""
    places = Counter((r.final["cpu"], r.final["cores"], r.final["jobs"]) for r in results)
    dates = sorted({result.final["date"] for result in results})
    period = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    parts = [
        f"{number} cell{'s' if number > 1 else ''} on {cpu},"
        f" {cores} core{'s' if cores != '1' else ''} each, {jobs} at once"
        for (cpu, cores, jobs), number in places.most_common()
    ]
    return f"{'; '.join(parts)}; {period}."


def _line(robot: str, method: str, seeds: Sequence[Result]) -> str:
    def show(measure: str, form) -> str:
        return _with_interval([[seed.value(measure) for seed in seeds]], form)

    times = np.array([seed.value("time_to_recovery") for seed in seeds])
    theirs = published.RETURNS[robot].get(method)
    return (
        f"| | {VARIANTS[method].label} | {len(seeds)}"
        f" | {count(np.median([seed.value('updates') for seed in seeds]))}"
        f" | {show('return', count)} | {'' if theirs is None else count(theirs)}"
        f" | {show('success_rate', '{:.2f}'.format)} | {show('retention', '{:.2f}'.format)}"
        f" | {'never' if np.isnan(times).all() else count(np.nanmedian(times))}"
        f" | {np.median([seed.value('seconds') for seed in seeds]) / 60:.0f} |"
    )


def _with_interval(strata: list[list[float]], form) -> str:
    middle = form(float(iqm_over(strata)))
    if all(len(values) == 1 for values in strata):
        return middle
    low, high = interval(strata)
    return f"{middle} ({form(float(low))} to {form(float(high))})"
