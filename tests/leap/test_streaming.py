"""A stream says of each frame what its whole window would have said, for the work of one frame."""

from dataclasses import replace

import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from egoprog.errors import ConfigurationError, InputError
from egoprog.leap.config import UniFormerConfig
from egoprog.leap.streaming import FrameEncoder, StreamStep, TokenStream
from egoprog.leap.uniformer import UniFormerV2

SMALL = UniFormerConfig(
    width=32,
    num_layers=3,
    num_heads=4,
    patch_px=8,
    size_px=(16, 24),
    num_frames=4,
    num_classes=5,
    global_layers=(1, 2),
    time_embedding="global",
)
TOLERANCE = 1e-4
CONFIGS = st.builds(
    UniFormerConfig,
    width=st.just(24),
    num_layers=st.just(3),
    num_heads=st.sampled_from([1, 2, 3]),
    patch_px=st.just(4),
    size_px=st.sampled_from([(4, 4), (8, 12), (12, 4)]),
    num_frames=st.integers(2, 7),
    num_classes=st.just(3),
    global_layers=st.sampled_from([(2,), (1, 2), (0, 1, 2)]),
    class_frames=st.sampled_from(["all", "newest", "none"]),
    time_embedding=st.sampled_from(["none", "global"]),
)


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def learned(config, seed=0):
    """A model none of whose parameters is zero, as a fresh global block's are."""
    torch.manual_seed(seed)
    model = UniFormerV2(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return model


def window_token(model, frames_NCHW, tick, stride):
    """The slow way: all frames of the window through the whole network, the oldest of its phase repeated."""
    places = [max(tick - k * stride, tick % stride) for k in range(model.config.num_frames)]
    clip = frames_NCHW[places[::-1]].transpose(0, 1)[None]
    return model.fuse(model.frames(clip))[0]


@settings(max_examples=12, deadline=None, derandomize=True)
@given(config=CONFIGS, stride=st.integers(1, 3), seed=st.integers(0, 99))
def test_every_tick_of_a_stream_is_its_window_recomputed(config, stride, seed):
    model = learned(config, seed)
    encoder, step, stream = FrameEncoder(model), StreamStep(model), TokenStream(model, stride)
    states = [tuple(step.first_state().values()) for _ in range(stride)]
    frames = torch.randn(config.num_frames * stride + 3, 3, *config.size_px)
    worst, spread = 0.0, []
    with torch.inference_mode():
        for tick in range(len(frames)):
            features = encoder(frames[tick : tick + 1])
            wanted = window_token(model, frames, tick, stride)
            functional, *states[tick % stride] = step(features, *states[tick % stride])
            for token in (stream.push(features[0]), functional[0]):
                worst = max(worst, (token - wanted).abs().max().item())
            spread.append(wanted)
    print(f"stream and windows differ by {worst:.1e} of {TOLERANCE:.0e}")
    assert worst < TOLERANCE
    assert torch.stack(spread).std(0).max() > 1e-2  # tokens that never change would agree with anything


@pytest.mark.parametrize("num_frames", [4, 16])
def test_a_tick_does_the_work_of_one_frame_whatever_the_window(num_frames, monkeypatch):
    model = learned(replace(SMALL, num_frames=num_frames))
    encoded, convolved, normalised = [], [], []
    plane = type(model.transformer.dpe[0]).plane
    monkeypatch.setattr(
        type(model.transformer.dpe[0]),
        "plane",
        lambda self, images, k: (convolved.append(len(images)), plane(self, images, k))[1],
    )
    model.transformer.resblocks[0].register_forward_hook(lambda *call: encoded.append(call[2].shape[:2].numel()))
    for block in model.transformer.dec:
        block.ln_3.register_forward_hook(lambda *call: normalised.append(call[2].shape[:-2].numel()))
    encoder, stream = FrameEncoder(model), TokenStream(model)
    with torch.inference_mode():
        for _ in range(num_frames + 2):
            for work in (encoded, convolved, normalised):
                work.clear()
            stream.push(encoder(torch.randn(1, 3, 16, 24))[0])
    num_global = len(model.config.global_layers)
    assert sum(encoded) == 1, "frames through the backbone"
    assert sum(convolved) == 3 * num_global, "2-D convolutions: three for the new frame in each global block"
    assert sum(normalised) == 3 * num_global, "frames normalised: the new one, the one before, the oldest"


def test_the_token_of_a_window_back_is_the_context():
    stream = TokenStream(learned(SMALL), stride=2, num_contexts=2)
    features = torch.randn(20, 2, 7, 32)
    tokens = [stream.push(frame) for frame in features]
    assert torch.equal(stream.context(1), tokens[19 - 8])
    assert torch.equal(stream.context(2), tokens[19 - 16])
    with pytest.raises(ConfigurationError, match="raise num_contexts"):
        stream.context(3)
    young = TokenStream(learned(SMALL), num_contexts=1)
    young.push(features[0])
    assert young.context(1) is None


def test_several_streams_step_together():
    model = learned(SMALL)
    step = StreamStep(model)
    together, one = step.first_state(2).values(), step.first_state().values()
    features = torch.randn(6, 2, 2, 7, 32)
    with torch.inference_mode():
        for pair in features:
            tokens, *together = step(pair, *together)
            token, *one = step(pair[1:], *one)
            torch.testing.assert_close(tokens[1:], token, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    "change",
    [{"num_local": 2}, {"temporal_patch": 3, "temporal_stride": 2}, {"time_embedding": "stem"}, {"num_frames": 1}],
    ids=str,
)
def test_what_can_not_stream_is_refused(change):
    model = UniFormerV2(replace(SMALL, **change))
    for part in (FrameEncoder, StreamStep, TokenStream):
        with pytest.raises(ConfigurationError, match="expected"):
            part(model)


def test_tokens_of_another_model_are_refused():
    with pytest.raises(InputError, match=r"expected a frame's tokens \(2, 7, 32\), got \(2, 8, 32\)"):
        TokenStream(learned(SMALL)).push(torch.zeros(2, 8, 32))


def test_exported_to_onnx_encoder_and_step_agree_with_pytorch(tmp_path):
    model = learned(SMALL)
    encoder, step = FrameEncoder(model).eval(), StreamStep(model).eval()
    state = step.first_state()
    exported = {}
    for name, module, inputs in (
        ("encoder", encoder, {"frame": torch.zeros(1, 3, 16, 24)}),
        ("step", step, {"tokens": torch.zeros(1, 2, 7, 32)} | state),
    ):
        path = tmp_path / f"{name}.onnx"
        torch.onnx.export(
            module, tuple(inputs.values()), path, dynamo=True, input_names=list(inputs), opset_version=20, verbose=False
        )
        exported[name] = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    arrays = {name: value.numpy() for name, value in state.items()}
    stream, worst = TokenStream(model), 0.0
    for _ in range(7):
        frame = torch.randn(1, 3, 16, 24)
        with torch.inference_mode():
            features = encoder(frame)
        (tokens,) = exported["encoder"].run(None, {"frame": frame.numpy()})
        token, *outputs = exported["step"].run(None, {"tokens": tokens} | arrays)
        arrays = dict(zip(arrays, outputs, strict=True))
        worst = max(worst, (torch.from_numpy(token[0]) - stream.push(features[0])).abs().max().item())
    print(f"ONNX Runtime and PyTorch differ by {worst:.1e} of {TOLERANCE:.0e}")
    assert worst < TOLERANCE
