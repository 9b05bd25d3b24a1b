"""All runs behind LEGO's tables, in the order in which they need each other.

RUNS/pairs, RUNS/pairs-strangers    frame pairs, and those of other people's kitchens, which teach the VLM its words
RUNS/vlm-pretrain, RUNS/vlm         the VLM before its tuning and after; RUNS/pairs/enriched/{untuned,tuned}* are theirs
RUNS/judge                          heads on the shipped frame encoder, which say what hands touch in a picture
RUNS/autoencoder-begun, /autoencoder    in whose latents frames are drawn, before its colours and with them
RUNS/ROW                            the generator of every row, from the same pairs, latents and words
RUNS/drawn/ROW                      its pictures of the held-out pairs
RUNS/tables                         what they are worth
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from egoprog.errors import ConfigurationError
from egoprog.lego.recipes import lego_sim
from egoprog.train.jobs import Job, make_job

TRAINED = {
    "labels": "lego_sim_labels",
    "descriptions": "lego_sim_descriptions",
    "image": "lego_sim_image",
    "text": "lego_sim_text",
    "joint": "lego_sim",
    "image_untuned": "lego_sim_image_untuned",
    "text_untuned": "lego_sim_text_untuned",
    "joint_untuned": "lego_sim_joint_untuned",
    "unprojected": "lego_sim_unprojected",
    "frames": "lego_sim_frames",
}
"""Recipes by rows, in the order in which they are trained: the tables grow from what matters most."""
FROM_FRAMES = ("sdedit", "proxnpi")
"""Baselines that draw with the model of "frames"."""
PARTS = ("autoencoder", "vlm", "judge")
"""Runs that every row rests on."""
_MORE_SHARES = ("0.4", "0.8")
_ENCODER = "frame_encoder.safetensors"
_VAE = Path("vae") / "diffusion_pytorch_model.safetensors"
_RECOGNISER = "recogniser.safetensors"


def plan(
    data: Path, strangers: Path | None, leap: Path, runs: Path, rows: Sequence[str] = (), settings: Sequence[str] = ()
) -> list[Job]:
    """data, strangers: of `egoprog sim record --pairs`, or with videos. Without strangers the VLM learns its words from
    the participants alone, and there are no rows of a VLM before its tuning. leap: a folder of LEAP's models, whose
    frame encoder and recogniser are eyes and judges here. rows: to be made, () for all. settings: of every training of
    a generator, "steps=300".
    Raises ConfigurationError for rows that need strangers where there are none.
    """
    pairs = runs / "pairs"
    possible = [row for row in (*TRAINED, *FROM_FRAMES) if strangers or _enriched(row) != "untuned"]
    if impossible := set(rows) - set(possible):
        raise ConfigurationError(f"expected strangers, from whom a VLM learns before its tuning, for {min(impossible)}")
    wanted = [row for row in possible if not rows or row in rows]
    trained = [row for row in TRAINED if row in wanted or (row == "frames" and set(FROM_FRAMES) & set(wanted))]
    drawn = [row for row in wanted if row != "frames"]
    jobs = _of_words(data, strangers, leap, runs) + _of_pictures(runs)
    sets = [part for setting in settings for part in ("--set", setting)]
    for row in trained:
        enriched = _enriched(row)
        jobs.append(
            make_job(
                f"{row}:train", "training.lego", runs / row / "model" / "lego.json",
                "--recipe", TRAINED[row], "--pairs", pairs, "--autoencoder", runs / "autoencoder", *sets,
                "--out", runs / row,
                needs=("autoencoder", *(f"{enriched}{ending}" for ending, _ in _views() if enriched)),
            )
        )  # fmt: skip
    for row in drawn:
        source = "frames" if row in FROM_FRAMES else row
        method = ("--method", row) if row in FROM_FRAMES else ()
        words = ("--enriched", _enriched(row)) if _enriched(row) else ()
        out = runs / "drawn" / row
        jobs.append(
            make_job(
                row, "training.draw", out / "about.json", "--model", runs / source / "model", "--pairs", pairs,
                *words, *method, "--unseen", "--out", out, needs=(f"{source}:train",),
            )
        )  # fmt: skip
    jobs.append(
        make_job(
            "judge", "training.frames", runs / "judge" / "results.json",
            "--data", data, "--encoder", leap / _ENCODER, "--set", "epochs=0.5", "--out", runs / "judge",
        )
    )  # fmt: skip
    stand_ins = ("--stand-in", leap / _ENCODER, "--stand-in-clips", leap / _RECOGNISER)
    named = [part for row in drawn for part in ("--row", f"{row}={runs / 'drawn' / row}")]
    jobs.append(
        make_job(
            "tables", "training.evaluate_lego", runs / "tables" / "tables.md", "--pairs", pairs, "--data", data,
            *named, "--judge", runs / "judge", *stand_ins, "--out", runs / "tables", needs=("judge", *drawn),
        )
    )  # fmt: skip
    return jobs


def take_over(parts: Path, runs: Path) -> list[str]:
    """Copies runs that are done from a folder of parts to where they are lacking, and returns their names."""
    taken = []
    for name in PARTS:
        if (parts / name).is_dir() and not (runs / name).exists():
            shutil.copytree(parts / name, runs / name)
            taken.append(name)
    return taken


def _of_words(data: Path, strangers: Path | None, leap: Path, runs: Path) -> list[Job]:
    """Pairs, the VLM, and what it says of them."""
    pairs, pretrained, tuned = runs / "pairs", runs / "vlm-pretrain", runs / "vlm"
    jobs = [
        make_job(
            "pairs", "training.pairs", pairs / "sheets" / "kept.png",
            "--data", data, "--out", pairs, "--fits", "squeezed", "--after-walking", "--more-shares", *_MORE_SHARES,
        )
    ]  # fmt: skip
    from_nothing = ("--recipe", "vlm_sim_pretrain", "--encoder", leap / _ENCODER)
    product = Path("vlm") / "processor_config.json"
    if strangers:
        jobs += [
            make_job(
                "pairs-strangers", "training.pairs", runs / "pairs-strangers" / "sheets" / "kept.png",
                "--data", strangers, "--out", runs / "pairs-strangers", "--fits", "squeezed", "--after-walking",
            ),
            make_job(
                "vlm-pretrain", "training.vlm", pretrained / product,
                *from_nothing, "--pairs", runs / "pairs-strangers", "--out", pretrained, needs=("pairs-strangers",),
            ),
            make_job(
                "vlm", "training.vlm", tuned / product,
                "--recipe", "vlm_sim", "--pairs", pairs, "--init", pretrained / "vlm", "--out", tuned,
                needs=("pairs", "vlm-pretrain"),
            ),
        ]  # fmt: skip
    else:
        jobs.append(
            make_job(
                "vlm", "training.vlm", tuned / product,
                *from_nothing, "--pairs", pairs, "--out", tuned, needs=("pairs",),
            )
        )  # fmt: skip
    num_words = lego_sim().lego.num_words
    for name, source in (("tuned", tuned), ("untuned", pretrained)) if strangers else (("tuned", tuned),):
        for ending, flag in _views():
            jobs.append(
                make_job(
                    f"{name}{ending}", "training.enrich", pairs / "enriched" / f"{name}{ending}" / "done.json",
                    "--pairs", pairs, "--vlm", source / "vlm", "--name", name, *flag, "--text-tokens", num_words,
                    needs=(source.name, "pairs"),
                )
            )  # fmt: skip
    return jobs


def _of_pictures(runs: Path) -> list[Job]:
    """The autoencoder, and the one without all colours that it starts from, as long as that is still to be done."""
    begun = make_job(
        "autoencoder-begun", "training.autoencoder", runs / "autoencoder-begun" / _VAE,
        "--pairs", runs / "pairs", "--out", runs / "autoencoder-begun", needs=("pairs",),
    )  # fmt: skip
    whole = make_job(
        "autoencoder", "training.autoencoder", runs / "autoencoder" / _VAE,
        "--recipe", "autoencoder_sim_colours", "--pairs", runs / "pairs", "--init", runs / "autoencoder-begun",
        "--out", runs / "autoencoder", needs=("autoencoder-begun",),
    )  # fmt: skip
    return [replace(whole, needs=())] if whole.is_done else [begun, whole]


def _views() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Endings of the VLM's folders, and what makes each: mirrored pictures count where a training mirrors."""
    plain, mirrored = ("", ()), ("_mirrored", ("--mirrored",))
    return (plain, mirrored) if lego_sim().flip else (plain,)


def _enriched(row: str) -> str:
    """The VLM's folder that a row reads; "" for none."""
    if row in ("labels", "frames", *FROM_FRAMES):
        return ""
    return "untuned" if row.endswith("_untuned") else "tuned"
