"""A person's hand: a skinned mesh over 25 joints, made into bodies and a skin of MuJoCo.

The hand frame: origin in the wrist, x along the straight fingers, z out of the back of the hand. y then points to the
thumb in a right hand and away from it in a left one. A flat hand, palm down and fingers forward, has the world's axes.

The meshes are the "generic-hand" of npm's @webxr-input-profiles/assets 1.0.20, MIT (assets/generic-hand.LICENSE.txt).
Their joints are those of WebXR: -z to the finger's tip, x the axis on which it bends (negative angles close).
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from egoprog.errors import ModelError
from egoprog.program.types import Hand
from egoprog.sim.gl import load_mujoco
from egoprog.sim.pose import Pose, minimum_jerk

if TYPE_CHECKING:
    import mujoco

FINGERS = ("thumb", "index-finger", "middle-finger", "ring-finger", "pinky-finger")
BONES = ("metacarpal", "phalanx-proximal", "phalanx-intermediate", "phalanx-distal", "tip")
# Joints that move, finger by finger from the palm outwards: bone, axis in the bone's frame.
MOVES = {
    "thumb": (
        ("metacarpal", "z"),
        ("metacarpal", "y"),
        ("metacarpal", "x"),
        ("phalanx-proximal", "x"),
        ("phalanx-distal", "x"),
    ),
    **dict.fromkeys(
        FINGERS[1:],
        (("phalanx-proximal", "y"), ("phalanx-proximal", "x"), ("phalanx-intermediate", "x"), ("phalanx-distal", "x")),
    ),
}
# Radius of the flesh around each bone, from the tip inwards [m]; the mesh's own, measured across its fingers.
FLESH_M = {"thumb": 0.0095, "index-finger": 0.008, "middle-finger": 0.008, "ring-finger": 0.0075, "pinky-finger": 0.007}

FLESH_GROUP = 4
"""The geometry group of the invisible capsules that fingers touch things with."""

Posture = dict[str, tuple[float, ...]]
"""Angles of one hand by finger, in the order of MOVES, radians, positive closes or spreads towards the thumb."""

RELAXED: Posture = {
    "thumb": (0.0, 0.10, 0.10, 0.20, 0.20),
    "index-finger": (0.04, 0.30, 0.35, 0.20),
    "middle-finger": (0.0, 0.38, 0.42, 0.25),
    "ring-finger": (-0.02, 0.42, 0.48, 0.25),
    "pinky-finger": (-0.06, 0.42, 0.45, 0.25),
}
OPEN: Posture = {
    "thumb": (0.0, -0.25, -0.10, 0.0, 0.05),
    "index-finger": (0.10, 0.12, 0.22, 0.12),
    "middle-finger": (0.02, 0.14, 0.24, 0.14),
    "ring-finger": (-0.05, 0.16, 0.26, 0.14),
    "pinky-finger": (-0.12, 0.18, 0.26, 0.14),
}
FIST: Posture = {
    "thumb": (0.25, 0.25, 0.55, 0.75, 0.85),
    "index-finger": (0.0, 1.45, 1.65, 1.0),
    "middle-finger": (0.0, 1.45, 1.65, 1.0),
    "ring-finger": (0.0, 1.45, 1.65, 1.0),
    "pinky-finger": (0.0, 1.45, 1.65, 1.0),
}


def blend(a: Posture, b: Posture, share: float) -> Posture:
    return {
        finger: tuple((1 - share) * u + share * v for u, v in zip(a[finger], b[finger], strict=True)) for finger in a
    }


@dataclass(frozen=True, eq=False)
class HandMesh:
    """A hand at rest, in the hand frame. Equal to itself alone.

    vertices_m: (V, 3). faces: (F, 3). texcoords: (V, 2). bones: joint names; bind: their poses, in the same order.
    weights: (V, B), rows sum to one.
    """

    vertices_m: NDArray[np.float64]
    faces: NDArray[np.int64]
    texcoords: NDArray[np.float64]
    bones: tuple[str, ...]
    bind: tuple[Pose, ...]
    weights: NDArray[np.float64]

    def bind_of(self, bone: str) -> Pose:
        return self.bind[self.bones.index(bone)]


_COMPONENTS = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_COUNTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


@cache
def load_hand(side: Hand) -> HandMesh:
    """The packaged mesh of one hand. Raises ModelError where the file is missing or no binary glTF."""
    name = f"{side}.glb"
    try:
        data = resources.files("egoprog.sim").joinpath("assets", name).read_bytes()
    except OSError as error:
        raise ModelError(f"the packaged hand {name} can't be read: {error}; install egoprog again") from error
    if data[:4] != b"glTF":
        raise ModelError(f"expected binary glTF in the packaged hand {name}, got {data[:4]!r}; install egoprog again")
    (header_size,) = struct.unpack_from("<I", data, 12)
    header = json.loads(data[20 : 20 + header_size])
    binary = data[20 + header_size + 8 :]

    def accessor(index: int) -> NDArray:
        entry = header["accessors"][index]
        view = header["bufferViews"][entry["bufferView"]]
        width = _COUNTS[entry["type"]]
        start = view.get("byteOffset", 0) + entry.get("byteOffset", 0)
        values = np.frombuffer(binary, _COMPONENTS[entry["componentType"]], entry["count"] * width, start)
        return values.reshape(entry["count"], width)

    primitive = header["meshes"][0]["primitives"][0]
    attributes = {key: accessor(value) for key, value in primitive["attributes"].items()}
    skin = header["skins"][0]
    bones = tuple(header["nodes"][node]["name"] for node in skin["joints"])
    bind = np.linalg.inv(accessor(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1).astype(float))
    wrist_m = bind[bones.index("wrist"), :3, 3]
    # In the file fingers point along -y and the thumb along -z; the back of the hand is +x (right) or -x (left).
    mirror = 1.0 if side is Hand.RIGHT else -1.0
    to_hand = np.array([[0, -1, 0], [0, 0, -mirror], [mirror, 0, 0]])
    weights = np.zeros((len(attributes["POSITION"]), len(bones)))
    for joint, weight in zip(attributes["JOINTS_0"].T, attributes["WEIGHTS_0"].T.astype(float), strict=True):
        np.add.at(weights, (np.arange(len(weights)), joint), weight)
    return HandMesh(
        vertices_m=(attributes["POSITION"] - wrist_m) @ to_hand.T,
        faces=accessor(primitive["indices"]).reshape(-1, 3).astype(np.int64),
        texcoords=attributes["TEXCOORD_0"].astype(float),
        bones=bones,
        bind=tuple(Pose(to_hand @ (m[:3, 3] - wrist_m), to_hand @ m[:3, :3]) for m in bind),
        weights=weights / weights.sum(axis=1, keepdims=True),
    )


_PALE_PALM = np.array([0.74, 0.53, 0.44])
_PALE_NAIL = np.array([0.93, 0.74, 0.68])


@dataclass(frozen=True)
class Skin:
    """How a participant's skin looks. tone: RGB 0 to 1."""

    tone: tuple[float, float, float] = (0.80, 0.58, 0.46)
    size_px: int = 512

    @property
    def darkness(self) -> float:
        """0 for light skin, 1 for the darkest."""
        return float(np.clip((0.60 - np.mean(self.tone)) / 0.38, 0, 1))

    @property
    def ground(self) -> float:
        """The grey of the material under the picture, which is that much brighter than the skin.

        OpenGL multiplies highlights by the picture: skin painted as dark as it is would have no gloss.
        """
        return 1.0 - 0.55 * self.darkness


@lru_cache(maxsize=4)
def _texels(mesh: HandMesh, size: int) -> NDArray[np.float64]:
    """(size, size, 6) the place on the hand and the normal of each texel, NaN where the picture is not used."""
    edges = mesh.vertices_m[mesh.faces]
    across = np.cross(edges[:, 1] - edges[:, 0], edges[:, 2] - edges[:, 0])
    normals = np.zeros_like(mesh.vertices_m)
    np.add.at(normals, mesh.faces.ravel(), np.repeat(across, 3, axis=0))
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    known = np.concatenate([mesh.vertices_m, normals], axis=1)
    texels = np.full((size, size, 6), np.nan)
    # Texels get their place on the hand triangle by triangle; v runs upwards in MuJoCo and downwards in glTF's image.
    pixels = mesh.texcoords * (size - 1)
    for face in mesh.faces:
        corners = pixels[face]
        low = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 2, 0)
        high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 3, size)
        xs, ys = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
        edges = np.stack([corners[1] - corners[0], corners[2] - corners[0]], axis=1)
        if abs(np.linalg.det(edges)) < 1e-9:
            continue
        st = np.linalg.solve(edges, np.stack([xs.ravel(), ys.ravel()]) - corners[0][:, None])
        inside = (st[0] > -0.5) & (st[1] > -0.5) & (st.sum(axis=0) < 1.5)
        points = np.concatenate([1 - st.sum(axis=0, keepdims=True), st]).T @ known[face]
        rows, columns = ys.ravel()[inside], xs.ravel()[inside]
        fresh = np.isnan(texels[rows, columns, 0]) | (np.abs(st[:, inside] - 1 / 3).max(axis=0) < 0.67)
        texels[rows[fresh], columns[fresh]] = points[inside][fresh]
    texels.flags.writeable = False
    return texels


def skin_texture(mesh: HandMesh, skin: Skin, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The hand's picture, painted where each texel lies on the hand: paler palm, redder knuckles and tips, nails.

    Returns (size, size, 3), for a material of the colour `skin.ground`.
    """
    size, dark = skin.size_px, skin.darkness
    texels = _texels(mesh, size)
    painted = ~np.isnan(texels[..., 0])
    texels = np.nan_to_num(texels)
    place_m, up = texels[..., :3], texels[..., 5]

    def near(point_m: NDArray, radius_m: float) -> NDArray:
        return np.exp(-((np.linalg.norm(place_m - point_m, axis=-1) / radius_m) ** 2))

    # Palms and the undersides of fingers are paler, most so on dark skin.
    underside = np.clip(0.1 - 1.1 * up, 0, 1)[..., None]
    palm = np.array(skin.tone) * (1.06, 0.99, 0.97) * (1 - 0.62 * dark) + 0.62 * dark * _PALE_PALM
    colour = (1 - underside) * np.array(skin.tone) + underside * palm
    coarse = cv2.resize(rng.normal(size=(24, 24)), (size, size), interpolation=cv2.INTER_CUBIC)
    fine = cv2.GaussianBlur(rng.normal(size=(size, size)), (0, 0), 1.2)
    colour *= (1 + (0.035 + 0.02 * dark) * coarse + 0.05 * fine)[..., None]
    # Fingers take light from each other: their sides are darker than their backs.
    fingers = np.clip((place_m[..., 0] - 0.06) / 0.04, 0, 1)
    colour *= 1 - (0.25 * fingers * np.exp(-(((up - 0.05) / 0.38) ** 2)))[..., None]
    # Light skin is redder where blood shows, dark skin darker where it folds.
    blush = np.array([1.04, 0.86, 0.84]) * (1 - 0.22 * dark)
    for finger in FINGERS:
        proximal = mesh.bind_of(f"{finger}-phalanx-proximal")
        distal = mesh.bind_of(f"{finger}-phalanx-distal")
        tip = mesh.bind_of(f"{finger}-tip")
        for joint, strength in ((proximal, 0.55), (distal, 0.35), (tip, 0.6 * (1 - dark))):
            colour *= 1 + strength * near(joint.position_m, 0.014)[..., None] * (blush - 1)
        if finger != "thumb":
            middle = mesh.bind_of(f"{finger}-phalanx-intermediate")
            # Creases over the knuckles: dark thin lines across the finger, on its back.
            for joint in (middle, distal):
                local = (place_m - joint.position_m) @ joint.rotation
                lines = np.cos(local[..., 2] * 2 * np.pi / 0.0032) * np.exp(-((local[..., 2] / 0.005) ** 2))
                on_back = (local[..., 1] > 0.002) & (np.linalg.norm(local, axis=-1) < 0.016)
                colour *= 1 - (0.12 + 0.14 * dark) * (np.maximum(lines, 0) * on_back)[..., None]
        local = (place_m - tip.position_m) @ tip.rotation
        nail = (
            (np.abs(local[..., 0]) < 0.0058)
            & (local[..., 1] > 0.0015)
            & (local[..., 2] > -0.008)
            & (local[..., 2] < 0.0065)
        )
        strength = cv2.GaussianBlur(nail.astype(np.float64), (0, 0), 1.0)[..., None]
        colour = colour * (1 - 0.75 * strength) + 0.75 * strength * (1 - 0.25 * dark) * _PALE_NAIL
    filled = np.where(painted[..., None], colour, skin.tone) / skin.ground
    return (np.clip(filled, 0, 1) * 255).astype(np.uint8)


def bone_parents() -> dict[str, str]:
    """Each bone's parent: the chain of its finger, then the wrist."""
    parents = {}
    for finger in FINGERS:
        before = "wrist"
        for bone in BONES:
            if finger == "thumb" and bone == "phalanx-intermediate":
                continue
            parents[f"{finger}-{bone}"] = before
            before = f"{finger}-{bone}"
    return parents


def joint_name(side: Hand, finger: str, bone: str, axis: str) -> str:
    return f"{side}/{finger}-{bone}/{axis}"


def add_hand(spec: mujoco.MjSpec, side: Hand, material: str, forearm: str) -> None:
    """Adds a hand to a MjSpec: a mocap body `{side}/hand`, wrist, finger bodies and joints below it, and their skin.

    forearm: the body that the skin's end goes with where the wrist bends; its origin is in the wrist, x to the hand.
    Bodies are named `{side}/{bone}`, joints by `joint_name`; the invisible capsules `{side}/{bone}/flesh` lie in
    FLESH_GROUP and touch nothing by themselves: `Kitchen.touch_m` asks for their distance to things.
    """
    mujoco = load_mujoco()
    mesh = load_hand(side)
    parents = bone_parents()
    wrist = mesh.bind_of("wrist")
    root = spec.worldbody.add_body(name=f"{side}/hand", mocap=True)
    bodies = {"wrist": root.add_body(name=f"{side}/wrist", quat=wrist.quaternion_wxyz)}
    moves = {(f"{finger}-{bone}", axis) for finger in FINGERS for bone, axis in MOVES[finger]}
    for bone, parent in parents.items():
        pose = mesh.bind_of(parent).inverse() @ mesh.bind_of(bone)
        body = bodies[parent].add_body(name=f"{side}/{bone}", pos=pose.position_m, quat=pose.quaternion_wxyz)
        bodies[bone] = body
        for axis, direction in (("z", (0, 0, 1)), ("y", (0, 1, 0)), ("x", (1, 0, 0))):
            if (bone, axis) in moves:
                body.add_joint(name=f"{side}/{bone}/{axis}", type=mujoco.mjtJoint.mjJNT_HINGE, axis=direction)
        # A body that moves needs mass, though nothing here is simulated by forces.
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.002, 0, 0], mass=0.01, rgba=[0, 0, 0, 0], group=5)
    for bone, parent in parents.items():
        if parent == "wrist" or (parent.endswith("metacarpal") and not parent.startswith("thumb")):
            continue
        pose = mesh.bind_of(parent).inverse() @ mesh.bind_of(bone)
        finger = next(f for f in FINGERS if bone.startswith(f))
        bodies[parent].add_geom(
            name=f"{side}/{parent}/flesh",
            type=mujoco.mjtGeom.mjGEOM_CAPSULE,
            fromto=[0, 0, 0, *pose.position_m],
            size=[FLESH_M[finger], 0, 0],
            group=FLESH_GROUP,
            contype=0,
            conaffinity=0,
            rgba=[0, 0, 0, 0],
            mass=0.001,
        )
    skin = spec.add_skin(name=f"{side}/skin")
    skin.material = material
    skin.vert = mesh.vertices_m.ravel().tolist()
    skin.face = mesh.faces.ravel().tolist()
    skin.texcoord = mesh.texcoords.ravel().tolist()
    # The last two centimetres before the wrist go over from the hand to the forearm.
    share = minimum_jerk((0.012 - mesh.vertices_m[:, 0]) / 0.034)
    weights = np.column_stack([mesh.weights * (1 - share)[:, None], share])
    bind = [*mesh.bind, Pose.at(0, 0, 0)]
    skin.bodyname = [*(f"{side}/{bone}" for bone in mesh.bones), forearm]
    skin.bindpos = [x for pose in bind for x in pose.position_m]
    skin.bindquat = [x for pose in bind for x in pose.quaternion_wxyz]
    pulled = [np.flatnonzero(column > 1e-4) for column in weights.T]
    # MuJoCo takes no bone without vertices.
    skin.vertid = [rows.tolist() or [0] for rows in pulled]
    skin.vertweight = [weights[rows, k].tolist() or [1e-6] for k, rows in enumerate(pulled)]
