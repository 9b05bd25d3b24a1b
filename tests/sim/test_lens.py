"""The head camera: what it sees is the kitchen, the same for the same seed, and labels name what is where."""

import numpy as np
import pytest

from egoprog.sim.lens import Camera, Lens
from egoprog.sim.pose import Pose
from egoprog.sim.types import Look, Stream
from tests.sim.kitchens import moment, small_kitchen


@pytest.fixture(scope="module")
def kitchen():
    return small_kitchen(4)


def test_the_same_moment_gives_the_same_picture_whatever_came_before(kitchen):
    first, second = moment(kitchen, "prep"), moment(kitchen, "sink")
    with Camera(kitchen, 160, 120, seed=3) as camera:
        forth = [camera.picture(m) for m in (first, second)]
        back = [camera.picture(m) for m in (second, first)][::-1]
    with Camera(kitchen, 160, 120, seed=3) as camera:
        again = camera.picture(first)
    with Camera(kitchen, 160, 120, seed=4) as camera:
        other = camera.picture(first)
    np.testing.assert_array_equal(forth, back)
    np.testing.assert_array_equal(forth[0], again)
    assert (other != again).mean() > 0.5


def test_two_cameras_of_one_kitchen_do_not_disturb_each_other(kitchen):
    shown = moment(kitchen, "prep")
    with Camera(kitchen, 160, 120, seed=3) as one:
        alone = one.picture(shown)
        with Camera(kitchen, 96, 96, seed=3) as other:
            other.picture(moment(kitchen, "sink"))
            np.testing.assert_array_equal(one.picture(shown), alone)
        np.testing.assert_array_equal(one.picture(shown), alone)


def test_pictures_are_neither_black_nor_flat(kitchen):
    with Camera(kitchen, 160, 120) as camera:
        for station in kitchen.plan.stations:
            picture = camera.picture(moment(kitchen, station))
            assert picture.shape == (120, 160, 3) and picture.dtype == np.uint8
            assert 40 < picture.mean() < 220 and picture.std() > 15


def test_running_water_glow_and_light_change_the_picture(kitchen):
    hob, sink = kitchen.plan.fixtures["hob"], kitchen.plan.stations["sink"]
    tap = kitchen.plan.fixtures["tap"].frame.position_m
    falls = Stream(np.array([tap[0], tap[1], 1.1]) - (0, 0.1, 0), np.array([tap[0], tap[1], 0.9]) - (0, 0.1, 0), 1.0)
    with Camera(kitchen, 160, 120, Lens(noise=0.0)) as camera:
        for station, changes in (
            ("hob", {"looks": {"hob": Look({"on": 1.0})}}),
            ("storage", {"looks": {"microwave": Look({"open": 0.9})}}),
            ("prep", {"looks": {"drawer": Look({"open": 1.0})}}),
        ):
            plain = camera.picture(moment(kitchen, station)).astype(int)
            changed = camera.picture(moment(kitchen, station, **changes)).astype(int)
            assert (np.abs(plain - changed).max(axis=-1) > 20).mean() > 0.003, f"{station}: {changes}"
        look = sink.stand.point((0, 0.4, 0.95))
        dry = camera.picture(moment(kitchen, "sink", at=look)).astype(int)
        wet = camera.picture(moment(kitchen, "sink", at=look, streams=(falls,))).astype(int)
        assert (np.abs(dry - wet).max(axis=-1) > 12).sum() > 5
    assert hob.spots


def test_labels_name_things_fixtures_and_hands(kitchen):
    station = kitchen.plan.stations["prep"]
    top = kitchen.furniture.room.counter_m
    things = {"mug": station.stand @ Pose.at(0.0, 0.42, top), "plate": station.stand @ Pose.at(0.3, 0.42, top)}
    with Camera(kitchen, 160, 120) as camera:
        labels, names = camera.labels(moment(kitchen, "prep", things=things))
        assert labels.shape == (120, 160)
        shares = {name: float((labels == k).mean()) for k, name in enumerate(names)}
        assert shares["mug"] > 0.003 and shares["plate"] > 0.003 and shares["counter"] > 0.1
        assert shares["left hand"] > 0.005 and shares["right hand"] > 0.005
        rows, columns = np.nonzero(labels == names.index("mug"))
        fx, fy, cx, cy = camera.intrinsics
        seen = moment(kitchen, "prep", things=things).camera.inverse().point(things["mug"].point((0, 0, 0.045)))
        assert abs(columns.mean() - (cx - fx * seen[0] / seen[2])) < 4
        assert abs(rows.mean() - (cy + fy * seen[1] / seen[2])) < 6
        labels, names = camera.labels(moment(kitchen, "sink"), 80, 60)
        assert labels.shape == (60, 80) and (labels == names.index("sink")).mean() > 0.02
        # A picture after labels is a picture again.
        assert camera.picture(moment(kitchen, "prep")).std() > 15


def test_a_closed_camera_says_so(kitchen):
    camera = Camera(kitchen, 64, 48)
    camera.close()
    camera.close()
    with pytest.raises(RuntimeError, match="closed"):
        camera.picture(moment(kitchen, "prep"))
