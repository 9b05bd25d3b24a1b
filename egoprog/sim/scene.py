"""The kitchen: its furniture, its things, a person's arms and the camera on their head.

The world's axes: x to the right along the counter, y towards the wall, z up; the origin on the floor below the
counter's front edge, where the person stands. Nothing falls by itself: `Kitchen.show` puts everything where a
`Moment` says that it is, and the renderer draws it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from egoprog.program.types import Hand
from egoprog.sim import shapes, textures
from egoprog.sim.gl import load_mujoco
from egoprog.sim.hand import MOVES, Posture, Skin, add_hand, joint_name, load_hand, skin_texture
from egoprog.sim.pose import Pose, Vector, unit

if TYPE_CHECKING:
    import mujoco

COUNTER_M = 0.90
"""Height of the counter."""
TAP_AT_M = np.array([-0.16, 0.455, COUNTER_M])
SINK_M = (-0.36, 0.04, 0.07, 0.41)
"""The sink's opening: x from, x to, y from, y to."""
SINK_DEPTH_M = 0.15
UPPER_ARM_M, FOREARM_M = 0.29, 0.26
FIELD_OF_VIEW_DEG = 56.0
"""Of the head camera, upright."""
SIDES = (Hand.RIGHT, Hand.LEFT)


@dataclass(frozen=True)
class Look:
    """What varies from kitchen to kitchen and from person to person."""

    wood: textures.Colour
    planks: int
    wall: textures.Colour
    tile: textures.Colour
    cupboard: textures.Colour
    mug: textures.Colour
    band: textures.Colour
    sleeve: textures.Colour
    skin: Skin
    juice: textures.Colour

    @staticmethod
    def of(seed: int) -> Look:
        """The look of a seed."""
        rng = np.random.default_rng([seed, 1])

        def one(*colours: textures.Colour) -> textures.Colour:
            return tuple(np.clip(np.array(colours[rng.integers(len(colours))]) * rng.uniform(0.94, 1.06, 3), 0, 1))

        return Look(
            wood=one((0.47, 0.30, 0.17), (0.42, 0.27, 0.16), (0.36, 0.24, 0.15)),
            planks=int(rng.integers(5, 9)),
            wall=one((0.80, 0.80, 0.76), (0.74, 0.78, 0.80), (0.82, 0.78, 0.70)),
            tile=one((0.78, 0.82, 0.82), (0.58, 0.70, 0.72), (0.82, 0.80, 0.74)),
            cupboard=one((0.82, 0.82, 0.80), (0.45, 0.53, 0.52), (0.32, 0.38, 0.46)),
            mug=one((0.20, 0.42, 0.62), (0.86, 0.86, 0.82), (0.24, 0.50, 0.44)),
            band=one((0.90, 0.88, 0.80), (0.78, 0.30, 0.22), (0.88, 0.70, 0.25)),
            sleeve=one((0.20, 0.26, 0.38), (0.34, 0.36, 0.38), (0.30, 0.38, 0.30)),
            skin=Skin(one((0.80, 0.58, 0.46), (0.74, 0.52, 0.41), (0.84, 0.64, 0.53))),
            juice=one((0.86, 0.42, 0.08), (0.62, 0.10, 0.14)),
        )


@dataclass(frozen=True)
class Thing:
    """A thing that hands can take. The pose of a thing is that of its base centre, z up.

    height_m, radius_m: of the body that fingers close around. grip_m: height at which a hand holds it.
    mouth_m: where it is filled and poured from, in its own axes.
    """

    name: str
    rest: Pose
    height_m: float
    radius_m: float
    grip_m: float
    mouth_m: tuple[float, float, float]
    material: str


@dataclass(frozen=True)
class Stream:
    """Liquid that falls. from_m, to_m: (3,). rate: 0 to 1. colour: RGB."""

    from_m: Vector
    to_m: Vector
    rate: float
    colour: textures.Colour = (0.80, 0.88, 0.94)


@dataclass(frozen=True)
class Moment:
    """All that is drawn at one moment.

    camera: OpenGL's axes. wrists: pose of each hand frame. postures: angles of each hand. things: pose by name.
    lever_rad: of the tap, 0 is shut. fill: by name, 0 to 1. streams: what falls.
    """

    camera: Pose
    wrists: dict[Hand, Pose]
    postures: dict[Hand, Posture]
    things: dict[str, Pose]
    lever_rad: float = 0.0
    fill: dict[str, float] = field(default_factory=dict)
    streams: tuple[Stream, ...] = ()


class Kitchen:
    """A furnished kitchen. seed: decides looks and where things stand. Raises ModelError where nothing can render."""

    def __init__(self, seed: int = 0):
        self.look = Look.of(seed)
        self._rng = np.random.default_rng([seed, 2])
        self._mujoco = load_mujoco()
        self._spec = self._mujoco.MjSpec()
        self.things: dict[str, Thing] = {}
        self._settings()
        self._paint()
        self._furnish()
        self._lay_out()
        self._add_person()
        self.model = self._spec.compile()
        self.data = self._mujoco.MjData(self.model)
        self._mocap = {
            self.model.body(k).name: self.model.body(k).mocapid[0]
            for k in range(self.model.nbody)
            if self.model.body(k).mocapid[0] >= 0
        }
        self._lever = self.model.joint("tap/lever").qposadr[0]
        self._posture_at = {
            side: {
                finger: [self.model.joint(joint_name(side, finger, *move)).qposadr[0] for move in MOVES[finger]]
                for finger in MOVES
            }
            for side in SIDES
        }

    # What the spec is made of, top to bottom.

    def _settings(self) -> None:
        spec, mujoco = self._spec, self._mujoco
        visual = spec.visual
        visual.global_.offwidth, visual.global_.offheight = 640, 480
        visual.map.znear, visual.map.zfar = 0.02, 8.0
        visual.map.shadowclip = 0.55
        # Most of a frame's time on a CPU goes into the shadow map: a small one, over the workspace only.
        visual.quality.shadowsize, visual.quality.offsamples = 512, 0
        visual.quality.numquads = 1
        visual.headlight.ambient = [0.44, 0.43, 0.42]
        visual.headlight.diffuse = [0.18, 0.18, 0.18]
        visual.headlight.specular = [0, 0, 0]
        spec.stat.extent, spec.stat.center = 1.0, [0, 0.3, COUNTER_M]
        spec.compiler.degree = False
        # A lamp above, a little to the left, and the soft light of a window without shadow.
        lamp = {"type": mujoco.mjtLightType.mjLIGHT_DIRECTIONAL}
        spec.worldbody.add_light(
            pos=[-0.37, 0.2, 2.3], dir=unit(np.array([0.30, 0.02, -1.0])), diffuse=[0.58, 0.56, 0.52],
            specular=[0.25, 0.25, 0.25], castshadow=True, **lamp
        )  # fmt: skip
        spec.worldbody.add_light(
            pos=[2, -1, 2], dir=unit(np.array([-0.5, 0.8, -0.5])), diffuse=[0.26, 0.27, 0.29],
            specular=[0, 0, 0], castshadow=False, **lamp
        )  # fmt: skip

    def _material(
        self,
        name: str,
        picture: NDArray[np.uint8] | None = None,
        colour: tuple[float, ...] = (1, 1, 1),
        repeat: tuple[float, float] = (1, 1),
        specular: float = 0.1,
        shininess: float = 0.3,
        is_uniform: bool = False,
    ) -> None:
        material = self._spec.add_material(
            name=name, rgba=[*colour, 1] if len(colour) == 3 else list(colour), specular=specular, shininess=shininess,
            texrepeat=list(repeat), texuniform=is_uniform,
        )  # fmt: skip
        if picture is not None:
            texture = self._spec.add_texture(
                name=name, type=self._mujoco.mjtTexture.mjTEXTURE_2D, height=picture.shape[0], width=picture.shape[1],
                nchannel=3,
            )  # fmt: skip
            texture.data = np.ascontiguousarray(picture).tobytes()
            material.textures[self._mujoco.mjtTextureRole.mjTEXROLE_RGB] = name

    def _paint(self) -> None:
        look, rng = self.look, self._rng
        self._material("counter", textures.wood(rng, look.wood, look.planks), repeat=(1.4, 1.4), is_uniform=True)
        self._material("floor", textures.wood(rng, (0.44, 0.35, 0.27), 4), repeat=(0.7, 0.7), is_uniform=True)
        self._material("wall", textures.plaster(rng, look.wall), repeat=(1, 1), is_uniform=True)
        self._material("tiles", textures.tiles(rng, look.tile), repeat=(1.6, 1.6), is_uniform=True, specular=0.4)
        self._material("cupboard", textures.plaster(rng, look.cupboard))
        self._material("board", textures.wood(rng, (0.78, 0.60, 0.38), 3), repeat=(2.6, 2.6), is_uniform=True)
        self._material("steel", textures.steel(rng), specular=0.6, shininess=0.7)
        self._material("basin", textures.steel(rng), colour=(0.80, 0.80, 0.82), specular=0.4, shininess=0.6)
        self._material("chrome", colour=(0.72, 0.74, 0.77), specular=1.0, shininess=0.85)
        self._material("dark", colour=(0.10, 0.10, 0.11), specular=0.4)
        self._material("china", colour=(0.88, 0.87, 0.84), specular=0.5, shininess=0.6)
        self._material("saucer", textures.glaze(rng, look.band, look.mug), specular=0.3, shininess=0.5)
        self._material("apple", textures.stone(rng, (0.68, 0.14, 0.10)), specular=0.4, shininess=0.6)
        self._material("lemon", textures.stone(rng, (0.88, 0.74, 0.16)), specular=0.2)
        self._material("sponge", textures.stone(rng, (0.88, 0.78, 0.22)), repeat=(2, 2))
        self._material("scourer", textures.stone(rng, (0.16, 0.36, 0.20)))
        self._material("towel", textures.tiles(rng, (0.75, 0.42, 0.36), 8, 8), specular=0)
        self._material("mug", textures.glaze(rng, look.mug, look.band), specular=0.5, shininess=0.6)
        self._material(
            "bottle", textures.label(rng, look.juice, (0.92, 0.90, 0.82), (0.20, 0.42, 0.24), "JUICE"),
            specular=0.6, shininess=0.7,
        )  # fmt: skip
        self._material("juice", colour=(*look.juice, 0.92), specular=0.4)
        self._material("water", colour=(0.70, 0.82, 0.90, 0.55), specular=0.8, shininess=0.9)
        self._material("sleeve", textures.fabric(rng, look.sleeve), repeat=(1, 1), specular=0)
        self._material(
            "forearm", textures.skin_patch(rng, tuple(0.95 * np.array(look.skin.tone))), specular=0.08, shininess=0.2
        )
        for side in SIDES:
            picture = skin_texture(load_hand(side), look.skin, rng)
            self._material(f"{side}/skin", picture, specular=0.12, shininess=0.25)

    def _mesh(self, name: str, shape: shapes.Shape) -> str:
        self._spec.add_mesh(
            name=name,
            uservert=shape.vertices_m.ravel().tolist(),
            userface=shape.faces.ravel().tolist(),
            usertexcoord=shape.texcoords.ravel().tolist(),
            inertia=self._mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
        )
        return name

    def _draw(
        self,
        body: mujoco.MjsBody,
        material: str,
        shape: str = "box",
        size: Sequence[float] = (0, 0, 0),
        mesh: str = "",
        **more: Any,
    ) -> None:
        """Adds a visible geom that touches nothing."""
        kind = getattr(self._mujoco.mjtGeom, "mjGEOM_MESH" if mesh else f"mjGEOM_{shape.upper()}")
        size = list(size) + [0.0] * (3 - len(size))
        body.add_geom(
            type=kind, size=size, meshname=mesh, material=material, contype=0, conaffinity=0, mass=0.01, **more
        )

    def _block(self, material: str, low: Sequence[float], high: Sequence[float]) -> None:
        """A box of the room between two corners."""
        low, high = np.array(low), np.array(high)
        self._draw(self._spec.worldbody, material, size=(high - low) / 2, pos=(low + high) / 2)

    def _panel(
        self, material: str, centre: Sequence[float], width_m: float, height_m: float, thickness_m: float = 0.01
    ) -> None:
        """An upright board that faces the person, its picture on its face."""
        self._draw(
            self._spec.worldbody, material, size=(width_m / 2, height_m / 2, thickness_m / 2), pos=centre,
            quat=Rotation.from_euler("x", 90, degrees=True).as_quat()[[3, 0, 1, 2]],
        )  # fmt: skip

    def _furnish(self) -> None:
        top, thick = COUNTER_M, 0.04
        rim = 0.012
        x0, x1, y0, y1 = np.array(SINK_M) + (-rim, rim, -rim, rim)
        self._draw(self._spec.worldbody, "floor", size=(2.6, 1.6, 0.01), pos=(0, -1.0, -0.01))
        for low, high in (
            ((-1.6, 0, top - thick), (x0, 0.6, top)),
            ((x1, 0, top - thick), (1.6, 0.6, top)),
            ((x0, 0, top - thick), (x1, y0, top)),
            ((x0, y1, top - thick), (x1, 0.6, top)),
        ):
            self._block("counter", low, high)
        x0, x1, y0, y1 = SINK_M
        floor = top - SINK_DEPTH_M
        self._block("basin", (x0, y0, floor - 0.01), (x1, y1, floor))
        for low, high in (
            ((x0 - rim, y0 - rim, floor), (x0, y1 + rim, top + 0.003)),
            ((x1, y0 - rim, floor), (x1 + rim, y1 + rim, top + 0.003)),
            ((x0, y0 - rim, floor), (x1, y0, top + 0.003)),
            ((x0, y1, floor), (x1, y1 + rim, top + 0.003)),
        ):
            self._block("steel", low, high)
        drain = [(x0 + x1) / 2, (y0 + y1) / 2, floor + 0.001]
        self._draw(self._spec.worldbody, "chrome", "cylinder", (0.04, 0.001), pos=drain)
        self._draw(self._spec.worldbody, "dark", "cylinder", (0.028, 0.0015), pos=drain)
        # The wall with its tiles, and the cupboards below the counter.
        self._panel("wall", (0, 0.62, 1.3), 5.2, 2.6, 0.02)
        self._block("wall", (-1.62, -2.6, 0), (-1.6, 0.62, 2.6))
        self._block("wall", (1.6, -2.6, 0), (1.62, 0.62, 2.6))
        self._panel("tiles", (0, 0.605, top + 0.3), 3.2, 0.6, 0.012)
        for k in range(5):
            x = -1.28 + 0.64 * k
            self._panel("cupboard", (x, 0.015, 0.47), 0.63, 0.74, 0.02)
            self._draw(self._spec.worldbody, "chrome", "capsule", (0.006, 0.07), pos=(x + 0.22, -0.012, 0.78),
                       quat=[0.7071, 0, 0.7071, 0])  # fmt: skip
        self._block("dark", (-1.6, 0.03, 0.0), (1.6, 0.05, 0.86))
        # The tap.
        foot = self._spec.worldbody.add_body(name="tap", pos=TAP_AT_M)
        self._draw(foot, "chrome", mesh=self._mesh("tap", shapes.tap()))
        pivot = foot.add_body(name="tap/lever", pos=[-0.022, -0.004, 0.062], quat=LEVER_REST.quaternion_wxyz)
        pivot.add_joint(name="tap/lever", type=self._mujoco.mjtJoint.mjJNT_HINGE, axis=[0, -1, 0])
        self._draw(pivot, "chrome", mesh=self._mesh("lever", shapes.lever()), name="tap/grip")

    def _lay_out(self) -> None:
        """Things that stand about; those that hands take are remembered in `things`."""
        rng, top, world = self._rng, COUNTER_M, self._spec.worldbody

        def jitter(x: float, y: float, spread_m: float = 0.012) -> tuple[float, float, float]:
            return (x + rng.uniform(-spread_m, spread_m), y + rng.uniform(-spread_m, spread_m), top)

        self._take(
            Thing("mug", Pose.at(*jitter(0.13, 0.19), np.deg2rad(rng.uniform(195, 225))), shapes.MUG_HEIGHT_M,
                  shapes.MUG_RADIUS_M, 0.050, (0, 0, shapes.MUG_HEIGHT_M), "mug"), shapes.mug()
        )  # fmt: skip
        self._take(
            Thing("bottle", Pose.at(*jitter(0.30, 0.25), rng.uniform(0, 6)), 0.16,
                  shapes.BOTTLE_RADIUS_M, 0.085, (0, 0, shapes.BOTTLE_HEIGHT_M), "bottle"), shapes.bottle()
        )  # fmt: skip
        # Liquid in the mug: a disc whose height follows the fill.
        mug = self._spec.body("mug")
        self._draw(
            mug, "water", "cylinder", (shapes.MUG_RADIUS_M - 0.0055, 0.0008), pos=(0, 0, 0.01), name="mug/liquid"
        )
        board = world.add_body(pos=(0.52, 0.27, top), quat=Pose.at(0, 0, 0, 0.12).quaternion_wxyz)
        self._draw(board, "board", size=(0.12, 0.17, 0.009), pos=(0, 0, 0.009))
        self._draw(board, "apple", mesh=self._mesh("apple", shapes.apple()), pos=(0.02, 0.06, 0.018))
        self._draw(board, "lemon", "ellipsoid", (0.036, 0.026, 0.026), pos=(-0.04, -0.02, 0.044), euler=(0, 0, 0.5))
        plate = jitter(0.20, 0.43)
        self._draw(world, "china", mesh=self._mesh("plate", shapes.plate()), pos=plate)
        self._draw(world, "saucer", mesh=self._mesh("saucer", shapes.plate(0.085)), pos=np.add(plate, (0, 0, 0.007)))
        self._draw(
            world, "steel", mesh=self._mesh("kettle", shapes.kettle()), pos=jitter(0.46, 0.50), euler=(0, 0, -0.6)
        )
        self._draw(world, "dark", "cylinder", (0.095, 0.008), pos=(0.46, 0.50, top + 0.008))
        sponge = jitter(0.075, 0.44, 0.004)
        self._draw(world, "sponge", size=(0.022, 0.042, 0.012), pos=np.add(sponge, (0, 0, 0.012)))
        self._draw(world, "scourer", size=(0.022, 0.042, 0.004), pos=np.add(sponge, (0, 0, 0.028)))
        self._draw(world, "towel", size=(0.11, 0.15, 0.004), pos=(-0.50, 0.20, top + 0.004), euler=(0, 0, -0.2))
        # Soap beside the tap.
        soap = shapes.turned(
            [(0, 0), (0.03, 0), (0.032, 0.01), (0.032, 0.1), (0.02, 0.125), (0.011, 0.13), (0.0, 0.15)]
        )
        self._material("soap", colour=(0.30, 0.56, 0.72), specular=0.5)
        self._draw(world, "soap", mesh=self._mesh("soap", soap), pos=jitter(-0.40, 0.51, 0.01))
        # Liquid that falls: a cylinder between two points, hidden while nothing falls.
        for name, material in (("water", "water"), ("juice", "juice")):
            body = world.add_body(name=f"stream/{name}", mocap=True)
            self._draw(body, material, "cylinder", (0.004, 0.01), name=f"stream/{name}")

    def _take(self, thing: Thing, shape: shapes.Shape) -> None:
        body = self._spec.worldbody.add_body(name=thing.name, mocap=True)
        self._draw(body, thing.material, mesh=self._mesh(thing.name, shape))
        # What fingers close around: a cylinder that is not drawn.
        body.add_geom(
            name=f"{thing.name}/grip", type=self._mujoco.mjtGeom.mjGEOM_CYLINDER, group=5, rgba=[0, 0, 0, 0],
            size=[thing.radius_m, thing.height_m / 2, 0], pos=[0, 0, thing.height_m / 2], contype=0, conaffinity=0,
        )  # fmt: skip
        self.things[thing.name] = thing

    def _add_person(self) -> None:
        world = self._spec.worldbody
        head = world.add_body(name="head", mocap=True)
        head.add_camera(name="head", fovy=FIELD_OF_VIEW_DEG)
        # Both meshes run from the wrist along -x; half axes at the wrist are the hand mesh's own.
        bare = shapes.limb(FOREARM_M, [(-0.01, 0.014, 0.009), (0.05, 0.0255, 0.0175), (0.15, 0.027, 0.020),
                                       (0.4, 0.034, 0.028), (0.6, 0.038, 0.033)])  # fmt: skip
        sleeve = shapes.limb(FOREARM_M, [(0.34, 0.028, 0.022), (0.335, 0.036, 0.031), (0.35, 0.039, 0.034),
                                         (0.42, 0.039, 0.034), (0.7, 0.045, 0.041), (1.0, 0.049, 0.047),
                                         (1.06, 0.035, 0.035)])  # fmt: skip
        upper = shapes.limb(UPPER_ARM_M, [(-0.08, 0.02, 0.02), (0.0, 0.049, 0.049), (0.5, 0.055, 0.055),
                                          (1.0, 0.068, 0.068)])  # fmt: skip
        for name, shape in (("forearm", bare), ("sleeve", sleeve), ("upper-arm", upper)):
            self._mesh(name, shape)
        for side in SIDES:
            forearm = world.add_body(name=f"{side}/forearm", mocap=True)
            add_hand(self._spec, side, f"{side}/skin", forearm=f"{side}/forearm")
            self._draw(forearm, "forearm", mesh="forearm")
            self._draw(forearm, "sleeve", mesh="sleeve")
            upper_arm = world.add_body(name=f"{side}/upper-arm", mocap=True)
            self._draw(upper_arm, "sleeve", mesh="upper-arm")

    # What moves.

    def show(self, moment: Moment) -> None:
        """Puts everything where `moment` has it."""
        self.put("head", moment.camera)
        for name, pose in moment.things.items():
            self.put(name, pose)
        for side in SIDES:
            self.set_hand(side, moment.wrists[side], moment.postures[side])
            self._put_arm(side, moment.wrists[side], shoulder_m(moment.camera, side))
        self.data.qpos[self._lever] = moment.lever_rad
        self._fill_mug(moment.fill.get("mug", 0.0), moment.fill.get("juice", 0.0))
        for name in ("water", "juice"):
            stream = next((s for s in moment.streams if (s.colour == self.look.juice) == (name == "juice")), None)
            self._draw_stream(name, stream)
        self.settle()

    def settle(self) -> None:
        """Carries positions through to bodies, lights and cameras."""
        self._mujoco.mj_kinematics(self.model, self.data)
        self._mujoco.mj_comPos(self.model, self.data)
        self._mujoco.mj_camlight(self.model, self.data)

    def set_hand(self, side: Hand, wrist: Pose, posture: Posture) -> None:
        """Puts a hand somewhere, its fingers as `posture` says; call `settle` afterwards."""
        self.put(f"{side}/hand", wrist)
        for finger, addresses in self._posture_at[side].items():
            for address, angle, (_, axis) in zip(addresses, posture[finger], MOVES[finger], strict=True):
                # A left hand spreads and rolls the other way round; both bend about -x.
                sign = -1.0 if axis == "x" else 1.0 if side is Hand.RIGHT else -1.0
                self.data.qpos[address] = sign * angle

    def touch_m(self, side: Hand, bone: str, geom: str) -> float:
        """Distance between the flesh of a bone and a geom [m]; negative where they cut into each other."""
        flesh = self.model.geom(f"{side}/{bone}/flesh").id
        return self._mujoco.mj_geomDistance(self.model, self.data, flesh, self.model.geom(geom).id, 0.2, None)

    def put(self, name: str, pose: Pose) -> None:
        """Puts the head, a thing, a hand or a limb at a pose; call `settle` afterwards."""
        k = self._mocap[name]
        self.data.mocap_pos[k] = pose.position_m
        self.data.mocap_quat[k] = pose.quaternion_wxyz

    def _put_arm(self, side: Hand, wrist: Pose, shoulder: Vector) -> None:
        """Bends the elbow between shoulder and wrist; where the wrist is too far off the shoulder comes along."""
        reach = wrist.position_m - shoulder
        distance = np.linalg.norm(reach)
        ahead = reach / distance
        outwards = np.array([0.55 if side is Hand.RIGHT else -0.55, -0.35, -0.75])
        swivel = unit(outwards - ahead * (outwards @ ahead))
        if distance < UPPER_ARM_M + FOREARM_M:
            along = (UPPER_ARM_M**2 - FOREARM_M**2 + distance**2) / (2 * distance)
            elbow = shoulder + along * ahead + np.sqrt(max(UPPER_ARM_M**2 - along**2, 0.0)) * swivel
        else:
            elbow = wrist.position_m - FOREARM_M * ahead
        for name, end, start, roll in (
            ("forearm", wrist.position_m, elbow, wrist.rotation[:, 1]),
            ("upper-arm", elbow, shoulder, swivel),
        ):
            x = unit(end - start)
            z = unit(np.cross(x, roll))
            self.put(f"{side}/{name}", Pose(end, np.stack([x, np.cross(z, x), z], axis=1)))

    def _fill_mug(self, fill: float, juice_share: float) -> None:
        geom = self.model.geom("mug/liquid")
        geom.pos[:] = 0, 0, 0.010 + fill * (shapes.MUG_HEIGHT_M - 0.018)
        colour = (1 - juice_share) * np.array([0.62, 0.74, 0.82]) + juice_share * np.array(self.look.juice)
        geom.rgba[:] = *colour, 0.75 if fill > 0.01 else 0.0

    def _draw_stream(self, name: str, stream: Stream | None) -> None:
        geom = self.model.geom(f"stream/{name}")
        if stream is None or stream.rate <= 0.01:
            geom.rgba[3] = 0.0
            return
        along = stream.to_m - stream.from_m
        length = np.linalg.norm(along)
        z = along / length
        x = unit(np.cross(z, (0.0, 1.0, 0.1)))
        self.put(f"stream/{name}", Pose((stream.from_m + stream.to_m) / 2, np.stack([x, np.cross(z, x), z], axis=1)))
        geom.size[:2] = 0.0022 + 0.0035 * stream.rate, length / 2
        geom.rgba[:] = *stream.colour, 0.6


LEVER_REST = Pose(np.zeros(3), Rotation.from_euler("ZY", [np.deg2rad(-128), np.deg2rad(-22)]).as_matrix())
"""The shut lever on the tap: it points to the left and the front, and a little up."""


def lever_pose(angle_rad: float) -> Pose:
    """The lever's joint, x along the lever, when it is lifted by an angle."""
    lifted = Rotation.from_euler("y", -angle_rad).as_matrix()
    return Pose(TAP_AT_M + (-0.022, -0.004, 0.062), LEVER_REST.rotation @ lifted)


def shoulder_m(camera: Pose, side: Hand) -> Vector:
    """Where a shoulder is when the head camera is at `camera`: below and behind it, whichever way the head looks."""
    ahead = unit(-camera.rotation[:, 2] * (1, 1, 0))
    # People turn their heads more than their shoulders.
    ahead = unit(0.4 * ahead + (0, 0.6, 0))
    right = np.array([ahead[1], -ahead[0], 0.0])
    sideways = 0.185 if side is Hand.RIGHT else -0.185
    return camera.position_m - 0.10 * ahead + sideways * right - (0, 0, 0.25)
