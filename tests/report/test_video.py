"""Films of episodes: length, speed, size, and that the robot moves in them."""

import re
import subprocess

import imageio_ffmpeg
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import envs
from envs.rendering import RenderingUnavailable, render
from lamour_jax.cli.common import films_explained
from lamour_jax.errors import EncoderUnavailable, UserError
from lamour_jax.networks import Actor
from lamour_jax.policy import policy_from_params
from lamour_jax.report import films, video
from lamour_jax.report.films import shoot_before_and_after
from lamour_jax.report.video import (
    Trajectory,
    film,
    film_steps,
    make_rollout,
    record_episode,
    write_mp4,
)


@pytest.fixture(scope="module")
def opengl(env):
    try:
        render(env.model, env.ood_qpos, width=16, height=16)
    except RenderingUnavailable:
        pytest.skip("no OpenGL on this machine")


@pytest.fixture
def drawn(monkeypatch):
    """Poses that were asked to be drawn; a frame's brightness is the pose's first entry."""
    poses: list[np.ndarray] = []

    def draw(model, qpos, *, width, height, look):
        for row in qpos:
            poses.append(row)
            yield np.full((height, width, 3), 40 * row[0], np.uint8)

    monkeypatch.setattr(video, "render_trajectory", draw)
    return poses


def ffmpeg(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), *arguments]
    return subprocess.run(command, check=False, capture_output=True)


def about(path) -> str:
    """What ffmpeg says of a film."""
    return ffmpeg("-i", str(path)).stderr.decode()


def frames_of(path) -> tuple[np.ndarray, float]:
    """(frames [T, H, W, 3], frames per second)"""
    told = about(path)
    width, height = map(int, re.search(r", (\d+)x(\d+)", told).groups())
    pixels = ffmpeg("-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-").stdout
    fps = float(re.search(r"([\d.]+) fps", told)[1])
    return np.frombuffer(pixels, np.uint8).reshape(-1, height, width, 3), fps


def test_film_has_its_length_speed_and_motion(opengl, env, policy, tmp_path):
    path = record_episode(env, policy, tmp_path / "new" / "film.mp4", seed=3, max_steps=20)
    assert path == tmp_path / "new" / "film.mp4"
    assert [p.name for p in path.parent.iterdir()] == ["film.mp4"]
    frames, fps = frames_of(path)
    assert frames.shape == (21, 360, 480, 3)  # the start and twenty steps, each of them shown
    assert fps == pytest.approx(1 / env.dt)
    change = np.abs(frames[-1].astype(int) - frames[0]).max(axis=-1) > 60
    assert change.mean() > 0.005
    assert path.stat().st_size < 200_000


def test_players_everywhere_read_it(drawn, env, tmp_path):
    path = film(env, np.zeros((3, 9)), tmp_path / "film.mp4")
    told = about(path)
    assert "h264" in told
    assert "yuv420p" in told
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat"), "the index is not in front"


def test_a_quick_robot_is_not_filmed_at_each_step(drawn, tmp_path):
    hopper = envs.make("hopper", "ood", "native")
    poses = np.linspace(0, 5, 26)[:, None] * np.ones(hopper.model.nq)
    path = film(hopper, poses, tmp_path / "film.mp4")
    frames, fps = frames_of(path)
    assert fps == pytest.approx(25)  # 125 control steps a second, every fifth
    assert len(frames) == len(drawn) == 6


def test_a_robot_that_lies_still_is_drawn_once(drawn, env, tmp_path):
    poses = np.zeros((12, 9))
    poses[6:] = 2.0
    path = film(env, poses, tmp_path / "film.mp4")
    assert len(drawn) == 2
    brightness = frames_of(path)[0].mean(axis=(1, 2, 3))
    np.testing.assert_allclose(brightness, [0] * 6 + [80] * 6, atol=6)


def test_film_shows_the_first_episode_of_an_evaluation(env, policy):
    trajectory = make_rollout(env, policy.network, 5)(policy.params, 11)
    starts = jax.vmap(env.reset)(jax.random.split(jax.random.key(11), 64))
    np.testing.assert_array_equal(trajectory.qpos[0], starts.pipeline_state.physics.qpos[0])
    state = jax.tree.map(lambda x: x[0], starts)
    for pose in trajectory.qpos[1:]:
        state = env.step(state, jnp.tanh(policy.network.apply(policy.params, state.obs)[0]))
        np.testing.assert_allclose(pose, state.pipeline_state.physics.qpos, atol=1e-3)


def test_film_ends_with_the_episode():
    hopper = envs.make("hopper", "normal", "native")
    actor = Actor(hopper.action_size, (4,))
    params = actor.init(jax.random.key(0), jnp.zeros(hopper.observation_size))
    trajectory = make_rollout(hopper, actor, 200)(params, 1)
    assert trajectory.terminated
    assert 1 < len(trajectory.qpos) == len(trajectory.healthy) < 200
    assert trajectory.healthy[:-1].all()
    assert not trajectory.healthy[-1]


@pytest.mark.parametrize(("robot", "seconds"), [("half_cheetah", 10.0), ("hopper", 8.0)])
def test_films_are_short(robot, seconds):
    env = envs.make(robot, "ood", "native")
    assert film_steps(env) * env.dt == pytest.approx(seconds)


def test_both_films_begin_alike(drawn, env, policy, tmp_path, monkeypatch):
    monkeypatch.setattr(films, "film_steps", lambda env: 8)
    other = policy_from_params(env.name, jax.tree.map(lambda x: -x, policy.params), policy.about)
    before, after = shoot_before_and_after(env, policy, other, tmp_path)
    assert [f.path.name for f in (before, after)] == ["original.mp4", "recovered.mp4"]
    starts = [pose for i, pose in enumerate(drawn) if i == 0 or (pose == drawn[0]).all()]
    assert len(starts) == 2
    assert before.caption == "Not once in a healthy state in 0.4 s."


@pytest.mark.parametrize(
    ("healthy", "terminated", "words", "stretches"),
    [
        ([0, 0, 0, 0, 0], False, "Not once in a healthy state in 0.2 s.", []),
        ([0, 0, 1, 1, 1], False, "In a healthy state after 0.1 s, and from", [(0.5, 1.0)]),
        ([0, 1, 1, 1], True, "after 0.1 s, its task done after 0.2 s", [(1 / 3, 1.0)]),
        ([0, 1, 1, 1, 0], True, "after 0.1 s, unhealthy again after 0.2 s", [(0.25, 1.0)]),
        ([1, 1, 1, 1, 1], False, "In a healthy state after 0.0 s", [(0.0, 1.0)]),
    ],
)
def test_caption_says_what_happens(healthy, terminated, words, stretches):
    trajectory = Trajectory(np.zeros((5, 1)), np.array(healthy, bool), terminated)
    assert words in films._what_happens(trajectory, 0.05)
    assert films._stretches(trajectory) == stretches


def test_no_opengl_is_passed_on_and_leaves_nothing_behind(env, policy, tmp_path, monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "off")
    with pytest.raises(RenderingUnavailable, match="MUJOCO_GL=off"):
        record_episode(env, policy, tmp_path / "film.mp4", seed=1, max_steps=2)
    assert list(tmp_path.iterdir()) == []


def test_no_ffmpeg_says_what_to_do(tmp_path, monkeypatch):
    def fail():
        raise RuntimeError("No ffmpeg exe could be found")

    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", fail)
    with pytest.raises(EncoderUnavailable, match="IMAGEIO_FFMPEG_EXE"):
        write_mp4(tmp_path / "film.mp4", [], 20.0)


@pytest.mark.parametrize("error", [RenderingUnavailable, EncoderUnavailable])
def test_commands_that_cannot_film_say_where_the_measures_are(error, tmp_path):
    said = r"metrics\.json, but there is no video: no films"
    with pytest.raises(UserError, match=said), films_explained(tmp_path):
        raise error("no films here")


def test_ffmpeg_s_complaint_is_heard_and_the_old_film_kept(tmp_path, monkeypatch):
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\necho 'Unknown encoder libx264' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", lambda: str(broken))
    old = tmp_path / "film.mp4"
    old.write_bytes(b"old")
    frames = [np.zeros((360, 480, 3), np.uint8)] * 3
    with pytest.raises(EncoderUnavailable, match="Unknown encoder"):
        write_mp4(old, frames, 20.0)
    assert old.read_bytes() == b"old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ffmpeg", "film.mp4"]
