"""Pictures and video frames of a robot, without a display.

Models are drawn as in a studio: a pale sky, a soft floor whose squares are one metre wide, no
mirror images, and a camera that frames the robot. Importing this module needs no OpenGL; a picture
does.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import mujoco
import numpy as np
from PIL import Image

from envs.opengl import RenderingUnavailable, advice, open_context

__all__ = [
    "LOOKS",
    "Look",
    "Marking",
    "RenderingUnavailable",
    "encode_png",
    "look_of",
    "render",
    "render_trajectory",
]

_FLOOR_TONES = (110, 145)  # darkest and lightest grey of the floor's squares
_SKY_TONES = (205, 235)
_SHADOW_REACH = 3.0  # metres


@dataclass(frozen=True)
class Marking:
    """An ellipsoid of colour on a body, seen in pictures only: physics knows nothing of it.

    `pos` and `radii` are in metres in the body's own frame.
    """

    body: str
    pos: tuple[float, float, float]
    radii: tuple[float, float, float]
    rgb: tuple[float, float, float]


@dataclass(frozen=True)
class Look:
    """From where a robot is seen, and its paint.

    Angles are in degrees; azimuth 90 looks along +y, so that +x is to the right.
    """

    azimuth: float = 90.0
    elevation: float = -12.0
    markings: tuple[Marking, ...] = field(default=())


# A ball with four equal legs looks the same from above and below: paint tells back from belly.
_ANT_PAINT = (
    Marking("torso", (0.0, 0.0, 0.06), (0.247, 0.247, 0.197), (0.10, 0.25, 0.75)),
    Marking("torso", (0.0, 0.0, -0.06), (0.247, 0.247, 0.197), (0.95, 0.75, 0.05)),
)
LOOKS = {"ant": Look(azimuth=105.0, elevation=-30.0, markings=_ANT_PAINT)}


def look_of(robot: str) -> Look:
    """The look of a robot by its registered name; by default it is seen from the side."""
    return LOOKS.get(robot, Look())


def render(
    model: mujoco.MjModel,
    qpos: np.ndarray,
    *,
    width: int = 640,
    height: int = 480,
    look: Look | None = None,
) -> np.ndarray:
    """One picture of the model at `qpos` [nq], framed to that pose: uint8 [height, width, 3].

    Raises `RenderingUnavailable` without OpenGL and `ValueError` if `qpos` does not fit the model.
    """
    with _Studio(model, width, height, look or Look()) as studio:
        studio.pose(qpos)
        studio.frame([qpos])
        return studio.shoot()


def render_trajectory(
    model: mujoco.MjModel,
    qpos: np.ndarray,
    *,
    width: int = 640,
    height: int = 480,
    look: Look | None = None,
    every: int = 1,
) -> Iterator[np.ndarray]:
    """Frames uint8 [height, width, 3] of every `every`-th row of `qpos` [T, nq].

    The camera follows the centre of mass over the ground at one distance, from which both the first
    pose and the model's own standing pose are seen whole. Frames are made one at a time. Errors as
    in `render`.
    """
    with _Studio(model, width, height, look or Look()) as studio:
        studio.frame([qpos[0], model.qpos0])
        for row in qpos[::every]:
            studio.pose(row)
            yield studio.shoot()


def encode_png(pixels: np.ndarray) -> bytes:
    """A picture, uint8 [H, W, 3], as the bytes of a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


class _Studio:
    """A drawing context around a private copy of the model; use as a context manager."""

    def __init__(self, model: mujoco.MjModel, width: int, height: int, look: Look) -> None:
        self._model = _studio_model(model, width, height)
        self._data = mujoco.MjData(self._model)
        self._look = look
        self._aspect = width / height
        self._camera = mujoco.MjvCamera()
        self._camera.azimuth, self._camera.elevation = look.azimuth, look.elevation
        self._offset = np.zeros(3)
        self._gl = open_context(width, height)
        self._rect = mujoco.MjrRect(0, 0, width, height)
        try:
            self._context = mujoco.MjrContext(
                self._model, mujoco.mjtFontScale.mjFONTSCALE_150.value
            )
        except mujoco.FatalError as error:
            self._gl.free()
            raise RenderingUnavailable(advice(str(error))) from error
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN.value, self._context)
        self._scene = mujoco.MjvScene(self._model, maxgeom=2000)

    def __enter__(self) -> _Studio:
        return self

    def __exit__(self, *_: object) -> None:
        self._context.free()
        self._gl.free()

    def pose(self, qpos: np.ndarray) -> None:
        """Puts the model at `qpos` [nq]."""
        if np.shape(qpos) != (self._model.nq,):
            raise ValueError(
                f"qpos has shape {np.shape(qpos)}, the model needs ({self._model.nq},)"
            )
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_comPos(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)

    def frame(self, poses: list[np.ndarray]) -> None:
        """Sets the camera's distance so that each of `poses` would be seen whole, and its offset
        from the centre."""
        boxes = []
        for qpos in poses:
            self.pose(qpos)
            boxes.append(_corners(self._model, self._data) - self._ground_centre())
        corners = np.concatenate(boxes)
        self._offset = (corners.min(0) + corners.max(0)) / 2
        self._camera.distance = self._fitting_distance(corners - self._offset)
        self.pose(poses[0])

    def shoot(self) -> np.ndarray:
        """Draws the present pose: uint8 [height, width, 3]."""
        centre = self._ground_centre()
        self._camera.lookat[:] = centre + self._offset
        # Lights that stay behind cast no shadow of a robot that has run away.
        self._data.light_xpos[self._model.light_bodyid == 0] += centre
        self._gl.make_current()
        mujoco.mjv_updateScene(
            self._model,
            self._data,
            mujoco.MjvOption(),
            None,
            self._camera,
            mujoco.mjtCatBit.mjCAT_ALL.value,
            self._scene,
        )
        for marking in self._look.markings:
            self._paint(marking)
        pixels = np.empty((self._rect.height, self._rect.width, 3), np.uint8)
        mujoco.mjr_render(self._rect, self._scene, self._context)
        mujoco.mjr_readPixels(pixels, None, self._rect, self._context)
        return np.ascontiguousarray(pixels[::-1])  # OpenGL counts rows from the bottom

    def _ground_centre(self) -> np.ndarray:
        return np.array([*self._data.subtree_com[0, :2], 0.0])

    def _fitting_distance(self, corners: np.ndarray) -> float:
        """The least distance at which points [N, 3] relative to the look-at point fill 80% of the
        picture."""
        azimuth, elevation = np.deg2rad([self._look.azimuth, self._look.elevation])
        ahead = np.array(
            [
                np.cos(elevation) * np.cos(azimuth),
                np.cos(elevation) * np.sin(azimuth),
                np.sin(elevation),
            ]
        )
        right = np.array([np.sin(azimuth), -np.cos(azimuth), 0.0])
        up = np.cross(right, ahead)
        slope = 0.8 * np.tan(np.deg2rad(self._model.vis.global_.fovy) / 2)
        across = np.maximum(np.abs(corners @ up), np.abs(corners @ right) / self._aspect)
        return float(np.max(across / slope - corners @ ahead))

    def _paint(self, marking: Marking) -> None:
        body = self._data.body(marking.body)
        rotation = body.xmat.reshape(3, 3)
        mujoco.mjv_initGeom(
            self._scene.geoms[self._scene.ngeom],
            mujoco.mjtGeom.mjGEOM_ELLIPSOID.value,
            np.array(marking.radii),
            body.xpos + rotation @ np.array(marking.pos),
            body.xmat,
            np.array([*marking.rgb, 1.0], np.float32),
        )
        self._scene.ngeom += 1


def _studio_model(model: mujoco.MjModel, width: int, height: int) -> mujoco.MjModel:
    """A copy of the model with soft light and floor; the floor endless, its squares one metre
    wide."""
    model = copy.copy(model)
    model.vis.global_.offwidth, model.vis.global_.offheight = width, height
    model.vis.quality.offsamples = 8
    model.vis.headlight.ambient[:] = 0.25
    model.vis.map.shadowclip = _SHADOW_REACH / model.stat.extent
    model.mat_reflectance[:] = 0.0
    planes = model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE
    model.geom_size[planes, :2] = 0.0
    floor_materials = np.unique(model.geom_matid[planes & (model.geom_matid >= 0)])
    model.mat_texuniform[floor_materials] = True
    model.mat_texrepeat[floor_materials] = 1.0
    model.geom_rgba[planes, :3] = 1.0
    floor_textures = set(model.mat_texid[floor_materials].ravel()) - {-1}
    for texture in range(model.ntex):
        if texture in floor_textures:
            _soften(model, texture, _FLOOR_TONES)
        elif model.tex_type[texture] == mujoco.mjtTexture.mjTEXTURE_SKYBOX:
            _soften(model, texture, _SKY_TONES)
    return model


def _soften(model: mujoco.MjModel, texture: int, tones: tuple[int, int]) -> None:
    """Turns a texture to grey between the two tones, its own darkest and lightest value at the
    ends."""
    start = model.tex_adr[texture]
    channels = model.tex_nchannel[texture]
    size = model.tex_height[texture] * model.tex_width[texture] * channels
    pixels = model.tex_data[start : start + size].reshape(-1, channels)
    grey = pixels[:, :3].mean(axis=1)
    spread = max(float(np.ptp(grey)), 1.0)
    low, high = tones
    pixels[:, :3] = (low + (high - low) * (grey - grey.min()) / spread)[:, None]


def _corners(model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
    """Corners [N, 3], in metres in the world, of the boxes around all geoms but planes."""
    solid = np.flatnonzero(model.geom_type != mujoco.mjtGeom.mjGEOM_PLANE)
    signs = np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T
    local = model.geom_aabb[solid, None, :3] + signs * model.geom_aabb[solid, None, 3:]
    rotation = data.geom_xmat[solid].reshape(-1, 3, 3)
    return (np.einsum("gij,gcj->gci", rotation, local) + data.geom_xpos[solid, None]).reshape(-1, 3)
