"""From a frame and a question to the frame in which the action is done, on exported graphs: a robot needs no PyTorch.

A folder of `python -m export.lego` has everything that is needed; `egoprog.lego.graphs` tells of its graphs.

Shapes: H/W pixels, c latent channels, h/w latent, M image tokens, N words, E the VLM's width, L tokens of the
conditioning, W columns of keys and values, G guided rows.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from egoprog.data.fitting import fit_frame, unsqueezed
from egoprog.errors import ConfigurationError, DrawingCancelled, FrameError, ModelError
from egoprog.lego import describing
from egoprog.lego.config import LegoConfig, lego_from_json
from egoprog.lego.describing import Describer, Said
from egoprog.lego.fast_sampling import Sampling, read_sampling
from egoprog.lego.questions import TEMPLATES, Question
from egoprog.lego.stepping import Latent, noise_in, solver
from egoprog.lego.text_tokens import TextTokenizer
from egoprog.runtime import ModelFolder, Session, load, open_model

Picture = NDArray[np.uint8]
"""(H, W, 3) RGB."""
OnStep = Callable[[int, int, Picture], bool]
"""Gets the steps done, the steps there will be, and a preview in the drawn picture's size; False gives the work up.

Steps done is 0 while the answer is put into words, at every word, and the preview is then the input frame.
"""
BACKENDS = ("tensorrt", "onnxruntime")
CONFIG_NAME, PREVIEW_NAME, TOKENIZER_FOLDER, VLM_FOLDER = "lego.json", "preview.npy", "tokenizer", "vlm"
_EXPORT = "python -m export.lego"
_MOST_GUIDANCE = 100.0
_MOST_ASPECT = 4.0
"""Width by height, or height by width, of what is drawn; a camera's line of pixels asks for no endless picture."""
_MARGIN = 0.9
"""Of the time until a deadline is planned with; steps vary."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn frame.

    picture: of the generator's height; with the camera's aspect where the generator squeezes frames, in the generator's
    own size where it cuts them. description: what it was drawn from, in words. steps: that were taken.
    elapsed_s: of the whole request. shortened: whether the deadline allowed fewer steps than were asked for.
    """

    picture: Picture
    description: str
    steps: int
    seed: int
    elapsed_s: float
    shortened: bool


@dataclass(frozen=True, slots=True)
class Conditions:
    """What stays the same in all steps of a request.

    keys_values: (2, L, W), with and without words. frame: (1, c, h, w), None for a generator that sees none.
    """

    keys_values: NDArray[np.float32]
    frame: Latent | None


class Drawer:
    """All graphs of a model, ready to run; one thread at a time.

    name: of the model. size_px: height and width of what it draws. sampling: unless told otherwise. num_steps: of it.
    sessions: by the graph's name.
    """

    def __init__(
        self, model: ModelFolder, config: LegoConfig, sampling: Sampling, sessions: Mapping[str, Session]
    ) -> None:
        """See `open`."""
        self.name, self.config, self.sampling, self.sessions = model.name, config, sampling, sessions
        self._tokenizer = TextTokenizer.read(model.path / TOKENIZER_FOLDER, config.num_words)
        self._preview_weights = _preview_weights(model.path / PREVIEW_NAME, config.autoencoder.latent_channels)
        self._describer = None
        if describing.GRAPHS[0] in sessions:
            self._describer = Describer(model.path / VLM_FOLDER, sessions, config.num_words)
        self._latent_shape = (1, config.autoencoder.latent_channels, *config.latent_size)
        self._took_s: dict[str, float] = {}
        self._check(sampling)
        self._warm_up()

    @classmethod
    def open(
        cls,
        folder: str | Path,
        backends: Sequence[str] = BACKENDS,
        precision: str = "fp32",
        num_threads: int | None = None,
        sampling: Sampling | None = None,
    ) -> Drawer:
        """sampling: None for the folder's own. Raises ModelError for a folder that lacks a part, which it names."""
        model = open_model(folder)
        if CONFIG_NAME not in model.files:
            raise ModelError(f"expected a model that draws frames in {folder}, got another; make one with  {_EXPORT}")
        for name in model.files:
            if not name.endswith((".onnx", ".safetensors")):  # graphs are checked as they load, weights stay unread
                model.check(name)
        config = lego_from_json((model.path / CONFIG_NAME).read_text(encoding="utf-8"))
        needed = ["conditioning", "unet", "decoder", *(["frame_encoder"] if config.sees_frame else [])]
        if config.has_embeddings or config.words == "description":
            needed += describing.GRAPHS
        if missing := [name for name in needed if name not in model.graphs]:
            raise ModelError(
                f"expected the graph {missing[0]} in {folder}, found none; export it again with  {_EXPORT}"
            )
        sessions = {
            name: load(model.path, backends, precision, graph=name, num_threads=num_threads) for name in model.graphs
        }
        return cls(model, config, sampling or read_sampling(model.path), sessions)

    @property
    def size_px(self) -> tuple[int, int]:
        return self.config.size_px

    @property
    def num_steps(self) -> int:
        return self.sampling.num_steps

    def describe(self, picture: Picture, question: Question) -> str:
        """How the action is done in the picture, in a sentence; the action itself where the model reads labels.

        Raises FrameError for what is no picture.
        """
        said = self._said(self._fitted(picture), question)
        return question.action if said is None else said.text

    def draw(
        self,
        picture: Picture,
        question: Question,
        seed: int = 0,
        steps: int | None = None,
        image_guidance: float | None = None,
        text_guidance: float | None = None,
        deadline_s: float | None = None,
        on_step: OnStep | None = None,
        sampling: Sampling | None = None,
    ) -> Drawn:
        """The frame in which the action is done.

        picture: of any size, RGB or grey. deadline_s: from now; fewer steps are taken where the asked ones take
        longer, one at least. None for steps, guidance and sampling: the model's own.
        Raises FrameError for what is no picture, InputError for a question that is too long, ConfigurationError for
        steps or guidance out of range, and DrawingCancelled where on_step said False.
        """
        began_s = time.monotonic()
        sampling = sampling or self.sampling
        sampling = sampling if steps is None else replace(sampling, num_steps=steps)
        self._check(sampling)
        guidance = self._guidance(image_guidance, text_guidance)
        end_s = math.inf if deadline_s is None else began_s + deadline_s
        asked = sampling.num_steps

        # 1. words, and what the visual language model thought
        frame = self._fitted(picture)
        aspect = self._aspect(picture)
        tell = on_step and (lambda done, num, preview: on_step(done, num, unsqueezed(preview, aspect)))
        said = self._said(frame, question, lambda: _report(tell, 0, asked, frame))
        description = question.action if said is None else said.text
        words = description if self.config.words == "description" else question.action

        # 2. what stays the same in all steps
        conditions = self.conditions(frame, words, said)

        # 3. steps, as many as the deadline allows
        left_s = end_s - time.monotonic() - self._took_s["decoder"]
        if left_s * _MARGIN < asked * self._step_s(sampling):
            sampling = replace(sampling, num_steps=max(1, int(left_s * _MARGIN / self._step_s(sampling))))
        rng = np.random.default_rng(seed)
        latent, taken = self.denoise(
            conditions,
            sampling,
            guidance,
            lambda: rng.standard_normal(self._latent_shape, np.float32),
            tell,
            end_s - self._took_s["decoder"],
        )

        # 4. pixels
        drawn = unsqueezed(self.decode(latent), aspect)
        return Drawn(drawn, description, taken, seed, time.monotonic() - began_s, taken < asked)

    def conditions(self, frame: Picture, words: str, said: Said | None = None) -> Conditions:
        """Of a frame in the generator's size. said: where the model reads embeddings."""
        arrays: dict[str, NDArray] = {"words": self._tokenizer([words, ""])}
        if self.config.has_image_embedding:
            arrays["image"] = said.image
        if self.config.has_text_embedding:
            arrays["text"] = said.hidden
        keys_values = self.sessions["conditioning"].run(arrays)["keys_values"]
        if not self.config.sees_frame:
            return Conditions(keys_values, None)
        pixels = (frame.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(127.5)) - np.float32(1)
        return Conditions(keys_values, self.sessions["frame_encoder"].run({"pixels": pixels})["latent"])

    def denoise(
        self,
        conditions: Conditions,
        sampling: Sampling,
        guidance: tuple[float, float],
        draw: Callable[[], Latent],
        on_step: OnStep | None = None,
        end_s: float = math.inf,
    ) -> tuple[Latent, int]:
        """A clean latent, scaled, and how many steps it took.

        guidance: image and text. draw: unit noise. end_s: of the monotonic clock; what is not done by then is left.
        """
        num_steps = sampling.num_steps
        one = solver(sampling.solver, num_steps)
        latent = draw() * np.float32(one.start)
        deep, age = None, 0
        for k, step in enumerate(one.timesteps):
            arrays = {"latent": one.scaled(latent, k), "step": step[None], "keys_values": conditions.keys_values}
            if conditions.frame is not None:
                arrays["frame"] = conditions.frame
            if not sampling.is_guided(k, num_steps):
                predicted, deep = self._run("unet_alone", arrays)["predicted"], None
            elif deep is not None and age < sampling.reuse:
                out = self._run("unet_shallow", arrays | {"deep": deep})
                predicted, age = _guided(out["predicted"], *guidance), age + 1
            else:
                out = self._run("unet", arrays)
                predicted, deep, age = _guided(out["predicted"], *guidance), out["deep"], 1
            noise = noise_in(one, latent, predicted, k, self.config.prediction)
            is_last = k == num_steps - 1 or time.monotonic() + self._took_s["unet"] > end_s
            if on_step is not None or is_last:
                clean = one.clean(latent, noise, k)
            if on_step is not None:
                _report(on_step, k + 1, k + 1 if is_last else num_steps, self.preview(clean))
            if is_last:
                break
            latent = one.step(latent, noise, k, draw)
        return clean, k + 1

    def decode(self, latent: Latent) -> Picture:
        """The picture of a scaled latent."""
        return np.rint(self.pixels(latent) * 255).astype(np.uint8)

    def pixels(self, latent: Latent) -> NDArray[np.float32]:
        """(H, W, 3) from 0 to 1, of a scaled latent: what `decode` rounds."""
        pixels = self._run("decoder", {"latent": latent})["pixels"][0]
        return ((pixels.clip(-1, 1) + 1) / 2).transpose(1, 2, 0).copy()

    def preview(self, latent: Latent) -> Picture:
        """About what `decode` gives, in a millisecond: every place of the latent has a colour."""
        weights = self._preview_weights
        pixels = latent[0].transpose(1, 2, 0) @ weights[:-1] + weights[-1]
        small = np.rint((pixels.clip(-1, 1) + 1) * 127.5).astype(np.uint8)
        return cv2.resize(small, self.size_px[::-1], interpolation=cv2.INTER_LINEAR)

    def _said(self, frame: Picture, question: Question, go_on: Callable[[], None] = lambda: None) -> Said | None:
        if self._describer is None:
            return None
        return self._describer.say(frame, TEMPLATES[0].format(action=question.action), go_on)

    def _fitted(self, picture: Picture) -> Picture:
        if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8 or picture.ndim not in (2, 3):
            found = f"{picture.shape} of {picture.dtype}" if isinstance(picture, np.ndarray) else type(picture).__name__
            raise FrameError(f"expected a picture (height, width, 3) of uint8, got {found}; convert it to RGB first")
        picture = picture[..., None] if picture.ndim == 2 else picture
        channels = picture.shape[2]
        if channels not in (1, 3, 4):
            raise FrameError(f"expected a grey or an RGB picture, got {channels} channels; convert it to RGB first")
        rgb = np.repeat(picture, 3, axis=2) if channels == 1 else picture[..., :3]
        return fit_frame(np.ascontiguousarray(rgb), self.size_px, self.config.fits)

    def _aspect(self, picture: Picture) -> float:
        """Width by height of what is shown for a picture."""
        height_px, width_px = picture.shape[:2] if self.config.fits == "squeezed" else self.size_px
        return min(max(width_px / height_px, 1 / _MOST_ASPECT), _MOST_ASPECT)

    def _guidance(self, image: float | None, text: float | None) -> tuple[float, float]:
        image = self.config.image_guidance if image is None else image
        text = self.config.text_guidance if text is None else text
        for name, value in (("image", image), ("text", text)):
            if not 0.0 <= value <= _MOST_GUIDANCE:  # nor NaN
                raise ConfigurationError(f"expected {name} guidance from 0 to {_MOST_GUIDANCE:g}, got {value}")
        return image, text

    def _check(self, sampling: Sampling) -> None:
        needs = {"unet_alone": not sampling.is_always_guided, "unet_shallow": sampling.reuse > 1}
        for name, is_needed in needs.items():
            if is_needed and name not in self.sessions:
                raise ConfigurationError(
                    f"expected the graph {name} for this sampling, got a model without; see {_EXPORT}"
                )

    def _warm_up(self) -> None:
        """Every graph that a step may need runs once, and its time is kept."""
        for name in ("unet", "unet_shallow", "unet_alone", "decoder"):
            if name in self.sessions:
                arrays = {spec.name: np.zeros(spec.shape, spec.dtype) for spec in self.sessions[name].inputs}
                self.sessions[name].run(arrays)  # the first run of a graph allocates
                self._run(name, arrays)

    def _run(self, name: str, arrays: Mapping[str, NDArray]) -> dict[str, NDArray]:
        """Outputs; a graph takes what it uses of the arrays. How long it took lately is kept, in seconds."""
        session = self.sessions[name]
        began_s = time.monotonic()
        out = session.run({one.name: arrays[one.name] for one in session.inputs})
        took_s = time.monotonic() - began_s
        self._took_s[name] = 0.5 * (took_s + self._took_s.get(name, took_s))
        return out

    def _step_s(self, sampling: Sampling) -> float:
        """Of a step, on average."""
        unet_s = self._took_s["unet"]
        if sampling.reuse > 1:
            unet_s = (unet_s + (sampling.reuse - 1) * self._took_s["unet_shallow"]) / sampling.reuse
        if sampling.is_always_guided:
            return unet_s
        share = sampling.guided[1] - sampling.guided[0]
        return share * unet_s + (1 - share) * self._took_s["unet_alone"]


def _guided(rows_Gchw: NDArray[np.float32], image_guidance: float, text_guidance: float) -> Latent:
    """(1, c, h, w), as `egoprog.lego.guidance.guided`."""
    if len(rows_Gchw) == 2:
        full, nothing = rows_Gchw[:1], rows_Gchw[1:]
        return nothing + np.float32(text_guidance) * (full - nothing)
    full, frame, nothing = rows_Gchw[:1], rows_Gchw[1:2], rows_Gchw[2:]
    return nothing + np.float32(image_guidance) * (frame - nothing) + np.float32(text_guidance) * (full - frame)


def _report(on_step: OnStep | None, done: int, num_steps: int, preview: Picture) -> None:
    if on_step is not None and not on_step(done, num_steps, preview):
        raise DrawingCancelled(f"expected to draw to the end, got told to stop after {done} of {num_steps} steps")


def _preview_weights(path: Path, channels: int) -> NDArray[np.float32]:
    """(c + 1, 3): a linear map from latents to colours, its constant last."""
    try:
        weights = np.load(path)
    except (OSError, ValueError) as error:
        raise ModelError(f"expected the preview's weights in {path}, got {error}; make it with  {_EXPORT}") from None
    if weights.shape != (channels + 1, 3) or weights.dtype != np.float32:
        raise ModelError(f"expected weights of {channels + 1}x3 in {path}, got {weights.shape}; export it again")
    return weights
