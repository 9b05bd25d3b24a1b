"""Things as they are drawn: every state is to be seen, little is drawn, and a seed always looks the same."""

import numpy as np
import pytest

from egoprog.errors import ModelError, UnknownKind
from egoprog.sim import stock, things
from egoprog.sim.catalogue import KINDS, make_thing, size_m
from egoprog.sim.gl import load_mujoco
from egoprog.sim.performance import channel_of
from egoprog.sim.types import Look

SIZE_PX = 72
MOST_TRIANGLES, MOST_DRAWN = 1500, 4
HIDES_CONTENTS = {"milk", "juice", "washing_liquid", "tea", "cereal", "kettle"}
"""What is in them is not to be seen from outside."""
NEEDED = {"mixed": {"fill": 0.8}, "cooked": {"cut": 1.0}, "turned": {"cut": 1.0, "cooked": 1.0}}
"""What is true of a thing of which another state is looked at."""


class Shelf:
    """One thing of each kind, and a camera that looks down at one of them."""

    def __init__(self, variant):
        self.mujoco = mujoco = load_mujoco()
        spec = mujoco.MjSpec()
        spec.visual.global_.offwidth = spec.visual.global_.offheight = SIZE_PX
        spec.visual.map.znear, spec.visual.quality.shadowsize = 0.02, 0
        spec.stat.extent = 1.0
        spec.worldbody.add_light(pos=(0, 0, 2), dir=(0.3, 0.3, -1), type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL)
        self.painted, self.spec = {}, spec
        self.things = {kind: make_thing(kind, kind, variant) for kind in KINDS}
        for thing in self.things.values():
            things.add(spec, thing, self._paint)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.context = mujoco.GLContext(SIZE_PX, SIZE_PX)
        self.context.make_current()
        self.renderer = mujoco.MjrContext(self.model, mujoco.mjtFontScale.mjFONTSCALE_100)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self.renderer)
        self.scene = mujoco.MjvScene(self.model, maxgeom=400)
        self.scene.flags[mujoco.mjtRndFlag.mjRND_CULL_FACE] = 1
        self.options = mujoco.MjvOption()
        self.options.geomgroup[:] = (1, 1, 1, 0, 0, 0)

    def _paint(self, name, picture=None, colour=(1, 1, 1), **_):
        if name not in self.painted:
            self.painted[name] = picture
            material = self.spec.add_material(name=name, rgba=[*colour, 1.0][:4])
            if picture is not None:
                kind = self.mujoco.mjtTexture.mjTEXTURE_2D
                rows, columns, channels = picture.shape
                texture = self.spec.add_texture(name=name, type=kind, height=rows, width=columns, nchannel=channels)
                texture.data = picture.tobytes()
                material.textures[self.mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
        return name

    def picture(self, kind, look):
        """(SIZE_PX, SIZE_PX, 3), of the thing alone."""
        mujoco, thing = self.mujoco, self.things[kind]
        things.show(self.model, thing, look)
        self.data.mocap_pos[:] = (50, 50, 0)
        self.data.mocap_pos[self.model.body(kind).mocapid[0]] = 0
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)
        camera = mujoco.MjvCamera()
        camera.lookat[:], camera.azimuth, camera.elevation = (0, 0, thing.height_m / 2), 60, -48
        camera.distance = 3.2 * max(max(size_m(kind, thing.variant)) / 2, 0.04)
        mujoco.mjv_updateScene(self.model, self.data, self.options, mujoco.MjvPerturb(), camera,
                               mujoco.mjtCatBit.mjCAT_ALL, self.scene)  # fmt: skip
        pixels, whole = np.zeros((SIZE_PX, SIZE_PX, 3), np.uint8), mujoco.MjrRect(0, 0, SIZE_PX, SIZE_PX)
        mujoco.mjr_render(whole, self.scene, self.renderer)
        mujoco.mjr_readPixels(pixels, None, whole, self.renderer)
        return pixels

    def close(self):
        self.renderer.free()
        self.context.free()


@pytest.fixture(scope="module")
def shelf():
    try:
        made = Shelf(3)
    except ModelError as error:
        pytest.skip(str(error))
    yield made
    made.close()


def changed(one, other):
    """Share of the thing's own pixels that differ plainly."""
    differs = np.abs(one.astype(int) - other.astype(int)).max(axis=-1) > 12
    return differs.sum() / max(((one > 0).any(axis=-1) | (other > 0).any(axis=-1)).sum(), 1)


def states(kind):
    """The channels that the facts of a thing drive in a stocked kitchen, with the values that are not usual."""
    facts = stock._facts(make_thing(kind, kind, 0), False, np.random.default_rng(0))
    found = {}
    for predicate, _ in facts:
        for truth in (True, False):
            channel, value = channel_of(predicate, truth) or (None, 0.0)
            if channel is not None and value:
                found[channel] = value
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_state_that_the_world_model_knows_is_seen(shelf, kind):
    """Who watches must be able to tell a full cup from an empty one."""
    unseen = {}
    for channel, value in states(kind).items():
        if channel in ("fill", "mixed") and kind in HIDES_CONTENTS:
            continue
        usual = dict(NEEDED.get(channel, {}))
        if channel == "fill" and KINDS[kind].mouth == "top":
            usual["open"] = 1.0
        share = changed(shelf.picture(kind, Look(usual)), shelf.picture(kind, Look({**usual, channel: value})))
        if share < 0.02:
            unseen[channel] = round(share, 4)
    assert unseen == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_look_is_taken_back_without_a_trace(shelf, kind):
    before = shelf.picture(kind, Look())
    shelf.picture(kind, Look({"fill": 0.7, "dirt": 1.0, "cut": 1.0, "open": 1.0, "cooked": 0.5}, (0.7, 0.2, 0.1)))
    np.testing.assert_array_equal(shelf.picture(kind, Look()), before)


@pytest.mark.parametrize("kind", KINDS)
def test_little_is_drawn(kind):
    """A kitchen with 45 things is rendered sixty times a second by a processor."""
    drawing = things.drawing(kind, 3)
    for values in ({}, {"fill": 0.8}, {"open": 1.0, "fill": 0.8}, {"cut": 0.5}, {"cut": 1.0, "cooked": 1.0}):
        drawn = [part for part in drawing.parts if part.opacity(Look(values)) > 0]
        assert sum(len(part.shape.faces) for part in drawn) <= MOST_TRIANGLES, values
        assert len(drawn) <= MOST_DRAWN, values


def test_grips_are_where_the_catalogue_has_them_and_never_drawn(shelf):
    for thing in shelf.things.values():
        for k, grip in enumerate(thing.grips):
            geom = shelf.model.geom(f"{thing.name}/grip{k}")
            np.testing.assert_allclose(geom.pos, grip.bar.position_m, atol=1e-9)
            assert geom.group[0] == things.HIDDEN_GROUP and geom.rgba[3] == 0
    assert not shelf.model.geom_contype.any() and not shelf.model.geom_conaffinity.any()


@pytest.mark.parametrize("kind", KINDS)
def test_bodies_are_as_large_as_the_catalogue_says(kind):
    """Hands close on the catalogue's sizes; a larger body would swallow fingers."""
    thing = make_thing(kind, kind, 4)
    parts = [part for part in things.drawing(kind, 4).parts if part.opacity(Look()) > 0]
    vertices = np.concatenate([part.shape.vertices_m for part in parts])
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    length, width, _ = size_m(kind, 4)
    assert -0.004 < low[2] < 0.006, "it would hover or sink in"
    body = vertices[np.abs(vertices[:, 0]) < 0.52 * length]
    assert body[:, 2].max() == pytest.approx(thing.height_m, abs=max(0.016, 0.15 * thing.height_m))
    assert high[1] - low[1] < width + 0.035 and high[0] - low[0] > 0.85 * length


@pytest.mark.parametrize("kind", ("mug", "plate", "kettle", "knife", "towel", "milk", "jar", "apple", "bread"))
def test_variants_differ_and_the_same_variant_is_the_same(kind):
    made = [things.drawing.__wrapped__(kind, variant) for variant in (1, 1, 2)]
    vertices = [drawing.parts[0].shape.vertices_m for drawing in made]
    np.testing.assert_array_equal(vertices[0], vertices[1])
    np.testing.assert_array_equal(made[0].sheets["main"].picture, made[1].sheets["main"].picture)
    assert vertices[0].shape != vertices[2].shape or np.abs(vertices[0] - vertices[2]).max() > 1e-4


def test_an_unknown_kind_is_named_with_the_nearest():
    with pytest.raises(UnknownKind, match="kettle"):
        things.drawing("ketle", 0)
