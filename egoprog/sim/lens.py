"""The camera on a participant's head: what it sees at a moment, and what is where in its picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from egoprog.program.types import Hand
from egoprog.sim.gl import load_mujoco
from egoprog.sim.scene import Kitchen
from egoprog.sim.types import Moment, Participant

_GRAIN_ROOM_PX = 64
"""How far the sheet of grain reaches beyond the picture, so that each frame can take it at another place."""


@dataclass(frozen=True)
class Lens:
    """What a worn camera adds to a clean picture.

    detail: pixels that are rendered along a side, as a share of the picture's. noise: of the sensor, of 255.
    vignette: share of the light that is lost in the corners. softness_px: blur of the optics, standard deviation.
    exposure, tint: how far brightness and the balance of colours differ from person to person, standard deviations.
    level: mean grey that the camera's automatic exposure aims at, of 255. adapts: share of the way there that it goes.
    contrast: of the tone curve, 0 for a straight one.
    """

    detail: float = 1.25
    noise: float = 2.4
    vignette: float = 0.22
    softness_px: float = 0.45
    exposure: float = 0.06
    tint: float = 0.025
    level: float = 124.0
    adapts: float = 0.6
    contrast: float = 0.35


def intrinsics_of(person: Participant, width_px: int, height_px: int) -> tuple[float, float, float, float]:
    """Focal lengths and principal point of a participant's camera, in pixels: fx, fy, cx, cy."""
    focal = height_px / (2 * np.tan(np.deg2rad(person.lens_deg) / 2))
    return focal, focal, width_px / 2, height_px / 2


class Camera:
    """The head camera of a kitchen's participant. Use it in a `with` block: it holds a GL context until it is closed.

    The same seed gives the same picture of a moment, whatever was drawn before. Raises ModelError where the machine
    can't render.
    """

    def __init__(
        self, kitchen: Kitchen, width_px: int = 456, height_px: int = 256, lens: Lens | None = None, seed: int = 0
    ):
        self._kitchen = kitchen
        self.width_px, self.height_px = width_px, height_px
        self._lens = lens = lens or Lens()
        self._mujoco = mujoco = load_mujoco()
        model = kitchen.model
        wide, high = round(width_px * lens.detail), round(height_px * lens.detail)
        model.vis.global_.offwidth, model.vis.global_.offheight = max(wide, width_px), max(high, height_px)
        self._gl = mujoco.GLContext(max(wide, width_px), max(high, height_px))
        self._gl.make_current()
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._scene = mujoco.MjvScene(model, maxgeom=1500)
        for flag in ("SHADOW", "REFLECTION", "SKYBOX", "FOG", "HAZE"):
            self._scene.flags[getattr(mujoco.mjtRndFlag, f"mjRND_{flag}")] = 0
        self._scene.flags[mujoco.mjtRndFlag.mjRND_CULL_FACE] = 1
        self._options, self._perturbation = mujoco.MjvOption(), mujoco.MjvPerturb()
        self._options.geomgroup[:] = (1, 1, 1, 0, 0, 0)
        self._view = mujoco.MjvCamera()
        self._view.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._view.fixedcamid = model.camera("head").id
        self._half = np.tan(np.deg2rad(kitchen.participant.lens_deg) / 2)
        self._drawn = np.zeros((high, wide, 3), np.uint8)
        rng = np.random.default_rng([seed, kitchen.participant.seed, 7])
        y, x = np.mgrid[-1 : 1 : height_px * 1j, -1 : 1 : width_px * 1j]
        fall = 1 - lens.vignette * ((x**2 + y**2) / 2) ** 1.3
        gain = (1 + lens.exposure * rng.normal()) * (1 + lens.tint * rng.normal(size=3))
        self._gain = (fall[..., None] * gain).astype(np.float32)
        grain = rng.normal(0, lens.noise, (height_px + _GRAIN_ROOM_PX, width_px + _GRAIN_ROOM_PX, 3))
        # Sensors' noise is coarser than a pixel once a video encoder has been at it, and grey more than coloured.
        grain = 0.7 * cv2.GaussianBlur(grain, (0, 0), 0.6) * 1.6 + 0.5 * grain.mean(axis=2, keepdims=True)
        self._grain = grain.astype(np.float32)

    def __enter__(self) -> Camera:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Frees the context; a second call does nothing."""
        if self._gl is not None:
            self._gl.make_current()
            self._context.free()
            self._gl.free()
            self._gl = None

    @property
    def intrinsics(self) -> tuple[float, float, float, float]:
        """Focal lengths and principal point of a picture, in pixels: fx, fy, cx, cy."""
        return intrinsics_of(self._kitchen.participant, self.width_px, self.height_px)

    def picture(self, moment: Moment) -> NDArray[np.uint8]:
        """What the camera sees at a moment: (height, width, 3), RGB."""
        self._draw(moment, self._drawn)
        clean = self._drawn[::-1]
        lens, size = self._lens, (self.width_px, self.height_px)
        if clean.shape[1::-1] != size:
            clean = cv2.resize(clean, size, interpolation=cv2.INTER_AREA if lens.detail > 1 else cv2.INTER_CUBIC)
        if lens.softness_px > 0:
            clean = cv2.GaussianBlur(clean, (3, 3), lens.softness_px)
        clean = cv2.LUT(clean, self._tone_curve(clean))
        # The frame's grain follows from where the camera is: no two frames share it, and order doesn't matter.
        mixed = int(np.bitwise_xor.reduce(moment.camera.position_m.view(np.uint64)) % np.uint64(2**31))
        row, column = mixed % _GRAIN_ROOM_PX, (mixed // _GRAIN_ROOM_PX) % _GRAIN_ROOM_PX
        grain = self._grain[row : row + self.height_px, column : column + self.width_px]
        return cv2.add(cv2.multiply(clean, self._gain, dtype=cv2.CV_32F), grain, dtype=cv2.CV_8U)

    def _tone_curve(self, clean: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """What the camera makes of each brightness, (256,): exposed for the frame as a whole, highlights kept."""
        lens = self._lens
        # Every eighth pixel tells the mean well enough.
        mean = max(float(clean[::8, ::8].mean()), 8.0)
        gain = np.clip((lens.level / mean) ** lens.adapts, 0.92, 1.7)
        x = np.arange(256) / 255 * gain
        # Straight up to the knee, then bent so that the brightest is just white.
        knee, most = 0.75, max(float(x[-1]), 1.0)
        over = np.maximum(x - knee, 0.0) / max(most - knee, 1e-6)
        bent = np.minimum(x, knee) + (1 - knee) * over * (1 + (most - 1) * (1 - over))
        middle = lens.level / 255
        curved = bent + lens.contrast * bent * (1 - bent) * (bent - middle)
        return np.clip(255 * curved, 0, 255).astype(np.uint8)

    def labels(
        self, moment: Moment, width_px: int | None = None, height_px: int | None = None
    ) -> tuple[NDArray[np.int32], list[str]]:
        """What is where in the picture: (height, width) indices into the names that come with it.

        Names: "" for the room, things, fixtures, "left hand", "right hand". The size may be at most the picture's.
        """
        width_px, height_px = width_px or self.width_px, height_px or self.height_px
        raw = np.zeros((height_px, width_px, 3), np.uint8)
        self._draw(moment, raw, is_labelled=True)
        ids = raw[::-1].astype(np.int32) @ np.array([1, 256, 65536])
        kitchen, mujoco = self._kitchen, self._mujoco
        names = [
            "",
            *kitchen.plan.things,
            *kitchen.plan.fixtures,
            *(f"{side} hand" for side in (Hand.LEFT, Hand.RIGHT)),
        ]
        index = {name: k for k, name in enumerate(names)}
        table = np.zeros(self._scene.ngeom + 2, np.int32)
        for k in range(self._scene.ngeom):
            geom = self._scene.geoms[k]
            if geom.segid < 0:
                continue
            if geom.objtype == mujoco.mjtObj.mjOBJ_SKIN:
                name = kitchen.model.skin(geom.objid).name.split("/")[0] + " hand"
            else:
                name = kitchen.owner_name(geom.objid)
            table[geom.segid + 1] = index.get(name, 0)
        return table[np.minimum(ids, len(table) - 1)], names

    def _draw(self, moment: Moment, into: NDArray[np.uint8], is_labelled: bool = False) -> None:
        """Renders a moment, bottom row first."""
        mujoco, kitchen = self._mujoco, self._kitchen
        if self._gl is None:
            raise RuntimeError("expected an open camera, got one that was closed; make another")
        kitchen.show(moment)
        height, width = into.shape[:2]
        kitchen.cull(self._half * width / height, self._half)
        self._gl.make_current()
        flags = self._scene.flags
        flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = flags[mujoco.mjtRndFlag.mjRND_IDCOLOR] = int(is_labelled)
        # Shadows, glow and streams are nothing that a box is drawn around; they lie in a group of their own.
        self._options.geomgroup[1] = int(not is_labelled)
        mujoco.mjv_updateScene(
            kitchen.model, kitchen.data, self._options, self._perturbation, self._view,
            mujoco.mjtCatBit.mjCAT_ALL, self._scene,
        )  # fmt: skip
        rect = mujoco.MjrRect(0, 0, width, height)
        mujoco.mjr_render(rect, self._scene, self._context)
        mujoco.mjr_readPixels(into, None, rect, self._context)
