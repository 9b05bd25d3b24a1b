"""LEAP's network as something to train: its data, its context, its loss and its measures."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from egoprog.data.clips import ClipItem, ClipSpan, anticipation_items, moment_items, recognition_items
from egoprog.data.epic import Action
from egoprog.data.epic_folder import EpicFolder
from egoprog.data.frames import VideoFrames
from egoprog.data.shards import ShardFrames
from egoprog.errors import ConfigurationError, ModelError
from egoprog.leap.augment import Augmented, Plain, mirrored
from egoprog.leap.config import LeapConfig, to_json
from egoprog.leap.dataset import ClipDataset, usable_items
from egoprog.leap.encoded import EncodedClipDataset, EncodedFrames, EncodedView, encoder_hash
from egoprog.leap.initial_weights import load_initial, load_network, weights_of
from egoprog.leap.losses import LeapLoss
from egoprog.leap.metrics import measure
from egoprog.leap.network import LeapNetwork
from egoprog.leap.predictions import Predictions
from egoprog.leap.program_metrics import measure_programs
from egoprog.leap.recipe import Recipe
from egoprog.leap.sampling import frame_stamps
from egoprog.leap.sentences import SentenceEncoder
from egoprog.leap.supervision import read_supervision
from egoprog.leap.targets import Targets
from egoprog.leap.vocabulary import make_vocabulary
from egoprog.train.batches import Batches
from egoprog.train.task import Batch, Task

log = logging.getLogger(__name__)
_SPANS_AT_ONCE = 32


class LeapTask(Task):
    """One of LEAP's trainings.

    programs: a store of the training's programs, None for the dataset's own. init: weights to start from, a run's
    folder or a file, of ours or published. context: the run of the context network. encoded: frames that the frozen
    layers have seen already, see `encoded`. shards: pictures of the videos made ready, see `data.shards`. Without both,
    videos are read. config: of a network that is there already and keeps its classes, whatever data it is shown; None
    counts the vocabulary of the training.
    Raises ConfigurationError for what the recipe needs and was not given, and for two kinds of pictures.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: str | Path,
        programs: Path | None = None,
        init: Path | None = None,
        context: Path | None = None,
        encoded: Path | None = None,
        shards: Path | None = None,
        config: LeapConfig | None = None,
    ) -> None:
        if encoded is not None and shards is not None:
            raise ConfigurationError("expected --encoded or --shards, got both; encoded frames need no pictures")
        if recipe.needs_init and init is None:
            raise ConfigurationError("expected weights to start from for this recipe, got none; give --init CHECKPOINT")
        if recipe.context_offsets and context is None:
            raise ConfigurationError(
                "expected the run of a context network for this recipe, got none; train one by the recipe context_sim "
                "or context_epic_paper and give --context RUN, or leave clips around out with the recipe's _lap"
            )
        self.recipe, self.folder, self.init = recipe, EpicFolder(Path(data)), init
        self.frames = EncodedFrames(encoded) if encoded is not None else None
        self.pictures = ShardFrames(shards) if shards is not None else VideoFrames(self.folder)
        self.splits = read_supervision(self.folder, recipe.held_out, programs)
        if config is None:
            training = self.splits["train"]
            config = recipe.config(make_vocabulary(training.actions, training.programs, recipe.min_count))
        self.config = config
        self.targets = Targets(self.config, SentenceEncoder() if recipe.has_program else _no_sentences)
        self.context = load_network(weights_of(context)).requires_grad_(False) if recipe.context_offsets else None
        self._tokens: dict[Path, dict[ClipSpan, Tensor]] = defaultdict(dict)
        self._read: dict[str, ClipDataset] = {}
        weights = {name: getattr(recipe.loss, name) for name in ("program", "precondition", "action")}
        self.judge = LeapLoss(self.config, weights, recipe.loss.smoothing)

    def model(self) -> nn.Module:
        model = LeapNetwork(self.config)
        if self.init is not None:
            load_initial(model, weights_of(self.init))
        if self.frames is not None and encoder_hash(model.backbone) != self.frames.encoder:
            raise ModelError(
                f"expected the weights that encoded the frames in {self.frames.root}, got others; give them as --init"
            )
        if self.context is not None:
            self._check_context(model)
        return model

    def items(self, split: str) -> list[ClipItem]:
        """What is shown of a split."""
        config, part = self.config, self.splits[split]
        programs = part.programs if config.has_program else ()
        actions: Sequence[Action] = part.actions
        if self.recipe.loss.action == 0.0:  # trained on programs alone
            known = {clip.narration_id for clip in programs}
            actions = [row for row in actions if row.narration_id in known]
        if config.task == "recognise" and self.recipe.clips == "trailing":
            return moment_items(actions, programs, config.span_s, len(config.context_offsets))
        if config.task == "recognise":
            # clips around are those of all actions, whether or not they have a program
            items = recognition_items(part.actions, programs, config.context_offsets)
            wanted = {row.narration_id for row in actions}
            return [item for item in items if item.narration_id in wanted]
        return anticipation_items(actions, programs, config.tau_a_s, config.span_s, len(config.context_offsets))

    def dataset(self, split: str) -> Dataset:
        items, is_training = self.items(split), split == "train"
        usable = usable_items(items, self.frames or self.pictures, self.config.vocabulary)
        for line in usable.lines():
            log.warning("%s: %s", split, line)
        if self.frames is not None:
            views = self._encoded_views(usable.items, is_training)
            return EncodedClipDataset(usable.items, views, self.config, self.targets, is_training)
        augmentation = self.recipe.augmentation if is_training else None
        backbone = self.config.backbone
        transform = Plain(backbone) if augmentation is None else Augmented(backbone, augmentation)
        self._embed_ahead(usable.items, is_training)
        self._read[split] = _Clips(
            usable.items, self.pictures, self.config, transform, self.targets, is_jittered=is_training
        )
        return self._read[split]

    def lines(self) -> list[str]:
        """What to tell a person at the end: which clips this process could not read; [] where it read all."""
        return [f"{split}: {line}" for split, dataset in self._read.items() for line in dataset.lines()]

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        batch = self._with_context(batch)
        return self.judge(model(batch), batch)

    def measure(self, model: nn.Module, batches: Batches) -> dict[str, float]:
        """Validation losses, and shares from 0 to 1: top 1 and 5, mean top-5 recall, sub-actions at set level.

        A clip that stands in for one that can't be read counts in the losses alone.
        """
        rows: dict[str, list[Tensor]] = defaultdict(list)
        for batch in batches:
            batch = self._with_context(batch)
            said = model(batch)
            losses = self.judge(said, batch)
            for name, value in losses.items():
                rows[f"loss_{name}"].append(value.detach().float().expand(len(batch["verb"])))
            for name, key in _PREDICTED.items():
                values = said[key].float() if key in said else batch["verb"].new_zeros((len(batch["verb"]), 0)).float()
                rows[name].append(values)
            for name, key in _TRUE.items():
                rows[name].append(batch[key])
            rows["index"].append(torch.as_tensor(batch["index"]))
        whole = {name: batches.gather(torch.cat(parts)) for name, parts in rows.items()}
        losses = {name.removeprefix("loss_"): float(whole.pop(name).mean()) for name in list(whole) if "loss_" in name}
        losses = {name if name == "loss" else f"{name}_loss": value for name, value in losses.items()}
        predictions = self._predictions({name: rows.numpy() for name, rows in whole.items()})
        return losses | _figures(predictions, has_actions=self.recipe.loss.action > 0)

    def metadata(self) -> dict[str, str]:
        return {"config": to_json(self.config)}

    def layers(self, model: nn.Module) -> Iterable[nn.Module]:
        return model.backbone.transformer.resblocks

    def layers_above(self, name: str) -> int:
        """The heads and global blocks have none above, the first layer all others, the stem one more."""
        if not name.startswith("backbone."):
            return 0
        _, first, *rest = name.split(".")
        if first != "transformer":
            return self.config.backbone.num_layers + 1
        return self.config.backbone.num_layers - int(rest[1]) if rest[0] == "resblocks" else 0

    def to(self, device: torch.device) -> None:
        if self.context is not None:
            self.context.to(device).eval()

    def _with_context(self, batch: Batch) -> Batch:
        """Clips around as the tokens that the context network makes of them."""
        if self.context is None or "context" in batch:
            return batch
        clips = batch["context_clips"]
        with torch.no_grad():
            tokens = self.context({"clip": clips.flatten(0, 1)})["token"].unflatten(0, clips.shape[:2])
        return {**{name: value for name, value in batch.items() if name != "context_clips"}, "context": tokens}

    def _encoded_views(self, items: Sequence[ClipItem], is_training: bool) -> list[EncodedView]:
        """The frames, and for training the mirrored ones where they are encoded and the recipe mirrors."""
        mirrors = is_training and self.recipe.augmentation is not None and self.recipe.augmentation.flip > 0
        mirrored_frames = self.frames.mirrored() if mirrors else None
        views = []
        for frames in filter(None, (self.frames, mirrored_frames)):
            tokens = self._context_tokens(items, frames) if self.context is not None else None
            views.append(EncodedView(frames, frames is mirrored_frames, tokens))
        return views

    @torch.inference_mode()
    def _context_tokens(self, items: Iterable[ClipItem], frames: EncodedFrames) -> Mapping[ClipSpan, Tensor]:
        """Of all clips around, from encoded frames; each is made once."""
        device = next(self.context.parameters()).device
        self.context.eval()
        known = self._tokens[frames.root]
        spans = dict.fromkeys(span for item in items for span in item.context if span is not None)
        new = [span for span in spans if span not in known]
        for start in range(0, len(new), _SPANS_AT_ONCE):
            part = new[start : start + _SPANS_AT_ONCE]
            features = np.stack([frames.read(span.video_id, self._stamps_s(span, frames)) for span in part])
            tokens = self.context.backbone.fuse(torch.from_numpy(features).to(device)).cpu()
            known |= dict(zip(part, tokens.clone(), strict=True))
        return known

    def _stamps_s(self, span: ClipSpan, frames: EncodedFrames) -> np.ndarray:
        return frame_stamps(span, self.context.config.backbone.num_frames, frames.rate_hz(span.video_id))

    def _check_context(self, model: LeapNetwork) -> None:
        own, context = model.config.backbone, self.context.config.backbone
        if (own.size_px, own.num_frames, own.width) != (context.size_px, context.num_frames, context.width):
            raise ModelError(
                f"expected a context network of {own.num_frames} frames {own.size_px} and width {own.width}, got "
                f"{context.num_frames} frames {context.size_px} and width {context.width}; train it by the same recipe"
            )
        if self.frames is not None and encoder_hash(self.context.backbone) != self.frames.encoder:
            raise ModelError(
                "expected a context network over the same frozen frame encoder, got another; "
                "train it with the same --init and --encoded"
            )

    def _embed_ahead(self, items: Iterable[ClipItem], is_mirrored_too: bool) -> None:
        """Sentences are embedded here once, instead of in every process that reads clips."""
        for item in items:
            if item.program is not None:
                self.targets(None, item.program)
                if is_mirrored_too:
                    self.targets(None, mirrored(item.program))

    def _predictions(self, arrays: Mapping[str, np.ndarray]) -> Predictions:
        own = np.flatnonzero(arrays["index"] == np.arange(len(arrays["index"])))
        names = tuple(str(index) for index in own)
        fields = {name: values[own] for name, values in arrays.items() if name != "index"}
        return Predictions(self.config, names, **fields)


class _Clips(ClipDataset):
    """Draws its chances from numpy's generator, which the engine seeds for each sample: the order in which processes
    read samples of two epochs then changes nothing.
    """

    @property
    def epoch(self) -> int:
        return int(np.random.randint(2**31))


_PREDICTED = {name: name for name in ("verbs", "nouns", "actions", "sub_verbs", "objects", "precondition")}
_TRUE = {
    "true_verbs": "verb",
    "true_nouns": "noun",
    "true_sub_verbs": "sub_verbs",
    "true_objects": "sub_objects",
    "true_precondition": "precondition",
}


def _figures(predictions: Predictions, has_actions: bool) -> dict[str, float]:
    found: dict[str, Any] = {}
    for target, scores in measure(predictions)["all"].items() if has_actions else ():
        found |= {
            f"{target}_top1": scores.top1,
            f"{target}_top5": scores.top5,
            f"{target}_recall5": scores.mean_top5_recall,
        }
    if predictions.config.has_program:
        found |= {part: scores.mean() for part, scores in measure_programs(predictions).sets.items()}
    return found


def _no_sentences(sentences: Sequence[str]) -> np.ndarray:
    raise AssertionError(f"a network without programs needs no sentences, asked for {sentences!r}")
