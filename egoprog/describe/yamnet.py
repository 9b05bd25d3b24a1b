"""YAMNet, the packaged sound tagger: 0.96 s of sound in, scores of AudioSet's 521 classes out.

Source: the reference implementation in tensorflow/models (research/audioset/yamnet), whose features are the magnitude
of a 25 ms Hann window in 64 HTK mel bands from 125 to 7500 Hz, log(x + 0.001).
"""

from __future__ import annotations

import csv
import os
import time
from fractions import Fraction
from functools import cache

import numpy as np
from scipy.signal import resample_poly
from scipy.special import expit

from egoprog.errors import ModelError
from egoprog.models import FETCH_COMMAND, model_path

MODEL_NAME = "yamnet w8a8"
SAMPLE_RATE = 16000
PATCH_FRAMES = 96
PATCH_SAMPLES = 96 * 160 + 352  # the last frame's window of 512 reaches over its hop of 160
PATCH_S = 0.96
_NUM_CLASSES = 521
_HOP, _WINDOW, _FFT, _MEL = 160, 400, 512, 64
_LOW_HZ, _HIGH_HZ = 125.0, 7500.0
_LOG_OFFSET = 1e-3
# Quantisation of the graph's input and output: initialisers audio_scale, audio_zero_point, class_scores_scale and
# class_scores_zero_point of the file whose hash egoprog/models.py pins. The output is in logits.
_IN_SCALE, _IN_ZERO = 0.04793788, 144
_OUT_SCALE, _OUT_ZERO = 0.7565417, 190


class Yamnet:
    """The packaged network on onnxruntime. model_s: seconds spent inside it so far."""

    def __init__(self, num_threads: int = 1) -> None:
        """Raises ModelError if the model was not fetched or can't be loaded."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = min(num_threads, os.cpu_count() or 1)
        path = model_path("yamnet")
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own exceptions share no base class
            raise ModelError(f"expected YAMNet at {path}, it does not load ({error}); run  {FETCH_COMMAND}") from error
        self.classes = class_names()
        self.model_s = 0.0

    def scores(self, samples: np.ndarray) -> np.ndarray:
        """(521,) scores from 0 to 1 of up to 0.98 s of mono sound at 16 kHz, (N,); short sound is padded with zeros."""
        patch = log_mel(_fitted(samples))[:PATCH_FRAMES]
        codes = np.clip(np.round(patch / _IN_SCALE + _IN_ZERO), 0, 255).astype(np.uint8)
        began = time.perf_counter()
        (logits,) = self._session.run(None, {"audio": codes[None, None]})
        self.model_s += time.perf_counter() - began
        return expit(_OUT_SCALE * (logits[0].astype(np.float32) - _OUT_ZERO))


def class_names() -> tuple[str, ...]:
    """AudioSet's names of the 521 classes, in the order of the scores."""
    with model_path("yamnet_classes").open(newline="", encoding="utf-8") as file:
        names = tuple(row["display_name"] for row in csv.DictReader(file))
    if len(names) != _NUM_CLASSES:
        raise ModelError(f"expected {_NUM_CLASSES} classes of YAMNet, got {len(names)}; run  {FETCH_COMMAND}")
    return names


def log_mel(samples: np.ndarray) -> np.ndarray:
    """(F, 64) log mel magnitudes of mono sound at 16 kHz, (N,), N >= 512."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FFT)[::_HOP]
    magnitudes = np.abs(np.fft.rfft(frames * _hann(), axis=1))
    return np.log(magnitudes @ _mel_weights() + _LOG_OFFSET).astype(np.float32)


def to_model_rate(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Mono sound (N,) at any rate, at 16 kHz."""
    if sample_rate == SAMPLE_RATE:
        return samples
    ratio = Fraction(SAMPLE_RATE, sample_rate)
    return resample_poly(samples, ratio.numerator, ratio.denominator)


def _fitted(samples: np.ndarray) -> np.ndarray:
    return np.pad(samples[:PATCH_SAMPLES], (0, max(0, PATCH_SAMPLES - len(samples))))


@cache
def _hann() -> np.ndarray:
    """The periodic Hann window of 400 samples in the middle of the transform's 512."""
    return np.pad(np.hanning(_WINDOW + 1)[:-1], (_FFT - _WINDOW) // 2)


@cache
def _mel_weights() -> np.ndarray:
    """(257, 64) triangles over the transform's bins, even in HTK's mel."""

    def mel(hz: np.ndarray | float) -> np.ndarray | float:
        return 1127.0 * np.log1p(np.asarray(hz) / 700.0)

    edges = np.linspace(mel(_LOW_HZ), mel(_HIGH_HZ), _MEL + 2)
    bins = mel(np.linspace(0.0, SAMPLE_RATE / 2, _FFT // 2 + 1))[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    weights = np.maximum(0.0, np.minimum(rising, falling))
    weights[0] = 0.0  # the mean of the signal is no sound
    return weights
