"""LEGO's frames on robots: the exported graphs against diffusers' own InstructPix2Pix pipeline, same UNet and guidance.

python -m benchmarks lego                               # random weights of the small sizes
python -m benchmarks lego --model models/lego_sim       # a shipped model

Exact: as many steps of Euler ancestral, from the same noise; the pixels' largest difference is told. Fast: fewer steps
and what else speed leaves out, against the paper's 100. The forms take turns in one run; times are medians of wall
clock, of everything between the conditioning and the pixels. What speed costs in quality is not measured here.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from diffusers import StableDiffusionInstructPix2PixPipeline
from numpy.typing import NDArray
from PIL import Image

from egoprog.data.fitting import fit_frame
from egoprog.leap.agreement import made_pictures
from egoprog.lego.checkpoints import LegoModel, load_model, save_model
from egoprog.lego.config import LegoConfig
from egoprog.lego.describing import Said
from egoprog.lego.drawing import BACKENDS, Conditions, Drawer
from egoprog.lego.export import export_lego
from egoprog.lego.fast_sampling import Sampling
from egoprog.lego.generator import Generator, make_autoencoder
from egoprog.lego.questions import TEMPLATES, parse_question
from egoprog.lego.schedules import sampler
from egoprog.lego.text_tokens import TextTokenizer
from egoprog.lego.vlm import Vlm, new_llava
from egoprog.lego.vlm_config import VlmConfig
from egoprog.lego.vlm_pictures import PicturePreparation
from egoprog.lego.vlm_tokenizer import VlmTokenizer
from egoprog.onnx_export import About

Pixels = NDArray[np.float32]
NUM_STEPS = 20
"""Of the exact comparison."""
REFERENCE = Sampling()
FAST = (
    Sampling("dpm", 20),
    Sampling("dpm", 20, reuse=2),
    Sampling("dpm", 20, guided=(0.0, 0.7)),
    Sampling("dpm", 12, reuse=2),
)
NUM_TURNS = 3
_SEED = 3
_WORDS = "The person opens the drawer with the right hand."
_GUIDANCE = (1.5, 7.5)


def measure(folder: str | None = None) -> dict[str, Any]:
    """folder: of `python -m export.lego`; None: random weights."""
    num_threads = psutil.cpu_count(logical=False) or 1
    torch.set_num_threads(num_threads)
    with tempfile.TemporaryDirectory() as made:
        path = Path(folder) if folder is not None else _random(Path(made))
        drawer = Drawer.open(path, BACKENDS, num_threads=num_threads)
        return {"model": drawer.name, "threads": num_threads} | _figures(load_model(path), drawer)


def _figures(model: LegoModel, drawer: Drawer) -> dict[str, Any]:
    picture = fit_frame(made_pictures(1)[0], drawer.size_px)
    config, rng = model.config, np.random.default_rng(0)
    image, text = (
        rng.normal(size=(1, num, config.vlm_width)).astype(np.float32)
        for num in (config.num_image_tokens, config.num_words)
    )
    conditions = drawer.conditions(picture, _WORDS, Said(_WORDS, image, text))
    forms: dict[str, Callable[[], Pixels]] = {
        f"diffusers, {NUM_STEPS} steps": lambda: _stock(model, picture, image, text, NUM_STEPS),
        f"exact, {NUM_STEPS} steps": lambda: _drawn(drawer, conditions, Sampling(num_steps=NUM_STEPS)),
        f"diffusers, {REFERENCE.num_steps} steps": lambda: _stock(model, picture, image, text, REFERENCE.num_steps),
    }
    forms |= {_name(one): lambda one=one: _drawn(drawer, conditions, one) for one in FAST if _can(drawer, one)}
    taken: dict[str, list[float]] = {name: [] for name in forms}
    drawn = {}
    for _ in range(NUM_TURNS):
        for name, form in forms.items():
            began_s = time.perf_counter()
            drawn[name] = form()
            taken[name].append(time.perf_counter() - began_s)
    medians = {name: statistics.median(values) for name, values in taken.items()}
    stock, exact, reference = list(medians)[:3]
    difference = np.abs(drawn[stock] - drawn[exact]).max()
    figures: dict[str, Any] = {f"{name}, s": round(value, 3) for name, value in medians.items()}
    figures["exact, times faster than diffusers"] = round(medians[stock] / medians[exact], 2)
    figures["exact, largest difference of a pixel from 0 to 1"] = float(f"{difference:.1e}")
    for name in list(medians)[3:]:
        figures[f"{name}, times faster than {reference}"] = round(medians[reference] / medians[name], 2)
    answers = [drawer.draw(picture, parse_question("How do I open the drawer?")).elapsed_s for _ in range(NUM_TURNS)]
    figures["a whole answer with its words, s"] = round(statistics.median(answers), 3)
    return figures


@torch.no_grad()
def _stock(model: LegoModel, picture: NDArray[np.uint8], image: NDArray, text: NDArray, num_steps: int) -> Pixels:
    """By diffusers, which gets the same conditioning and draws the same noise."""
    conditioning = model.generator.conditioning
    pipeline = StableDiffusionInstructPix2PixPipeline(
        model.autoencoder,
        conditioning.text_encoder,
        None,
        model.generator.unet,
        sampler(prediction=model.config.prediction),
        None,
        None,
    )
    pipeline.set_progress_bar_config(disable=True)
    words, null = torch.from_numpy(model.tokenizer([_WORDS, ""])).split(1)
    given = (words, null[0], torch.from_numpy(image), torch.from_numpy(text))
    out = pipeline(
        image=Image.fromarray(picture),
        prompt_embeds=conditioning(*given),
        negative_prompt_embeds=conditioning(*given, torch.ones(1, dtype=torch.bool)),
        num_inference_steps=num_steps,
        image_guidance_scale=_GUIDANCE[0],
        guidance_scale=_GUIDANCE[1],
        generator=torch.Generator().manual_seed(_SEED),
        output_type="np",
    )
    return out.images[0]


def _drawn(drawer: Drawer, conditions: Conditions, sampling: Sampling) -> Pixels:
    config, generator = drawer.config, torch.Generator().manual_seed(_SEED)
    shape = (1, config.autoencoder.latent_channels, *config.latent_size)
    latent, _ = drawer.denoise(conditions, sampling, _GUIDANCE, lambda: torch.randn(shape, generator=generator).numpy())
    return drawer.pixels(latent)


def _name(sampling: Sampling) -> str:
    parts = [f"{sampling.solver}, {sampling.num_steps} steps"]
    parts += [f"deep features used {sampling.reuse} times"] if sampling.reuse > 1 else []
    parts += ["guided from {:g} to {:g}".format(*sampling.guided)] if not sampling.is_always_guided else []
    return ", ".join(parts)


def _can(drawer: Drawer, sampling: Sampling) -> bool:
    return sampling.is_always_guided or "unet_alone" in drawer.sessions


def _random(folder: Path) -> Path:
    """The small sizes, exported with random weights."""
    torch.manual_seed(0)
    words = [*TEMPLATES, _WORDS]
    config = LegoConfig.small()
    tokenizer = TextTokenizer.learned(words, config.text.vocabulary, config.num_words)
    model = LegoModel(config, Generator(config).eval(), make_autoencoder(config).eval(), tokenizer)
    save_model(model, folder / "generator")
    vlm_config = VlmConfig.small()
    pieces = VlmTokenizer.trained(words, vlm_config.vocab_size)
    Vlm(new_llava(vlm_config, pieces).eval(), pieces, PicturePreparation.of(vlm_config)).save(folder / "vlm")
    about = About("random", "", "", "", "")
    sampling = Sampling("dpm", 20, guided=(0.0, 0.7))
    export_lego(
        folder / "model",
        folder / "generator",
        folder / "vlm",
        about,
        commit="",
        sampling=sampling,
        pictures=made_pictures(8),
    )
    return folder / "model"
