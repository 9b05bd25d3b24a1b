"""A stream of exported graphs says what the network says of the window of the same frames."""

import numpy as np
import pytest
import torch

from egoprog.data.fitting import fit_frame
from egoprog.leap.live import StreamRecogniser
from tests.leap.small_model import ALONE, ANTICIPATE, BACKBONE, RECOGNISE, small_model_folder, small_network

TOLERANCE = 1e-4
NUM_TICKS = 24
NAMES = ("verbs", "nouns", "actions", "sub_verbs", "objects", "precondition")


@pytest.fixture(scope="module")
def frames():
    rng = np.random.default_rng(0)
    return rng.integers(0, 255, (NUM_TICKS, 60, 100, 3), dtype=np.uint8)


def window(network, frames, tick, stride):
    """The clip of the network's frames that ends with a tick, the first frame repeated where it began later."""
    ticks = [max(0, tick - stride * k) if tick >= stride * k else tick % stride for k in range(BACKBONE.num_frames)]
    pixels = np.stack([fit_frame(frames[k], BACKBONE.size_px) for k in reversed(ticks)]).astype(np.float32) / 255
    clip = (torch.from_numpy(pixels).permute(3, 0, 1, 2)[None] - BACKBONE.mean) / BACKBONE.std
    return network.backbone.frames(clip)


def offline(network, context_network, frames, tick):
    """What the network says of a window, with the context of the windows before it as far as there are any."""
    stride = round(network.config.span_s / BACKBONE.num_frames * 10)
    context_stride = round(context_network.config.span_s / BACKBONE.num_frames * 10)
    context, has_context = [], []
    for offset in network.config.context_offsets:
        place = tick + offset * stride * BACKBONE.num_frames
        has_context.append(0 <= place <= tick)
        features = window(context_network, frames, place if has_context[-1] else 0, context_stride)
        context.append(context_network.backbone.fuse(features)[0])
    batch = {"features": window(network, frames, tick, stride)}
    batch |= {"context": torch.stack(context)[None], "has_context": torch.tensor([has_context])}
    return {name: value.numpy() for name, value in network(batch).items()}


def test_a_stream_of_exported_graphs_agrees_with_the_network_on_windows(frames):
    torch.set_num_threads(1)
    recogniser = StreamRecogniser.open(small_model_folder(), ("onnxruntime",), num_threads=1)
    said = {}
    for name, head in recogniser._heads.items():  # what each head gave, before it is read

        def noted(tick, tokens, others, name=name, push=head.push):
            said[name, tick] = push(tick, tokens, others)
            return said[name, tick]

        head.push = noted
    for tick, frame in enumerate(frames):
        recogniser.push(frame, 100 + tick / 10)
    networks = {"recogniser": small_network(RECOGNISE, 0), "anticipator": small_network(ANTICIPATE, 1)}
    context_network = small_network(ALONE, 2)
    worst = 0.0
    with torch.inference_mode():
        for name, network in networks.items():
            for tick in (0, 3, 11, NUM_TICKS - 1):
                wanted = offline(network, context_network, frames, tick)
                worst = max(worst, *(np.abs(said[name, tick][key] - wanted[key]).max() for key in NAMES))
    print(f"the largest difference of a logit is {worst:.1e}")
    assert worst < TOLERANCE


def test_an_opened_model_tells_its_name_its_backend_and_the_nearest_sentence(frames):
    recogniser = StreamRecogniser.open(small_model_folder(), ("onnxruntime",), num_threads=1)
    present, coming = recogniser.push(frames[0], 1.0)
    assert present.model.startswith("small ") and len(present.model) == len("small ") + 12
    assert present.sentence in RECOGNISE.vocabulary.sentences
    assert coming.ahead_s == ANTICIPATE.tau_a_s
    assert {session.backend for session in recogniser.sessions.values()} == {"onnxruntime"}
