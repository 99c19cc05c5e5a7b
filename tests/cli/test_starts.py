"""Where commands' episodes begin, and that no policy is chosen by the poses that judge it."""

import json
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import envs
from envs.starts import Poses, Start
from lamour_jax.cli import arena, recover, recovery_training
from lamour_jax.cli.arena import Arena
from lamour_jax.cli.evaluate import evaluate
from lamour_jax.cli.outcome import describe, judge_run
from lamour_jax.errors import UserError
from tests.scripted import Scripted


class _World(Scripted):
    """One exact OOD start, and a battery of three poses, of which one is healthy."""

    def ood_start(self) -> Start:
        return Start(self.ood_qpos)

    def battery_start(self, *, evaluation: bool) -> Poses:
        return Poses(np.array([[-0.5], [-0.25], [0.5]]), np.zeros((3, 1)))


class _Constant:
    """A policy that is its action."""

    @staticmethod
    def apply(params, obs):
        return jnp.full((len(obs), 1), params), None


@pytest.fixture
def scripted_arena(monkeypatch):
    make = lambda robot, start, physics, **settings: _World(start, **settings)  # noqa: E731
    monkeypatch.setattr(arena.common, "make_env", make)
    return Arena("scripted", "native", _Constant(), num_episodes=3)


def test_each_kind_of_start_is_judged_by_its_own_episodes(scripted_arena):
    lying = scripted_arena.judge(jnp.float32(-1.0))
    assert list(lying) == ["normal", "ood", "battery", "ood_exact"]
    assert [lying[place]["episodes"] for place in lying] == [3, 3, 3, 1]
    # Who begins healthy has fallen after one step; the others lie to the limit of five.
    assert lying["normal"]["mean_length"] == 1.0
    assert lying["ood"]["mean_length"] == lying["ood_exact"]["mean_length"] == 5.0
    assert lying["battery"]["mean_length"] == pytest.approx((5 + 5 + 1) / 3)
    standing = scripted_arena.judge(jnp.float32(1.0))
    assert {measures["success_rate"] for measures in standing.values()} == {1.0}


def test_training_from_the_battery_never_sees_the_poses_that_judge_it(
    monkeypatch, tmp_path, hopper_policy
):
    made = []

    def prepare(task, *_, **__):
        made.append(task.env)

    def evaluator(env, *_):
        made.append(env)

    def stop(*_, **__):
        raise UserError("enough")

    measures = {start: {"success_rate": 0.0, "return": 1.0} for start in ("normal", "ood")}
    measures["battery"] = measures["ood"]
    monkeypatch.setattr(Arena, "judge_original", lambda self, policy: measures)
    monkeypatch.setattr(recovery_training, "prepare_training", prepare)
    monkeypatch.setattr(recovery_training, "Evaluator", evaluator)
    monkeypatch.setattr(recovery_training, "run_training", stop)
    with pytest.raises(UserError, match="enough"):
        recover.recover(
            env="hopper",
            policy=hopper_policy,
            method="sac_zero",
            start="battery",
            out=tmp_path / "run",
        )
    judging = envs.make("hopper", "battery", "native", evaluation=True).start.qpos
    assert len(made) == 2
    for env in made:
        assert env.start_name == "battery"
        qpos, _ = env.draw_starts(jax.random.key(0), 256)
        assert np.abs(qpos[:, None, 1:] - judging[None, :, 1:]).max(axis=2).min() > 0.01


@pytest.mark.parametrize(("start", "other"), [("ood", "battery"), ("battery", "ood")])
def test_a_runs_figures_are_from_its_own_starts(start, other):
    def measures(success_rate):
        return {
            "episodes": 64,
            "success_rate": success_rate,
            "return": 100 * success_rate,
            "time_to_recovery": 9.0,
        }

    before = {start: measures(0.0), other: measures(0.125), "normal": measures(1.0)}
    after = {start: measures(0.75), other: measures(0.5), "normal": measures(0.9)}
    journal = SimpleNamespace(name="", best_merit=(0.75, 75.0), has_policy=True, best_actor=dict)
    run = SimpleNamespace(
        robot_name="hopper",
        start=start,
        journals=[journal],
        num_members=None,
        member_seeds=None,
        seconds=3.0,
        config={
            "method": "lamour",
            "preset": "fast",
            "physics": "native",
            "train": {"seed": 1},
        },
    )
    outcome = judge_run(run, SimpleNamespace(judge=lambda params: after), before)
    assert (outcome["success_rate"], outcome["return"]) == (0.75, 75.0)
    assert outcome["retention"] == pytest.approx(0.9)
    told = describe({**outcome, "folder": "there"}).splitlines()
    assert told[0].endswith(f"64 episodes from {start} starts:")
    assert told[1].split() == ["success_rate", "0.750"]
    [line] = [line for line in told if line.startswith(f"  from {other}")]
    assert "success_rate 0.500 (the original policy: 0.125)" in line
    # A robot without a battery, whose original policy earns nothing there is to keep.
    bare = [{k: v for k, v in m.items() if k != "battery" or start == k} for m in (before, after)]
    bare[0]["normal"] = {**measures(1.0), "return": -3.0}
    outcome = judge_run(run, SimpleNamespace(judge=lambda params: bare[1]), bare[0])
    assert outcome["retention"] is None
    assert "retention         none to keep" in describe({**outcome, "folder": "there"})


def test_an_evaluation_plays_the_batterys_evaluation_poses(tmp_path, hopper_policy):
    measures = evaluate(
        hopper_policy, env="hopper", start="battery", episodes=2, physics="native", out=tmp_path
    )
    assert (measures["start"], measures["episodes"]) == ("battery", 2)
    assert json.loads((tmp_path / "metrics.json").read_text()) == measures
