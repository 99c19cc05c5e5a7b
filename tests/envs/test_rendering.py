"""Pictures: is the robot in them, whole and in the middle, and what happens without OpenGL?"""

import os
import subprocess
import sys

import mujoco
import numpy as np
import pytest
from PIL import Image

import envs
import envs.opengl
from envs.rendering import (
    Look,
    RenderingUnavailable,
    encode_png,
    look_of,
    render,
    render_trajectory,
)

BALL = "<mujoco><worldbody><geom type='sphere' size='1'/></worldbody></mujoco>"
ROBOTS = ("ant", "half_cheetah", "hopper", "walker2d", "push_chair")


def can_draw() -> bool:
    try:
        render(mujoco.MjModel.from_xml_string(BALL), np.zeros(0), width=16, height=16)
    except RenderingUnavailable:
        return False
    return True


needs_opengl = pytest.mark.skipif(not can_draw(), reason="no OpenGL on this machine")


@pytest.fixture(scope="module", params=ROBOTS)
def env(request):
    return envs.make(request.param, engine="native")


def colourful(pixels: np.ndarray) -> np.ndarray:
    """Where a picture is not grey: floor, sky and shadow are, robots are not."""
    return np.ptp(pixels.astype(int), axis=-1) > 25


def centre_and_extent(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middle and size of the mask's bounding box (x, y) as shares of the picture."""
    ys, xs = np.nonzero(mask)
    low, high = np.array([xs.min(), ys.min()]), np.array([xs.max(), ys.max()])
    size = np.array(mask.shape[::-1])
    return (low + high) / 2 / size, (high - low) / size


@needs_opengl
def test_ood_pose_is_whole_in_the_middle_and_large(env):
    pixels = render(env.model, env.ood_qpos, width=320, height=240, look=look_of(env.name))
    assert pixels.shape == (240, 320, 3)
    assert pixels.dtype == np.uint8
    centre, extent = centre_and_extent(colourful(pixels))
    np.testing.assert_allclose(centre, 0.5, atol=0.1)
    assert 0.5 < extent.max() < 0.9


@needs_opengl
def test_camera_follows_a_robot_that_runs_away(env):
    if env.name == "push_chair":
        pytest.skip("it stays around its target")
    near = env.model.qpos0
    far = near.copy()
    far[0] += 500
    frames = list(
        render_trajectory(
            env.model, np.stack([near, near, far]), width=160, height=120, every=2, look=Look()
        )
    )
    assert len(frames) == 2
    for frame in frames:
        centre, _ = centre_and_extent(colourful(frame))
        np.testing.assert_allclose(centre, 0.5, atol=0.15)
    dark = [np.count_nonzero(frame.max(-1) < 80) for frame in frames]
    assert dark[1] > 0.8 * dark[0] > 0, "the shadow stayed behind"


@needs_opengl
def test_film_from_lying_to_standing_keeps_both_in_the_picture():
    env = envs.make("hopper", engine="native")
    poses = np.stack([env.ood_qpos, env.model.qpos0])
    for frame in render_trajectory(env.model, poses, width=160, height=120):
        mask = colourful(frame)
        border = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
        assert mask.any()
        assert not border.any()


@needs_opengl
def test_ant_shows_its_belly_on_its_back():
    env = envs.make("ant", engine="native")

    def yellow(qpos):
        r, g, b = render(env.model, qpos, width=320, height=240, look=look_of("ant")).T.astype(int)
        return np.count_nonzero((r > 200) & (g > 150) & (b < 80))

    assert yellow(env.ood_qpos) > 10 * max(1, yellow(env.model.qpos0))


@needs_opengl
def test_model_itself_is_left_alone():
    env = envs.make("hopper", engine="native")
    before = env.model.tex_data.copy(), env.model.geom_size.copy()
    render(env.model, env.ood_qpos, width=1280, height=32)
    np.testing.assert_array_equal(env.model.tex_data, before[0])
    np.testing.assert_array_equal(env.model.geom_size, before[1])
    assert env.model.vis.global_.offwidth == 640


@needs_opengl
def test_wrong_pose_is_refused():
    env = envs.make("hopper", engine="native")
    with pytest.raises(ValueError, match=r"\(5,\).*\(6,\)"):
        render(env.model, np.zeros(5))


def test_png_gives_the_pixels_back(tmp_path):
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    path = tmp_path / "image.png"
    path.write_bytes(encode_png(pixels))
    np.testing.assert_array_equal(np.asarray(Image.open(path)), pixels)


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        ({"MUJOCO_GL": "disable"}, "MUJOCO_GL=disable"),
        ({"MUJOCO_GL": "direct3d"}, "MUJOCO_GL=direct3d is not known"),
        ({"PYOPENGL_PLATFORM": "osmesa"}, "libegl1"),  # PyOpenGL bound to another library
        ({"MUJOCO_EGL_DEVICE_ID": "99"}, "libegl1"),  # no such graphics device
    ],
)
def test_without_opengl_the_error_says_what_to_do(settings, advice):
    """In a fresh process, since a library once loaded stays; the module alone, to be quick."""
    program = (
        "import runpy, sys\n"
        "opengl = runpy.run_path(sys.argv[1])\n"
        "try: opengl['open_context'](8, 8)\n"
        "except opengl['RenderingUnavailable'] as error: print(error)\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("MUJOCO_GL", "DISPLAY")}
    done = subprocess.run(
        [sys.executable, "-c", program, envs.opengl.__file__],
        env={**environment, **settings},
        capture_output=True,
        text=True,
        check=True,
    )
    assert advice in done.stdout


def test_switched_off_drawing_is_an_error_of_the_picture_not_of_the_import(monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "off")
    with pytest.raises(RenderingUnavailable, match="MUJOCO_GL=off"):
        render(mujoco.MjModel.from_xml_string(BALL), np.zeros(0))


@pytest.mark.parametrize("library", ["direct3d", "osmesa"])  # unknown; known and not installed
def test_robots_need_no_opengl(library):
    program = "import envs; print(envs.make('hopper').action_size, envs.names()[0])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "MUJOCO_GL": library},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "3 ant\n"), done.stderr
