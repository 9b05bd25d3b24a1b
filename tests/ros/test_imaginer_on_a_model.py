"""`imaginer` on a tiny exported model: everything but the weights is what a robot runs."""

import numpy as np
import pytest
from builtin_interfaces.msg import Duration
from egoprog_ros.images import image_to_rgb

from .test_imaginer import Asker, Result, activated

pytest.importorskip("torch", reason="the model is exported from PyTorch")
pytest.importorskip("onnxruntime")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder():
    from small_drawer import small_drawer_folder

    return small_drawer_folder()


def test_a_question_is_drawn_again_with_its_seed_cancelled_and_cut_short(host, probe, folder):
    node = activated(host, model=str(folder), backends=["onnxruntime"], threads=1, max_wait_s=60.0)
    assert node.counters.message == "ok", "the model was opened"
    asker = Asker(probe)
    first, second, other = (asker.answer(seed=seed, steps=2) for seed in (5, 5, 6))
    assert (first.error_code, first.error_msg) == (Result.NONE, "")
    assert first.enriched_description == second.enriched_description and first.steps == 2
    pictures = [image_to_rgb(each.image) for each in (first, second, other)]
    assert (pictures[0] == pictures[1]).all() and (pictures[0] != pictures[2]).any()
    for frame in (np.full((2160, 3840, 3), 128, np.uint8), np.zeros((1, 1, 3), np.uint8)):
        assert asker.answer(image=frame, steps=1).error_code == Result.NONE
    long = asker.send(steps=900)
    assert long.cancel() < 0.5, "0.2 s on a machine that has nothing else to do"
    assert long.result().error_code == Result.CANCELED
    short = asker.answer(steps=900, deadline=Duration(sec=1))
    assert short.error_code == Result.NONE and 1 <= short.steps < 900
    assert short.error_msg == f"Took {short.steps} of 900 steps to keep the deadline."
    assert asker.answer(steps=60000).error_code == Result.BAD_QUESTION
