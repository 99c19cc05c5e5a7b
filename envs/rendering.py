"""Pictures and video frames of a robot, without a display.

Models are drawn as in a studio: a pale sky, a soft floor whose squares are one metre wide, no
mirror images, and a camera that frames the robot. Importing this module needs no OpenGL; a picture
does.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Iterator

import mujoco
import numpy as np
from PIL import Image

from envs.looks import Look, Marking, look_of
from envs.opengl import RenderingUnavailable, advice, open_context

__all__ = [
    "Look",
    "RenderingUnavailable",
    "encode_png",
    "look_of",
    "render",
    "render_trajectory",
]

_FLOOR_TONES = (110, 145)  # darkest and lightest grey of the floor's squares
_SKY_TONES = (205, 235)
_FLOOR_PERIOD = 2.0  # metres: a dark and a light square
_SHADOW_REACH = 3.0  # metres


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
        data = self._data
        data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, data)
        mujoco.mj_comPos(self._model, data)
        # Hundreds of metres out, float32 has no shadows left: bring the robot back to the middle,
        # by whole periods of the floor's pattern, so that the floor need not move.
        shift = _FLOOR_PERIOD * np.round(data.subtree_com[0, :2] / _FLOOR_PERIOD)
        planes = self._model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE
        data.geom_xpos[~planes, :2] -= shift
        for points in (data.xpos[1:], data.site_xpos, data.subtree_com):
            points[:, :2] -= shift
        mujoco.mj_camlight(self._model, data)

    def frame(self, poses: list[np.ndarray]) -> None:
        """Sets the camera's distance and aim so that each of `poses` would be seen whole."""
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
        # A shadow is cast only around the light, so the world's lights go along.
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
        """The distance at which points [N, 3] around the camera's aim fill 80% of the picture."""
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
    """A copy of the model with soft light and an endless floor of squares one metre wide."""
    model = copy.copy(model)
    model.vis.global_.offwidth, model.vis.global_.offheight = width, height
    model.vis.quality.offsamples = 4
    model.vis.quality.shadowsize = 2048
    model.vis.headlight.ambient[:] = 0.25
    model.vis.map.shadowclip = _SHADOW_REACH / model.stat.extent
    model.mat_reflectance[:] = 0.0
    planes = model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE
    model.geom_size[planes, :2] = 0.0
    floor_materials = np.unique(model.geom_matid[planes & (model.geom_matid >= 0)])
    model.mat_texuniform[floor_materials] = True
    model.mat_texrepeat[floor_materials] = 2.0 / _FLOOR_PERIOD
    model.geom_rgba[planes, :3] = 1.0
    floor_textures = set(model.mat_texid[floor_materials].ravel()) - {-1}
    for texture in range(model.ntex):
        if texture in floor_textures:
            _soften(model, texture, _FLOOR_TONES)
        elif model.tex_type[texture] == mujoco.mjtTexture.mjTEXTURE_SKYBOX:
            _soften(model, texture, _SKY_TONES)
    return model


def _soften(model: mujoco.MjModel, texture: int, tones: tuple[int, int]) -> None:
    """Turns a texture to greys that span the two tones."""
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
