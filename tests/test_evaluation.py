"""The measures of an episode on hand-written ones."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lamour_jax.evaluation import Episodes, make_play, summarise
from tests.scripted import Scripted

LENGTH = 120


class _Script:
    """Plays the action of `params` [T] that the clock in the observation points to."""

    @staticmethod
    def apply(params, obs):
        action = params[obs[:, 1].astype(int)][:, None]
        # The deterministic action is the tanh of the mean: infinite means give exactly 1 and -1.
        return jnp.sign(action) * jnp.inf + jnp.where(jnp.isnan(action), jnp.nan, 0.0), None


@pytest.fixture(scope="module")
def plays():
    """One program for every kind of start."""
    played = jax.jit(make_play(Scripted(episode_length=LENGTH), _Script))

    def from_start(start, script):
        starts = Scripted(start).draw_starts(jax.random.key(0), 2)
        return played(script, *starts)

    return from_start


def play(plays, *parts, start="ood"):
    """One episode: parts are (steps, +1 healthy, -1 fallen or NaN broken); the last one fills."""
    script = np.concatenate([np.full(steps, value) for steps, value in parts])
    script = np.append(script, np.full(LENGTH - len(script), parts[-1][1])).astype(np.float32)
    episodes = plays(start, jnp.asarray(script))
    for values in episodes:
        assert values[0] == values[1]
    return {name: np.asarray(value)[0].item() for name, value in episodes._asdict().items()}


# Healthy steps pay 3, fallen ones nothing.


def test_never_recovered_is_no_success_though_it_runs_to_the_limit(plays):
    assert play(plays, (LENGTH, -1)) == {
        "returns": 0.0,
        "success": False,
        "recovered_at": -1,
        "lengths": LENGTH,
        "broken": False,
    }


def test_recovered_and_stayed(plays):
    # Ten steps on the ground; the eleventh is the first healthy one.
    assert play(plays, (10, -1), (LENGTH - 10, 1)) == {
        "returns": 330.0,
        "success": True,
        "recovered_at": 11,
        "lengths": LENGTH,
        "broken": False,
    }


def test_fall_after_recovery_is_no_success_and_ends_the_count(plays):
    # What happens after the end, even another recovery, counts for nothing.
    assert play(plays, (10, -1), (70, 1), (1, -1), (39, 1)) == {
        "returns": 210.0,
        "success": False,
        "recovered_at": 11,
        "lengths": 81,
        "broken": False,
    }


@pytest.mark.parametrize(("healthy_steps", "recovered_at"), [(49, -1), (50, 11), (51, 11)])
def test_a_recovery_counts_once_it_has_lasted_fifty_steps(plays, healthy_steps, recovered_at):
    measured = play(plays, (10, -1), (healthy_steps, 1), (1, -1))
    assert measured["recovered_at"] == recovered_at
    assert measured["lengths"] == 11 + healthy_steps
    assert measured["success"] is False


def test_recovery_just_before_the_limit_is_a_success_without_a_time(plays):
    measured = play(plays, (LENGTH - 49, -1), (49, 1))
    assert measured["success"] is True
    assert measured["recovered_at"] == -1
    assert play(plays, (LENGTH - 50, -1), (50, 1))["recovered_at"] == LENGTH - 49


@pytest.mark.parametrize("steps_before", [(30, -1), (30, 1)])
def test_a_broken_simulation_is_no_success(plays, steps_before):
    measured = play(plays, steps_before, (1, np.nan), (1, 1))
    assert (measured["broken"], measured["success"], measured["lengths"]) == (True, False, 31)
    assert measured["returns"] == (90.0 if steps_before[1] == 1 else 0.0)


def test_from_a_normal_start_a_fall_ends_at_once(plays):
    measured = play(plays, (5, 1), (1, -1), (1, 1), start="normal")
    assert (measured["success"], measured["lengths"], measured["returns"]) == (False, 6, 15.0)
    assert play(plays, (LENGTH, 1), start="normal")["success"] is True


class _Errand(Scripted):
    """A task with an end: done in the thirtieth step, if healthy then."""

    has_end = True

    def is_accomplished(self, physics):
        return (physics.qvel[0] >= 29.5) & self.is_healthy(physics)


@pytest.fixture(scope="module")
def limited():
    """(kind of task) -> play of two episodes from the OOD start, with limits."""
    made = {}
    for kind in (Scripted, _Errand):
        env = kind(episode_length=LENGTH)
        made[kind] = jax.jit(make_play(env, _Script)), env.draw_starts(jax.random.key(0), 2)

    def played(kind, script, limits):
        played, starts = made[kind]
        script = np.append(script, np.full(LENGTH - len(script), script[-1])).astype(np.float32)
        episodes = played(jnp.asarray(script), *starts, jnp.asarray(limits))
        return {name: np.asarray(value).tolist() for name, value in episodes._asdict().items()}

    return played


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        # Healthy from the eleventh step on; nothing can undo that once the task is done.
        ([-1] * 10 + [1], {"success": True, "lengths": 30, "recovered_at": 11, "returns": 60.0}),
        ([-1], {"success": False, "lengths": LENGTH, "recovered_at": -1}),
        ([-1] * 10 + [1] * 9 + [-1], {"success": False, "lengths": 20, "recovered_at": -1}),
        # Up in time to have done it, but it counts only after a healthy state.
        ([-1] * 29 + [1], {"success": True, "lengths": 31, "recovered_at": 30}),
    ],
)
def test_a_task_with_an_end_succeeds_where_it_is_done(limited, script, expected):
    measured = limited(_Errand, script, [LENGTH, LENGTH])
    assert {name: measured[name][0] for name in expected} == expected


def test_episodes_of_one_program_have_limits_of_their_own(limited):
    script = [-1] * 10 + [1]
    errand = limited(_Errand, script, [29, 30])
    assert (errand["success"], errand["lengths"]) == ([False, True], [29, 30])
    # What comes after the limit, standing up for instance, counts for nothing.
    lasting = limited(Scripted, script, [10, 12])
    assert (lasting["success"], lasting["lengths"]) == ([False, True], [10, 12])
    assert lasting["returns"] == [0.0, 6.0]


def test_summary_by_hand():
    episodes = Episodes(
        returns=np.array([0.0, 100.0, 300.0, 40.0]),
        success=np.array([False, True, True, False]),
        recovered_at=np.array([-1, 20, 80, 30]),
        lengths=np.array([1000, 1000, 1000, 90]),
        broken=np.array([True, False, False, False]),
    )
    assert summarise(episodes) == {
        "episodes": 4,
        "success_rate": 0.5,
        "return": 110.0,
        # Squared distances from 110: 12100, 100, 36100, 4900; their mean is 13300.
        "return_std": pytest.approx(13300**0.5),
        "return_of_successes": 200.0,
        "time_to_recovery": 30.0,
        "mean_length": 772.5,
        "broken": 1,
    }


def test_summary_without_any_recovery_has_no_time():
    none = np.zeros(3)
    summary = summarise(Episodes(none, none > 0, none.astype(int) - 1, none + 1000, none > 0))
    assert summary["time_to_recovery"] is None
    assert summary["return_of_successes"] is None
    assert summary["success_rate"] == 0.0
