"""What live nodes read off a network's logits."""

import subprocess
import sys

import numpy as np
import pytest

from egoprog.leap.config import SUB_VERBS, LeapConfig, Vocabulary
from egoprog.leap.prediction import ACTING_SHARE, Prediction, prediction_of
from egoprog.program.types import SubAction, Verb

VOCABULARY = Vocabulary(
    verbs=("take", "open"),
    nouns=("knife", "fridge"),
    actions=((0, 0), (1, 1)),
    objects=("knife", "fridge", "carrot"),
    sentences=("if knife in hand", "if fridge not open"),
)
CONFIG = LeapConfig(VOCABULARY)
SURE = 20.0


def said(*steps, num_steps=3):
    """Logits of a network that is sure of (verb, {object: share}) and of ∅ after that."""
    verbs = np.zeros((1, num_steps, len(SUB_VERBS)), np.float32)
    objects = np.full((1, num_steps, 1 + len(VOCABULARY.objects)), -SURE, np.float32)
    for k in range(num_steps):
        verb, shares = steps[k] if k < len(steps) else (Verb.NOTHING, {})
        verbs[0, k, SUB_VERBS.index(verb)] = SURE
        objects[0, k, 0] = np.log(max(1 - sum(shares.values()), 1e-9))
        for name, share in shares.items():
            objects[0, k, 1 + VOCABULARY.objects.index(name)] = np.log(share)
    actions = np.array([[0.5, 2.5]], np.float32)
    return {"actions": actions, "sub_verbs": verbs, "objects": objects, "precondition": np.eye(1, 384, 3, np.float32)}


def read(logits, config=CONFIG, **more):
    return prediction_of(logits, config, stamp_s=9.0, clip_start_s=6.0, model="toy", **more)


def test_a_program_is_read_in_the_models_order_without_its_nothing():
    prediction = read(said((Verb.GRASP, {"knife": 1.0}), (Verb.USE, {"knife": 2 / 3, "carrot": 1 / 3})))
    assert [(step.verb, [name for name, _ in step.objects]) for step in prediction.steps] == [
        (Verb.GRASP, ["knife"]),
        (Verb.USE, ["knife", "carrot"]),
    ]
    assert prediction.verbs.keys() == {Verb.GRASP, Verb.USE}
    assert list(prediction.objects) == ["knife", "carrot"]
    assert prediction.action.label == "open fridge"
    assert prediction.action_scores() == pytest.approx((1 / (1 + np.exp(-2)), 1 / (1 + np.exp(2))))


def test_a_sub_action_fits_only_with_its_own_objects():
    """ "grasp knife, open fridge" does not say "grasp fridge"."""
    prediction = read(
        said((Verb.GRASP, {"knife": 1.0}), (Verb.USE, {"knife": 2 / 3, "carrot": 1 / 3}), (Verb.MOVE, {"fridge": 1.0}))
    )
    assert prediction.fit(SubAction(Verb.GRASP, ("knife_2",))) == pytest.approx(1.0, abs=1e-3)
    assert prediction.fit(SubAction(Verb.GRASP, ("fridge",))) == 0.0
    assert prediction.fit(SubAction(Verb.RELEASE, ("knife",))) == 0.0
    assert prediction.fit(SubAction(Verb.USE, ("knife", "carrot"))) == pytest.approx(1.0, abs=1e-3)
    assert prediction.fit(SubAction(Verb.USE, ("carrot", "knife"))) < 0.9


def test_two_object_heads_are_read_as_one_soft_label():
    logits = said((Verb.GRASP, {"knife": 1.0}), (Verb.USE, {"knife": 1.0}))
    none = np.full((1, 3, 4), -SURE, np.float32)
    none[..., 0] = SURE
    none[0, 1] = [-SURE, -SURE, -SURE, SURE]
    logits["objects"] = np.stack([logits["objects"], none], axis=2)
    prediction = read(logits)
    assert dict(prediction.steps[0].objects) == pytest.approx({"knife": 1.0}, abs=1e-3)
    assert dict(prediction.steps[1].objects) == pytest.approx({"knife": 2 / 3, "carrot": 1 / 3}, abs=1e-3)


def test_the_nearest_known_sentence_is_told_with_its_cosine():
    sentences = np.stack([np.eye(1, 384, 5)[0], np.full(384, 384**-0.5)]).astype(np.float32)
    prediction = read(said() | {"precondition": np.full((1, 384), 2.0, np.float32)}, sentences=sentences)
    assert prediction.sentence == "if fridge not open"
    assert prediction.sentence_cosine == pytest.approx(1.0, abs=1e-5)


def test_a_model_without_a_program_head_tells_actions_alone():
    prediction = read({"actions": said()["actions"]})
    assert prediction.action.noun == "fridge"
    assert prediction.steps == () and prediction.precondition.shape == (0,)


def test_what_an_anticipator_says_is_ahead_of_its_stamp():
    assert read(said()).ahead_s == 0.0
    assert read(said(), LeapConfig(VOCABULARY, task="anticipate", tau_a_s=1.0)).ahead_s == 1.0
    assert Prediction(1.0, 0.0, "toy").action is None


def test_shares_are_those_that_training_uses():
    from egoprog.leap import losses

    assert losses.ACTING_SHARE == ACTING_SHARE


def test_predictions_are_read_without_pytorch():
    script = "import sys; sys.modules['torch'] = None; import egoprog.leap.prediction"
    subprocess.run([sys.executable, "-c", script], check=True)
