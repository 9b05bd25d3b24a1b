"""A kitchen to look at: its furniture with the light baked in, its things, and a person's hands and arms.

Nothing falls by itself: `Kitchen.show` puts everything where a `Moment` says that it is, and `lens.Camera` draws it.
Furniture is one mesh a fixture, all with one texture (see bake.py), unlit by MuJoCo. Things and hands are lit by
lights that go with the baked ones, and throw soft discs of shadow on the surface below them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from egoprog.program.types import Hand
from egoprog.sim import layout, shapes, textures, things
from egoprog.sim.bake import Patch, bake, mesh_of
from egoprog.sim.furniture import Furniture
from egoprog.sim.gl import load_mujoco
from egoprog.sim.hand import MOVES, Posture, Skin, add_hand, joint_name, load_hand, skin_texture
from egoprog.sim.pose import Pose, Vector, unit
from egoprog.sim.style import Style
from egoprog.sim.types import SIDES, Fixture, KitchenPlan, Look, Moment, Participant, Stream

if TYPE_CHECKING:
    import mujoco

UPPER_ARM_M, FOREARM_M = 0.29, 0.26
EFFECT_GROUP, HIDDEN_GROUP = 1, 5
"""The geometry groups of shadows, glow and streams, and of what is never drawn: grips, and what is out of sight."""
NUM_SHADOWS, NUM_STREAMS = 16, 3
SHADOW_FADE_M = 0.25
"""Things higher than this above a surface throw no shadow on it."""
SHADOW_IN_FRIDGE = 0.4
"""How strong a shadow in a fridge is, as a share of one on a worktop: light comes from all sides of it."""
_BRIGHT = 50.0
"""Emission that, times a colour of 1 / _BRIGHT, shows a texture as it is, whatever the lights."""


class Kitchen:
    """A furnished kitchen with a person's arms. Raises ModelError where nothing can render."""

    def __init__(self, plan: KitchenPlan, participant: Participant):
        self.plan, self.participant = plan, participant
        self._rng = np.random.default_rng([plan.seed, 2])
        self._mujoco = load_mujoco()
        self._spec = self._mujoco.MjSpec()
        self._painted: set[str] = set()
        self._fixtures: dict[str, Fixture] = {name: fixture for name, fixture in plan.fixtures.items() if fixture.joint}
        room, style = layout.room(plan.seed), Style.of(plan.seed)
        self.furniture = Furniture(room, style, plan.seed)
        self._settings(style)
        # What is nearest to the eye comes first: pixels that are hidden behind it then cost little.
        self._add_person()
        for thing in plan.things.values():
            things.add(self._spec, thing, self._paint)
        self._build_furniture()
        self._build_effects()
        self.model = self._spec.compile()
        self.data = self._mujoco.MjData(self.model)
        self._index()

    # What the spec is made of, top to bottom.

    def _settings(self, style: Style) -> None:
        spec, mujoco = self._spec, self._mujoco
        visual = spec.visual
        visual.global_.offwidth, visual.global_.offheight = 1280, 960
        visual.map.znear, visual.map.zfar = 0.03, 9.0
        visual.quality.shadowsize, visual.quality.offsamples = 0, 0
        visual.quality.numquads = 1
        spec.stat.extent, spec.stat.center = 1.0, [0, 0, 1]
        spec.compiler.degree = False
        lamp, day = np.array(style.lamp), np.array(style.day)
        tint = style.ambient / np.max(style.ambient)
        visual.headlight.ambient = (0.40 * tint).tolist()
        visual.headlight.diffuse = (0.16 * tint).tolist()
        visual.headlight.specular = [0, 0, 0]
        share = lamp.max() / (lamp.max() + 0.6 * day.max())
        lamp, day = lamp / lamp.max(), day / day.max()
        side = 1.0 if self._rng.random() < 0.5 else -1.0
        self._slant = np.array([0.25 * side, 0.15])
        directional = {"type": mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, "castshadow": False}
        spec.worldbody.add_light(
            pos=[0, 0, 2.4], dir=unit(np.array([*self._slant, -1.0])), specular=(0.32 * lamp).tolist(),
            diffuse=((0.16 + 0.30 * share) * lamp).tolist(), **directional
        )  # fmt: skip
        window = self.furniture.daylight[:2]
        spec.worldbody.add_light(
            pos=[0, 0, 2], dir=unit(np.array([*window, -0.75])), specular=(0.25 * day).tolist(),
            diffuse=((0.16 + 0.34 * (1 - share)) * day).tolist(), **directional
        )  # fmt: skip

    def _paint(
        self,
        name: str,
        picture: NDArray[np.uint8] | None = None,
        colour: Sequence[float] = (1.0, 1.0, 1.0),
        repeat: tuple[float, float] = (1.0, 1.0),
        specular: float = 0.1,
        shininess: float = 0.3,
        is_uniform: bool = False,
        emission: float = 0.0,
    ) -> str:
        """Makes a material and returns its name; one that is there already stays as it is.

        picture: (H, W, 3) RGB or (H, W, 4) RGBA, uint8, bottom row first. colour: RGB or RGBA, times the picture.
        """
        if name in self._painted:
            return name
        self._painted.add(name)
        rgba = [*map(float, colour), 1.0][:4]
        material = self._spec.add_material(
            name=name, rgba=rgba, specular=specular, shininess=shininess, texrepeat=list(repeat),
            texuniform=is_uniform, emission=emission,
        )  # fmt: skip
        if picture is not None:
            texture = self._spec.add_texture(
                name=name, type=self._mujoco.mjtTexture.mjTEXTURE_2D, height=picture.shape[0], width=picture.shape[1],
                nchannel=picture.shape[2],
            )  # fmt: skip
            texture.data = np.ascontiguousarray(picture, np.uint8).tobytes()
            material.textures[self._mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
        return name

    def _mesh(self, name: str, vertices: NDArray, faces: NDArray, texcoords: NDArray) -> str:
        self._spec.add_mesh(
            name=name,
            uservert=vertices.ravel().tolist(),
            userface=faces.ravel().tolist(),
            usertexcoord=texcoords.ravel().tolist(),
            inertia=self._mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
        )
        return name

    def _draw(
        self, body: mujoco.MjsBody, material: str, shape: str = "box", size: Sequence[float] = (0, 0, 0),
        mesh: str = "", **more: Any,
    ) -> None:  # fmt: skip
        """Adds a visible geom that touches nothing."""
        kind = getattr(self._mujoco.mjtGeom, "mjGEOM_MESH" if mesh else f"mjGEOM_{shape.upper()}")
        size = list(size) + [0.0] * (3 - len(size))
        body.add_geom(
            type=kind, size=size, meshname=mesh, material=material, contype=0, conaffinity=0, mass=0.01, **more
        )

    def _build_furniture(self) -> None:
        """One mesh for each part of the furniture; bodies "name/door" for the parts that move."""
        furniture, world = self.furniture, self._spec.worldbody
        names = [name for name, patches in furniture.parts.items() for _ in patches]
        patches = [patch for patches in furniture.parts.values() for patch in patches]
        atlas = bake(patches, furniture.boxes, furniture.lamps, furniture.ambient, furniture.meter_m, 0.95,
                     self.plan.seed)  # fmt: skip
        dim = 1 / _BRIGHT
        self._paint("furniture", atlas.picture, (dim, dim, dim), specular=0.0, emission=_BRIGHT)
        grouped: dict[str, list[tuple[Patch, tuple[float, float, float, float]]]] = {}
        for name, patch, corner in zip(names, patches, atlas.corners, strict=True):
            grouped.setdefault(name, []).append((patch, corner))
        fixed = world.add_body(name="furniture")
        for name, pairs in sorted(grouped.items(), key=lambda item: item[0] == "room"):
            # The walls were made first and are farthest away.
            pairs = pairs[::-1]
            mesh = self._mesh(name, *mesh_of([p for p, _ in pairs], [c for _, c in pairs]))
            body = world.add_body(name=name, mocap=True) if name.endswith("/door") else fixed
            self._draw(body, "furniture", mesh=mesh, name=name)
        for name, fixture in self._fixtures.items():
            grip = fixture.grip
            assert grip is not None
            bar = fixture.bar(0.0)
            self._spec.body(f"{name}/door").add_geom(
                name=f"{name}/grip", type=self._mujoco.mjtGeom.mjGEOM_CAPSULE, group=HIDDEN_GROUP, rgba=[0, 0, 0, 0],
                size=[grip.radius_m, grip.length_m / 2, 0], pos=bar.position_m, quat=bar.quaternion_wxyz,
                contype=0, conaffinity=0,
            )  # fmt: skip

    def _build_effects(self) -> None:
        """What comes and goes: shadows, glowing rings, the microwave's lit window, liquid that falls."""
        world = self._spec.worldbody
        self._paint("shadow", textures.shadow_sheet(), (1, 1, 1, 0.99), specular=0, shininess=0)
        for k in range(NUM_SHADOWS):
            # A box, for the renderer keeps a plane's first size.
            name, size, hidden = f"shadow/{k}", (0.1, 0.1, 1e-6), [1, 1, 1, 0]
            self._draw(world, "shadow", "box", size, name=name, rgba=hidden, group=EFFECT_GROUP)
        hob = self.plan.fixtures.get("hob")
        if hob is not None:
            flame = (0.22, 0.42, 1.0) if self.furniture.style.hob == "gas" else (1.0, 0.24, 0.06)
            self._paint("hob/glow", textures.coil(flame), (0.04, 0.04, 0.04, 0.99), emission=25.0, specular=0)
            for k, (spot, radius) in enumerate(zip(hob.spots, layout.RING_RADIUS_M, strict=True)):
                at = hob.frame @ spot.pose
                self._draw(world, "hob/glow", "plane", (radius, radius, 0.01), pos=at.moved(z=0.0008).position_m,
                           name=f"hob/glow/{k}", rgba=[0.04, 0.04, 0.04, 0], group=EFFECT_GROUP)  # fmt: skip
        oven = self.plan.fixtures.get("microwave")
        if oven is not None:
            self._paint("microwave/lit", None, (0.04, 0.034, 0.022, 0.5), emission=25.0, specular=0)
            box = self.furniture.room.boxes["microwave"]
            pane = oven.frame @ Pose.at(box.low[0] + 0.155, box.low[1] - 0.0015, (box.low[2] + box.high[2]) / 2)
            self._draw(
                self._spec.body("microwave/door"), "microwave/lit", "box", (0.115, 0.0008, 0.095), pos=pane.position_m,
                quat=pane.quaternion_wxyz, name="microwave/lit", rgba=[0.04, 0.034, 0.022, 0], group=EFFECT_GROUP,
            )  # fmt: skip
        self._paint("stream/liquid", None, (0.8, 0.88, 0.94, 0.6), specular=0.8, shininess=0.9)
        self._paint("stream/grain", textures.grains(self._rng), (1, 1, 1, 1), repeat=(2, 6), specular=0)
        for k in range(NUM_STREAMS):
            for kind in ("liquid", "grain"):
                body = world.add_body(name=f"stream/{k}/{kind}", mocap=True)
                name, size, hidden = f"stream/{k}/{kind}", (0.004, 0.01), [1, 1, 1, 0]
                self._draw(body, f"stream/{kind}", "cylinder", size, name=name, rgba=hidden, group=EFFECT_GROUP)

    def _add_person(self) -> None:
        world, rng, person = self._spec.worldbody, self._rng, self.participant
        head = world.add_body(name="head", mocap=True)
        head.add_camera(name="head", fovy=person.lens_deg)
        skin = Skin(person.skin, size_px=448)
        ground = (skin.ground,) * 3
        tone = tuple(0.97 * np.array(person.skin) / skin.ground)
        # Eyes and cameras take gloss for a larger part of what dark skin shows.
        sheen = {"specular": 0.25 + 0.75 * skin.darkness, "shininess": 0.08, "emission": 0.06 + 0.26 * skin.darkness}
        self._paint("sleeve", textures.fabric(rng, person.sleeve), specular=0)
        self._paint("forearm", textures.skin_patch(rng, tone), ground, **sheen)
        # The left hand is the right one in a mirror, texture and all.
        self._paint("skin", skin_texture(load_hand(Hand.RIGHT), skin, rng), ground, **sheen)
        # Both run from the wrist along -x, 1 at the elbow; half axes at the wrist are the hand mesh's own.
        outline = np.array([(-0.01, 0.014, 0.009), (0.05, 0.0255, 0.0175), (0.15, 0.027, 0.020), (0.4, 0.034, 0.028),
                            (0.7, 0.041, 0.037), (0.95, 0.041, 0.039), (1.06, 0.030, 0.030)])  # fmt: skip
        bare = shapes.limb(FOREARM_M, [tuple(row) for row in outline])
        start = max(1.0 - person.sleeve_share, 0.08)
        is_bare = person.sleeve_share < 0.1
        self._mesh("forearm", bare.vertices_m, bare.faces, bare.texcoords)
        if not is_bare:
            at = np.concatenate([[start], np.linspace(start, 1.0, 7)[1:], [1.06]])
            wide, thick = (
                np.interp(at, outline[:, 0], outline[:, k]) + 0.006 + 0.0022 * np.sin(9 * at + 1) for k in (1, 2)
            )
            # The cuff: a hem that turns in to the arm.
            ends = [
                (start + 0.006, wide[0] - 0.007, thick[0] - 0.007),
                (start - 0.004, wide[0] + 0.001, thick[0] + 0.001),
            ]
            sleeve = shapes.limb(FOREARM_M, [*ends, *zip(at[1:], wide[1:], thick[1:], strict=True)])
            self._mesh("sleeve", sleeve.vertices_m, sleeve.faces, sleeve.texcoords)
        upper = shapes.limb(
            UPPER_ARM_M,
            [
                (-0.08, 0.02, 0.02),
                (0.0, 0.042, 0.042),
                (0.5, 0.044, 0.044),
                (1.0, 0.045, 0.045),
                (1.07, 0.041, 0.041),
                (1.13, 0.032, 0.032),
                (1.16, 0.018, 0.018),
                (1.17, 0.001, 0.001),
            ],
        )
        self._mesh("upper-arm", upper.vertices_m, upper.faces, upper.texcoords)
        self._mesh("torso", *_torso())
        torso = world.add_body(name="torso", mocap=True)
        # Seen from so near and from above, a knit's ribs would meet in a star on each shoulder.
        self._paint("shirt", textures.plaster(rng, person.sleeve), specular=0)
        self._draw(torso, "shirt", mesh="torso")
        wears = rng.random(), rng.random()
        if wears[0] < 0.4 and start > 0.3:
            watch = shapes.limb(
                FOREARM_M, [(0.06, 0.024, 0.017), (0.062, 0.029, 0.0215), (0.13, 0.030, 0.023), (0.132, 0.025, 0.018)]
            )
            self._mesh("watch", watch.vertices_m, watch.faces, watch.texcoords)
            self._paint(
                "watch", None, (0.10, 0.10, 0.11) if wears[1] < 0.6 else (0.66, 0.62, 0.52), specular=0.5, shininess=0.6
            )
        for side in SIDES:
            forearm = world.add_body(name=f"{side}/forearm", mocap=True)
            add_hand(self._spec, side, "skin", forearm=f"{side}/forearm")
            self._draw(forearm, "forearm", mesh="forearm", name=f"{side}/forearm")
            if not is_bare:
                self._draw(forearm, "sleeve", mesh="sleeve")
            if side is Hand.LEFT and "watch" in self._painted:
                self._draw(forearm, "watch", mesh="watch")
            upper_arm = world.add_body(name=f"{side}/upper-arm", mocap=True)
            self._draw(upper_arm, "forearm" if is_bare else "shirt", mesh="upper-arm")

    def _index(self) -> None:
        """Where everything that `show` moves lies in MuJoCo's arrays."""
        model = self.model
        # MuJoCo passes over the places of geoms that began at their body's origin; ours may move later.
        model.geom_sameframe[:] = self._mujoco.mjtSameFrame.mjSAMEFRAME_NONE
        names = [model.body(k).name for k in range(model.nbody)]
        self._mocap = {name: int(model.body_mocapid[k]) for k, name in enumerate(names) if model.body_mocapid[k] >= 0}
        self._body = {name: k for k, name in enumerate(names)}
        self._posture_at = {
            side: {
                finger: np.array([model.joint(joint_name(side, finger, *move)).qposadr[0] for move in MOVES[finger]])
                for finger in MOVES
            }
            for side in SIDES
        }
        # A left hand spreads and rolls the other way round; both bend about -x.
        self._posture_sign = {
            side: {
                finger: np.array([-1.0 if axis == "x" or side is Hand.LEFT else 1.0 for _, axis in MOVES[finger]])
                for finger in MOVES
            }
            for side in SIDES
        }
        self._shadow = np.array([model.geom(f"shadow/{k}").id for k in range(NUM_SHADOWS)])
        self._stream = [
            {kind: model.geom(f"stream/{k}/{kind}").id for kind in ("liquid", "grain")} for k in range(NUM_STREAMS)
        ]
        self._glow = [model.geom(f"hob/glow/{k}").id for k in range(4)] if "hob" in self._fixtures else []
        self._lit = model.geom("microwave/lit").id if "microwave" in self._fixtures else None
        self._names = list(self.plan.things)
        self._name_at = {name: k for k, name in enumerate(self._names)}
        self._thing_mocap = np.array([self._mocap[name] for name in self._names], int)
        all_things = self.plan.things.values()
        self._radius = np.array([thing.radius_m for thing in all_things])
        self._top = np.array([thing.top_m for thing in all_things])
        # The geoms of each thing, by its index; -1 for what belongs to no thing.
        owner = np.full(model.ngeom, -1)
        for k, name in enumerate(self._names):
            owner[model.geom_bodyid == self._body[name]] = k
        self._owner = owner
        self._group = model.geom_group.copy()
        self._rotations = np.tile(np.eye(3), (len(self._names), 1, 1))
        self._extent = np.array([self._footprint(k) for k in range(len(self._names))]).reshape(-1, 4)
        self._drawn = self._group < 3
        self._reach = np.where(np.isin(np.arange(model.ngeom), self._shadow), 0.3, model.geom_rbound)
        # What is in a vessel grows.
        self._reach[self._owner >= 0] = np.maximum(self._reach[self._owner >= 0], 0.12)
        self._reach[self._glow] = max(layout.RING_RADIUS_M)
        self._looks: dict[str, Look] = {}
        self._openings: dict[str, float] = {}
        self._closed = self._closed_boxes()
        self._out_of_sight = np.zeros(len(self._names), bool)

    def _footprint(self, k: int) -> tuple[float, float, float, float]:
        """The rectangle that a thing covers as it stands, in its own axes: middle and half sizes along x and y."""
        model = self.model
        corners = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
        points = [np.zeros((1, 3))]
        for geom in np.flatnonzero((self._owner == k) & (model.geom_type == self._mujoco.mjtGeom.mjGEOM_MESH)):
            rotation = np.zeros(9)
            self._mujoco.mju_quat2Mat(rotation, model.geom_quat[geom])
            box = model.geom_aabb[geom]
            points.append((box[:3] + corners * box[3:]) @ rotation.reshape(3, 3).T + model.geom_pos[geom])
        low, high = np.concatenate(points)[:, :2].min(axis=0), np.concatenate(points)[:, :2].max(axis=0)
        return (*((low + high) / 2), *((high - low) / 2))

    def _closed_boxes(self) -> dict[str, tuple[Vector, Vector]]:
        """World corners of the hollows that hide what is in them when they are shut, by fixture."""
        boxes = {}
        for name in self._fixtures:
            fixture, box = self._fixtures[name], self.furniture.room.boxes[name]
            if fixture.kind in ("tap", "hob"):
                continue
            ends = fixture.frame.point(box.low), fixture.frame.point(box.high)
            boxes[name] = np.minimum(*ends) - 0.01, np.maximum(*ends) + 0.01
        return boxes

    # What moves.

    def show(self, moment: Moment) -> None:
        """Puts everything where `moment` has it, and looks as it says."""
        self.put("head", moment.camera)
        names = list(moment.things)
        if names:
            poses = [moment.things[name] for name in names]
            positions = np.array([pose.position_m for pose in poses])
            index = [self._name_at[name] for name in names]
            at = self._thing_mocap[index]
            self.data.mocap_pos[at] = positions
            rotations = np.array([pose.rotation for pose in poses])
            self.data.mocap_quat[at] = _quaternions(rotations)
            self._rotations[index] = rotations
        for side in SIDES:
            self.set_hand(side, moment.wrists[side], moment.postures[side])
            self._put_arm(side, moment.wrists[side], moment.shoulders[side], moment.elbows.get(side))
        self._put_torso(moment.shoulders)
        self._show_looks(moment.looks, moment.things)
        for k in range(NUM_STREAMS):
            self._draw_stream(k, moment.streams[k] if k < len(moment.streams) else None)
        self._hide_shut_in()
        self._cast_shadows(moment)
        self.settle()

    def owner_name(self, geom: int) -> str:
        """Of what thing or fixture a geom is a part; "" for the room and arms."""
        name = self.model.geom(geom).name
        if name and name.split("/")[0] in self.plan.fixtures:
            return name.split("/")[0]
        owner = self._owner[geom]
        return self._names[owner] if owner >= 0 else ""

    def settle(self) -> None:
        """Carries positions through to bodies, lights and cameras."""
        self._mujoco.mj_kinematics(self.model, self.data)
        self._mujoco.mj_comPos(self.model, self.data)
        self._mujoco.mj_camlight(self.model, self.data)

    def set_hand(self, side: Hand, wrist: Pose, posture: Posture) -> None:
        """Puts a hand somewhere, its fingers as `posture` says; call `settle` afterwards."""
        self.put(f"{side}/hand", wrist)
        for finger, addresses in self._posture_at[side].items():
            self.data.qpos[addresses] = self._posture_sign[side][finger] * posture[finger]

    def touch_m(self, side: Hand, bone: str, geom: str) -> float:
        """Distance between the flesh of a bone and a geom [m]; negative where they cut into each other."""
        flesh = self.model.geom(f"{side}/{bone}/flesh").id
        return self._mujoco.mj_geomDistance(self.model, self.data, flesh, self.model.geom(geom).id, 0.2, None)

    def put(self, name: str, pose: Pose) -> None:
        """Puts the head, a thing, a hand, a limb or a "fixture/door" at a pose; call `settle` afterwards."""
        k = self._mocap[name]
        self.data.mocap_pos[k] = pose.position_m
        self.data.mocap_quat[k] = pose.quaternion_wxyz

    def set_opening(self, name: str, opening: float) -> None:
        """Moves a fixture's door, drawer, lever or dial, 0 shut to 1; call `settle` afterwards."""
        if self._openings.get(name) != opening:
            self._openings[name] = opening
            self.put(f"{name}/door", self._fixtures[name].moved(opening))

    def cull(self, half_width: float, half_height: float) -> None:
        """Takes what lies outside the head camera's picture out of the next drawing.

        half_width, half_height: tangents of half the fields of view.
        """
        camera = self._body["head"]
        to_camera = self.data.xmat[camera].reshape(3, 3)
        x, y, z = ((self.data.geom_xpos - self.data.xpos[camera]) @ to_camera).T
        away, reach = -z, self._reach
        seen = (away > -reach) & (away < 9.0 + reach)
        seen &= np.abs(x) < half_width * away + reach * np.hypot(1, half_width)
        seen &= np.abs(y) < half_height * away + reach * np.hypot(1, half_height)
        seen[self._out_of_sight[self._owner] & (self._owner >= 0)] = False
        self.model.geom_group[self._drawn] = np.where(seen, self._group, HIDDEN_GROUP)[self._drawn]

    def _show_looks(self, looks: Mapping[str, Look], places: Mapping[str, Pose]) -> None:
        shut = Look()
        for name, fixture in self._fixtures.items():
            look = looks.get(name, shut)
            is_dial = fixture.kind in ("tap", "hob")
            self.set_opening(name, max(look["open"], look["on"]) if is_dial else look["open"])
        for name in self._names:
            look = looks.get(name, shut)
            if self._looks.get(name) != look:
                self._looks[name] = look
                things.show(self.model, self.plan.things[name], look)
        if self._glow:
            heat = looks.get("hob", shut)["on"]
            hot = set()
            if heat > 0:
                hob = self._fixtures["hob"]
                below = (layout.ring_of(hob, pose.position_m) for pose in places.values())
                hot = {ring for ring in below if ring is not None} or {0}
            for k, geom in enumerate(self._glow):
                self.model.geom_rgba[geom, 3] = 0.95 * heat if k in hot else 0.0
        if self._lit is not None:
            look = looks.get("microwave", shut)
            self.model.geom_rgba[self._lit, 3] = 0.55 * look["on"]

    def _hide_shut_in(self) -> None:
        """Finds the things inside furniture that is shut."""
        at = self.data.mocap_pos[self._thing_mocap]
        self._out_of_sight[:] = False
        for name, (low, high) in self._closed.items():
            if self._openings.get(name, 0.0) < 0.02:
                self._out_of_sight |= ((at > low) & (at < high)).all(axis=1)

    def _put_arm(self, side: Hand, wrist: Pose, shoulder: Vector, elbow: Vector | None = None) -> None:
        """Bends the elbow between shoulder and wrist; where the wrist is too far off the shoulder comes along."""
        reach = wrist.position_m - shoulder
        distance = np.linalg.norm(reach)
        ahead = reach / distance
        level = reach * (1, 1, 0)
        forward = level / max(np.linalg.norm(level), 1e-6)
        right = np.array([forward[1], -forward[0], 0.0])
        outwards = (0.55 if side is Hand.RIGHT else -0.55) * right - 0.35 * forward - (0, 0, 0.75)
        swivel = unit(outwards - ahead * (outwards @ ahead))
        if elbow is None and distance < UPPER_ARM_M + FOREARM_M:
            along = (UPPER_ARM_M**2 - FOREARM_M**2 + distance**2) / (2 * distance)
            elbow = shoulder + along * ahead + np.sqrt(max(UPPER_ARM_M**2 - along**2, 0.0)) * swivel
        elif elbow is None:
            elbow = wrist.position_m - FOREARM_M * ahead
        for name, end, start, roll in (
            ("forearm", wrist.position_m, elbow, wrist.rotation[:, 1]),
            ("upper-arm", elbow, shoulder, swivel),
        ):
            x = unit(end - start)
            z = unit(_cross(x, roll))
            self.put(f"{side}/{name}", Pose(end, np.column_stack([x, _cross(z, x), z])))

    def _put_torso(self, shoulders: Mapping[Hand, Vector]) -> None:
        right, left = shoulders[Hand.RIGHT], shoulders[Hand.LEFT]
        x = unit(right - left)
        z = unit(np.array([0.0, 0.0, 1.0]) - x * x[2])
        rotation = np.column_stack([x, _cross(z, x), z])
        # A little farther back and lower than it is: cloth gives way where a head turns and bows over its shoulder.
        self.put("torso", Pose((right + left) / 2 - 0.07 * rotation[:, 1] - 0.035 * z, rotation))

    def _draw_stream(self, k: int, stream: Stream | None) -> None:
        geoms, rgba = self._stream[k], self.model.geom_rgba
        rgba[list(geoms.values()), 3] = 0.0
        if stream is None or stream.rate <= 0.01:
            return
        along = stream.to_m - stream.from_m
        length = float(np.linalg.norm(along))
        if length < 1e-3:
            return
        kind = "grain" if stream.is_grain else "liquid"
        z = along / length
        x = unit(_cross(z, np.array([0.0, 1.0, 0.1])))
        middle = Pose((stream.from_m + stream.to_m) / 2, np.column_stack([x, _cross(z, x), z]))
        self.put(f"stream/{k}/{kind}", middle)
        geom = geoms[kind]
        self.model.geom_size[geom, :2] = 0.0022 + 0.0035 * stream.rate, length / 2
        self._reach[geom] = length
        rgba[geom] = *stream.colour, 0.99 if stream.is_grain else 0.62

    def _cast_shadows(self, moment: Moment) -> None:
        """Lays soft dark discs below things and hands, the nearest to the camera first."""
        model, eye = self.model, moment.camera.position_m
        at = self.data.mocap_pos[self._thing_mocap]
        centres, widths, lengths, yaws, strengths = [], [], [], [], []
        for side in SIDES:
            wrist = moment.wrists[side]
            x = wrist.rotation[:, 0]
            for along, long, wide, strength in ((0.10, 0.11, 0.06, 0.5), (-0.10, 0.17, 0.055, 0.32)):
                centres.append(wrist.position_m + along * x)
                lengths.append(long * max(np.hypot(x[0], x[1]), 0.5))
                widths.append(wide)
                yaws.append(np.arctan2(x[1], x[0]))
                strengths.append(strength)
        seen = np.flatnonzero(~self._out_of_sight)
        rotations = self._rotations[seen]
        middles, halves = self._extent[seen, :2], self._extent[seen, 2:]
        ends = at[seen] + np.einsum("nij,nj->ni", rotations[:, :, :2], middles)
        for end, rotation, (long, wide), radius in zip(ends, rotations, halves, self._radius[seen], strict=True):
            is_upright = rotation[2, 2] > 0.8
            centres.append(end + (0, 0, 0.004))
            lengths.append(1.1 * (long if is_upright else radius) + 0.014)
            widths.append(1.1 * (wide if is_upright else radius) + 0.014)
            yaws.append(np.arctan2(rotation[1, 0], rotation[0, 0]))
            strengths.append(0.38 if is_upright else 0.26)
        centres = np.array(centres)
        height = self._surface_below(centres, at)
        lifts = centres[:, 2] - height
        # Shadows fall away from the lamp.
        centres[:, :2] += self._slant * np.minimum(lifts + 0.02, SHADOW_FADE_M)[:, None]
        fade = np.clip(1 - lifts / SHADOW_FADE_M, 0, 1)
        strength = np.array(strengths) * fade**1.5
        for low, high in (box for name, box in self._closed.items() if self._fixtures[name].kind == "fridge"):
            strength[((centres > low) & (centres < high)).all(axis=1)] *= SHADOW_IN_FRIDGE
        order = np.argsort(np.linalg.norm(centres - eye, axis=1) + np.where(strength < 0.02, 100.0, 0.0))[:NUM_SHADOWS]
        used = self._shadow[: len(order)]
        model.geom_rgba[self._shadow, 3] = 0.0
        # Nearer shadows lie a hair higher, so that two never fight for the same depth.
        raise_m = 0.0012 + 0.00012 * np.arange(len(order))
        model.geom_pos[used] = np.column_stack([centres[order, :2], height[order] + raise_m])
        spread = 1 + 0.9 * lifts[order] / SHADOW_FADE_M
        model.geom_size[used, 0] = np.array(lengths)[order] * spread
        model.geom_size[used, 1] = np.array(widths)[order] * spread
        half = np.array(yaws)[order] / 2
        model.geom_quat[used] = np.column_stack([np.cos(half), 0 * half, 0 * half, np.sin(half)])
        model.geom_rgba[used, 3] = strength[order]

    def _surface_below(self, points: NDArray, bases: NDArray) -> NDArray[np.float64]:
        """Height of the highest level surface below points, (N, 3), of furniture or of a flat thing that lies on it.

        bases: where things are, (T, 3). -10 where there is none.
        """
        below = _level_below(self.furniture.surfaces, np.concatenate([points, bases]))
        best, ground = below[: len(points)], below[len(points) :]
        lies = (self._top > 0) & (self._top < 0.06) & (bases[:, 2] - ground < 0.03) & ~self._out_of_sight
        for k in np.flatnonzero(lies):
            near = np.hypot(*(points[:, :2] - bases[k, :2]).T) < 0.9 * self._radius[k]
            top = bases[k, 2] + self._top[k]
            best = np.where(near & (top < points[:, 2] + 0.003), np.maximum(best, top), best)
        return best


def _level_below(levels: NDArray, points: NDArray) -> NDArray[np.float64]:
    """Height of the highest of some level rectangles, (S, 5), below points, (N, 3); -10 where there is none."""
    x, y, z = points.T[..., None]
    inside = (x > levels[:, 0]) & (x < levels[:, 1]) & (y > levels[:, 2]) & (y < levels[:, 3])
    return np.where(inside & (levels[:, 4] < z + 0.003), levels[:, 4], -10.0).max(axis=1)


def _torso() -> tuple[NDArray, NDArray, NDArray]:
    """Shoulders, chest and belly as a mesh, the origin between the shoulders, x to the right, z up."""
    rings = np.array([(-0.55, 0.15, 0.10), (-0.3, 0.155, 0.10), (-0.12, 0.165, 0.095), (-0.05, 0.17, 0.085),
                      (0.0, 0.165, 0.07), (0.025, 0.13, 0.055), (0.04, 0.08, 0.045), (0.045, 1e-4, 1e-4)])  # fmt: skip
    path = np.column_stack([np.zeros((len(rings), 2)), rings[:, 0]])
    shape = shapes.tube(path, rings[:, 1:], 20)
    return shape.vertices_m, shape.faces, shape.texcoords


def _cross(a: Vector, b: Vector) -> Vector:
    """The product of two vectors, (3,); numpy's own takes twenty times as long for one."""
    (p, q, r), (x, y, z) = a.tolist(), b.tolist()
    return np.array([q * z - r * y, r * x - p * z, p * y - q * x])


def _quaternions(rotations: NDArray) -> NDArray[np.float64]:
    """(N, 3, 3) to (N, 4), w first. Source: Bar-Itzhack 2000, written out: the largest of four squares."""
    m = rotations
    a, e, i = m[:, 0, 0], m[:, 1, 1], m[:, 2, 2]
    p, q, r = m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1]
    s, t, u = m[:, 0, 1] + m[:, 1, 0], m[:, 0, 2] + m[:, 2, 0], m[:, 1, 2] + m[:, 2, 1]
    rows = np.stack([
        np.stack([1 + a + e + i, p, q, r], -1),
        np.stack([p, 1 + a - e - i, s, t], -1),
        np.stack([q, s, 1 - a + e - i, u], -1),
        np.stack([r, t, u, 1 - a - e + i], -1),
    ], 1)  # fmt: skip
    best = rows[np.arange(len(m)), np.argmax(rows[:, range(4), range(4)], axis=1)]
    return best / np.linalg.norm(best, axis=1, keepdims=True)
