"""Things in a MuJoCo model: what is drawn of them, where hands close on them, how they look at a moment."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from egoprog.sim import crockery, food, groceries, tools
from egoprog.sim.catalogue import KINDS, kind_named
from egoprog.sim.drawing import WHITE, Drawing, Filling, Part, mixed
from egoprog.sim.gl import load_mujoco
from egoprog.sim.types import Look, Thing

if TYPE_CHECKING:
    import mujoco

HIDDEN_GROUP = 5
"""The group of grips, which are never drawn."""
_TILTED: Final = (0.8, 0.0, 0.0, 0.6)
"""An attitude about z that is not the body's: MuJoCo would else never look at the geom's place again."""
_FILLED_TO: Final = 0.004
"""Below this share a vessel counts as empty."""
_FILLS: Final = {"fill": None, "fill/lumpy": False, "fill/mixed": True}
"""Materials of contents, and whether their picture is of something mixed; None for a clear drink."""
_DAMP: Final = 0.26
"""How much darker wet things are."""

DRAWINGS: Final = {**crockery.DRAWINGS, **tools.DRAWINGS, **groceries.DRAWINGS, **food.DRAWINGS}
"""By kind: the function from a variant to its picture."""


@lru_cache(maxsize=256)
def drawing(kind: str, variant: int) -> Drawing:
    """The picture of a thing of a kind. Raises UnknownKind."""
    kind_named(kind)
    return DRAWINGS[kind](variant)


def add(spec: mujoco.MjSpec, thing: Thing, paint: Callable[..., str]) -> None:
    """Adds a body of the thing's name: what is drawn, "name/PART", and its grips, "name/gripK".

    paint: makes a material of a picture, the lowest row first, and returns its name; see `scene.Kitchen`.
    """
    mujoco = load_mujoco()
    picture = drawing(thing.kind, thing.variant)
    body = spec.worldbody.add_body(name=thing.name, mocap=True)
    free = {"contype": 0, "conaffinity": 0, "mass": 0.01}
    for key, sheet in picture.sheets.items():
        paint(
            _material(thing, key),
            None if sheet.picture is None else np.ascontiguousarray(sheet.picture[::-1]),
            sheet.colour,
            specular=sheet.specular,
            shininess=sheet.shininess,
            emission=sheet.emission,
        )
    for part in picture.parts:
        name = f"{thing.name}/{part.name}"
        spec.add_mesh(
            name=name,
            uservert=part.shape.vertices_m.ravel().tolist(),
            userface=part.shape.faces.ravel().tolist(),
            usertexcoord=part.shape.texcoords.ravel().tolist(),
            inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
        )
        dress = part.dress if isinstance(part.dress, str) else part.dress(Look())
        body.add_geom(name=name, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, material=_material(thing, dress),
                      rgba=_rgba(part, picture, Look()), **free)  # fmt: skip
    if picture.filling is not None:
        for material, is_mixed in _FILLS.items():
            paint(material, None if is_mixed is None else crockery.fill_picture(is_mixed), specular=0.3, shininess=0.6)
        heights, radii = zip(*picture.filling.levels_m, strict=True)
        body.add_geom(
            name=f"{thing.name}/fill", type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=[max(radii), heights[-1] / 2, 0],
            material="fill", rgba=[1, 1, 1, 0], pos=[0.001, 0.001, heights[-1] / 2], quat=_TILTED, **free,
        )  # fmt: skip
    for k, grip in enumerate(thing.grips):
        body.add_geom(
            name=f"{thing.name}/grip{k}", type=mujoco.mjtGeom.mjGEOM_CAPSULE, group=HIDDEN_GROUP, rgba=[0, 0, 0, 0],
            size=[grip.radius_m, max(grip.length_m / 2 - grip.radius_m, 1e-4), 0], pos=grip.bar.position_m,
            quat=grip.bar.quaternion_wxyz, **free,
        )  # fmt: skip


def show(model: mujoco.MjModel, thing: Thing, look: Look) -> None:
    """Makes a thing look as it should; doing so twice changes nothing."""
    picture = drawing(thing.kind, thing.variant)
    for part in picture.parts:
        geom = model.geom(f"{thing.name}/{part.name}").id
        model.geom_rgba[geom] = _rgba(part, picture, look)
        if callable(part.dress):
            model.geom_matid[geom] = model.material(_material(thing, part.dress(look))).id
    if picture.filling is not None:
        _fill(model, model.geom(f"{thing.name}/fill").id, picture.filling, look)


def _fill(model: mujoco.MjModel, geom: int, filling: Filling, look: Look) -> None:
    share = look["fill"]
    if share < _FILLED_TO:
        model.geom_rgba[geom, 3] = 0.0
        return
    heights, radii = np.array(filling.levels_m).T
    level = heights[0] + filling.most * share * (heights[-1] - heights[0])
    thick = min(level - heights[0], 0.35 * (heights[-1] - heights[0])) if len(heights) > 2 else level - heights[0]
    model.geom_pos[geom] = (0.0, 0.0, level - thick / 2)
    model.geom_size[geom, :2] = (np.interp(level - thick / 2, heights, radii) - 0.0006, max(thick / 2, 2e-4))
    colour = mixed(look.contents or filling.colour, (0.42, 0.24, 0.10), 0.5 * look["cooked"])
    # Stirring brings froth.
    model.geom_rgba[geom] = (*mixed(colour, WHITE, 0.15 * look["mixed"]), 1.0)
    material = "fill/mixed" if look["mixed"] > 0.3 else "fill/lumpy" if filling.is_lumpy else "fill"
    model.geom_matid[geom] = model.material(material).id


def _rgba(part: Part, picture: Drawing, look: Look) -> tuple[float, float, float, float]:
    dress = part.dress if isinstance(part.dress, str) else part.dress(look)
    sheet, tint = picture.sheets[dress], part.tint(look)
    red, green, blue, alpha = (*sheet.colour, 1.0)[:4]
    damp = 1 - _DAMP * look["wet"]
    return (damp * red * tint[0], damp * green * tint[1], damp * blue * tint[2], alpha * part.opacity(look))


def _material(thing: Thing, key: str) -> str:
    return f"{thing.kind}/{thing.variant}/{key}"


assert DRAWINGS.keys() == KINDS.keys()
