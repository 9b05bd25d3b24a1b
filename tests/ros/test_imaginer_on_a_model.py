"""`imaginer` on a tiny exported model: everything but the weights is what a robot runs."""

import numpy as np
import pytest
from builtin_interfaces.msg import Duration
from egoprog_ros.images import image_to_rgb

from .test_imaginer import Asker, Result, activated

pytest.importorskip("torch", reason="the model is exported from PyTorch")
pytest.importorskip("onnxruntime")

pytestmark = pytest.mark.slow
PATIENCE_S = 60.0  # trainings may run beside


@pytest.fixture(scope="module")
def folder():
    from small_drawer import small_drawer_folder

    return small_drawer_folder()


@pytest.fixture
def asker(host, probe, folder):
    node = activated(host, model=str(folder), backends=["onnxruntime"], threads=1, max_wait_s=60.0)
    assert node.counters.message == "ok", "the model was opened"
    return Asker(probe)


def test_the_same_seed_draws_the_same_picture(asker):
    first, second, other = (asker.send(seed=seed, steps=2).result(PATIENCE_S) for seed in (5, 5, 6))
    assert (first.error_code, first.error_msg) == (Result.NONE, "")
    assert first.enriched_description == second.enriched_description and first.steps == 2
    pictures = [image_to_rgb(each.image) for each in (first, second, other)]
    assert (pictures[0] == pictures[1]).all() and (pictures[0] != pictures[2]).any()


@pytest.mark.parametrize("size_px", [(2160, 3840), (1, 1)])
def test_a_frame_of_any_size_is_drawn_from(asker, size_px):
    frame = np.full((*size_px, 3), 128, np.uint8)
    assert asker.send(image=frame, steps=1).result(PATIENCE_S).error_code == Result.NONE


def test_many_steps_are_cancelled_cut_short_or_refused(asker):
    long = asker.send(steps=900)
    assert long.cancel() < 0.5, "0.2 s on a machine that has nothing else to do"
    assert long.result().error_code == Result.CANCELED
    short = asker.send(steps=900, deadline=Duration(sec=2)).result(PATIENCE_S)
    assert short.error_code == Result.NONE and 1 <= short.steps < 900
    assert short.error_msg == f"Took {short.steps} of 900 steps to keep the deadline."
    assert asker.send(steps=60000).result(PATIENCE_S).error_code == Result.BAD_QUESTION
