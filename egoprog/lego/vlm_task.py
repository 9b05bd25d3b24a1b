"""Visual instruction tuning: a picture and a question go in, and the model learns to give the description.

Shapes: B pictures, L tokens of a conversation, K of them kept for the loss, V pieces.
Source: LEGO section 3.1; LLaVA.
"""

from __future__ import annotations

import dataclasses
import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn
from transformers import LlavaForConditionalGeneration

from egoprog.data.atomic import atomic
from egoprog.data.frame_pairs import PairFolder
from egoprog.errors import ConfigurationError, ModelError
from egoprog.leap.config import UniFormerConfig
from egoprog.leap.frame_pretraining import read_frame_encoder
from egoprog.lego.frame_encoder_tower import FrameEncoderTower, start_tower
from egoprog.lego.instruction import IGNORED, InstructionDataset, described_pairs
from egoprog.lego.questions import TEMPLATES
from egoprog.lego.sentence_parts import SentenceReader
from egoprog.lego.vlm import Vlm, fingerprint, load_vlm, new_llava
from egoprog.lego.vlm_pictures import PicturePreparation
from egoprog.lego.vlm_recipes import VlmRecipe
from egoprog.lego.vlm_tokenizer import TOKENIZER_NAME, VlmTokenizer
from egoprog.runtime.model_folder import sha256_of
from egoprog.train.batches import Batches
from egoprog.train.checkpoint import read_weights
from egoprog.train.task import Task

log = logging.getLogger(__name__)
FOLDER_NAME = "vlm"
SIDES = ("left", "right")
USUAL = 0.02
"""The share of descriptions of a verb class that must begin with a verb for it to count as one of the class."""
SPARE_TOKENS = 8
"""That a generated sentence may be longer than the longest true one; more would be wrong anyway."""
_LORA_LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


class VlmTask(Task):
    """run: the training's folder, which keeps the tokenizer that was trained for a new model. init: a model's folder.

    encoder: weights of a frame encoder, which a new model's tower gets. Raises ConfigurationError where a recipe needs
    a model or an encoder to start from and none is given, where both are, and for an encoder in the place of CLIP.
    """

    def __init__(
        self,
        recipe: VlmRecipe,
        pairs: PairFolder,
        run: str | Path,
        init: str | Path | None = None,
        encoder: Path | None = None,
    ) -> None:
        _check_start(recipe, init, encoder)
        self.recipe, self.pairs, self.encoder = recipe, pairs, encoder
        self.init = None if init is None else Path(init)
        self._begun = None if init is None else load_vlm(init, recipe.image_px)
        if self._begun is not None:
            self.tokenizer, self.preparation = self._begun.tokenizer, self._begun.preparation
            self.num_image_tokens = self._begun.num_image_tokens
        else:
            self.tokenizer = run_tokenizer(Path(run), pairs, recipe.config.vocab_size)
            self.preparation = PicturePreparation.of(recipe.config)
            self.num_image_tokens = recipe.config.num_image_tokens
        self._reader = SentenceReader({pair.noun for pair in pairs.pairs() if pair.noun})
        self._verbs = self._usual_verbs()
        self._sides = torch.tensor(self.tokenizer.ids_of(SIDES), dtype=torch.long)

    def model(self) -> LlavaForConditionalGeneration:
        if self._begun is not None:
            model, self._begun = self._begun.model, None  # the engine asks once; no second copy is kept
        elif self.init is not None:
            model = load_vlm(self.init, self.recipe.image_px).model
        else:
            model = new_llava(self.recipe.config, self.tokenizer)
            if self.encoder is not None:
                start_tower(model.model.vision_tower, read_frame_encoder(self.encoder))
        return tuned_parts(model, self.recipe)

    def dataset(self, split: str) -> InstructionDataset:
        recipe, is_training = self.recipe, split == "train"
        found = InstructionDataset(
            self.pairs,
            split,
            self.tokenizer,
            self.preparation,
            self.num_image_tokens,
            recipe.num_tokens,
            is_training,
            recipe.mirror,
            recipe.jitter,
            recipe.sees,
        )
        if found.num_too_long:
            log.warning("%d pairs of the %s split are left out: too long", found.num_too_long, split)
        return found

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        logits_BKV, labels_BK = answer_logits(model, batch)
        is_answer = labels_BK != IGNORED
        loss_BK = F.cross_entropy(logits_BKV.transpose(1, 2).float(), labels_BK, ignore_index=IGNORED, reduction="none")
        is_side = torch.isin(labels_BK, self._sides.to(labels_BK.device))
        weights_BK = is_answer * torch.where(is_side, self.recipe.side_weight, 1.0)
        loss = (weights_BK * loss_BK).sum() / weights_BK.sum()
        is_right = (logits_BKV.argmax(2) == labels_BK) & is_answer
        return {"loss": loss, "token_accuracy": is_right.sum() / is_answer.sum()}

    def measure(self, model: nn.Module, batches: Batches) -> dict[str, float]:
        """loss, token_accuracy: of the true words. The others are shares of the sentences that are generated: hand, the
        first hand that is named is the true one's; verb, the first verb is one with which sentences about such an
        action begin; noun, the first thing is named in the true one too; sentence, they are equal, word for word.
        """
        vlm = Vlm(model, self.tokenizer, self.preparation)
        sums, agreements = [], []
        num_rounds = -(-self.recipe.num_described // self.recipe.training.batch)
        for number, batch in enumerate(batches):
            sums.append(token_sums(model, batch))
            if number < num_rounds:
                longest = int((batch["labels"] != IGNORED).sum(1).max())
                said = vlm.describe_prepared(batch["pixels"], batch["question"], longest + SPARE_TOKENS)
                agreements.append(self._agreement(said, batch))
        loss, right, tokens = batches.gather(torch.cat(sums)).sum(0).tolist()
        same = batches.gather(torch.cat(agreements)).mean(0).tolist()
        return {
            "loss": loss / tokens,
            "token_accuracy": right / tokens,
            **dict(zip(("hand", "verb", "noun", "sentence"), same, strict=True)),
        }

    def metadata(self) -> dict[str, str]:
        recipe = dataclasses.asdict(self.recipe)
        recipe.pop("training")
        return {
            "recipe": json.dumps(recipe),
            "init": "" if self.init is None else fingerprint(self.init),
            "encoder": "" if self.encoder is None else sha256_of(self.encoder)[:16],
            "tokenizer_pieces": str(self.tokenizer.num_pieces),
        }

    def layers(self, model: nn.Module) -> Iterable[nn.Module]:
        parts = model.model
        return (*_tower_layers(parts.vision_tower), *parts.language_model.layers)

    def write_folder(self, run: str | Path, choice: str = "best") -> Path:
        """The trained model as a folder of its own, RUN/vlm, in transformers' layout; LoRA is added to the weights."""
        model = self.model()
        try:
            model.load_state_dict(read_weights(Path(run) / f"{choice}.safetensors"))
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1].strip()
            raise ModelError(f"expected weights of this recipe in {run}, got {reason}") from None
        folder = Path(run) / FOLDER_NAME
        Vlm(without_lora(model).eval(), self.tokenizer, self.preparation).save(folder)
        return folder

    def _agreement(self, said: Sequence[str], batch: Mapping[str, Any]) -> Tensor:
        """(B, 4) hand, verb, noun, and the whole sentence, each 0 or 1."""
        rows = []
        for sentence, true, verb in zip(said, batch["description"], batch["verb"], strict=True):
            own, other = self._reader.parts(sentence), self._reader.parts(true)
            verbs = self._verbs.get(verb, set()) | {other.verb}
            rows.append(
                [own.hand == other.hand, own.verb in verbs, own.noun in {*other.nouns, other.noun}, sentence == true]
            )
        return torch.tensor(rows, dtype=torch.float32)

    def _usual_verbs(self) -> dict[str, set[str]]:
        """With which verbs the training's descriptions of a verb class begin: "picks up" and "takes" are one action."""
        counts: dict[str, Counter[str]] = {}
        for pair in described_pairs(self.pairs, "train"):
            counts.setdefault(pair.verb, Counter())[self._reader.parts(pair.description).verb] += 1
        return {
            verb: {one for one, count in found.items() if count >= USUAL * found.total()}
            for verb, found in counts.items()
            if verb
        }


def _check_start(recipe: VlmRecipe, init: str | Path | None, encoder: Path | None) -> None:
    """Raises ConfigurationError where what a training is to start from does not fit its recipe."""
    if recipe.needs_init and init is None:
        raise ConfigurationError(
            "expected a model's folder to start from with --init, got none: LLaVA-1.5 as transformers lays it out, "
            "or RUN/vlm of  python -m training.vlm --recipe vlm_sim_pretrain"
        )
    if init is not None and encoder is not None:
        raise ConfigurationError(
            f"expected a model or a frame encoder to start from, got both: {init} has a tower already"
        )
    if encoder is not None and not isinstance(recipe.config.tower, UniFormerConfig):
        raise ConfigurationError(
            f"expected no --encoder for a new model that looks through CLIP's tower, got {encoder}; leave it out"
        )
    if init is None and encoder is None and recipe.is_vision_frozen:
        raise ConfigurationError(
            "expected the weights of a frame encoder with --encoder, as the new model's tower stays as it is, got "
            "none: RUN/best.safetensors of  python -m training.frames; or train it from nothing with  "
            "--set is_vision_frozen=no"
        )


def run_tokenizer(run: Path, pairs: PairFolder, num_pieces: int) -> VlmTokenizer:
    """A run's own: trained once on the descriptions and questions of its training split, and kept."""
    if (run / TOKENIZER_NAME).is_file():
        return VlmTokenizer.read(run)
    described = described_pairs(pairs, "train")
    texts = [*TEMPLATES, *(text for pair in described for text in (pair.action, pair.description))]
    tokenizer = VlmTokenizer.trained(texts, num_pieces)
    with atomic(run / TOKENIZER_NAME) as temporary:
        temporary.write_text(tokenizer.tokenizer.to_str(), encoding="utf-8")
    return tokenizer


def tuned_parts(model: LlavaForConditionalGeneration, recipe: VlmRecipe) -> LlavaForConditionalGeneration:
    """The model with what is not tuned frozen, and LoRA in its language model where the recipe has it."""
    parts = model.model
    if recipe.lora_rank:
        names = [
            name
            for name, module in model.named_modules()
            if name.startswith("model.language_model.") and name.endswith(_LORA_LAYERS)
        ]
        config = LoraConfig(r=recipe.lora_rank, lora_alpha=recipe.lora_alpha, target_modules=names)
        inject_adapter_in_model(config, model)  # freezes all else
        parts.multi_modal_projector.requires_grad_(True)
    tower = parts.vision_tower
    tower.requires_grad_(not recipe.is_vision_frozen)
    # what gets no gradient can't be gone on with
    for unread in _unread(tower, model.config.vision_feature_layer):
        unread.requires_grad_(False)
    return model


def _unread(tower: nn.Module, layer: int | list[int]) -> list[nn.Module]:
    """What comes after the chosen layer of a tower, CLIP's last norm too."""
    layers = _tower_layers(tower)
    after = list(layers[_num_read(layer, len(layers)) :])
    return after if isinstance(tower, FrameEncoderTower) else [*after, tower.post_layernorm]


def _tower_layers(tower: nn.Module) -> nn.ModuleList:
    return tower.layers if isinstance(tower, FrameEncoderTower) else tower.encoder.layers


def _num_read(layer: int | list[int], num_layers: int) -> int:
    """Layers up to the last that is looked at. layer: of num_layers + 1 hidden states, the first before all layers."""
    return max(each % (num_layers + 1) for each in ([layer] if isinstance(layer, int) else layer))


def without_lora(model: LlavaForConditionalGeneration) -> LlavaForConditionalGeneration:
    """The same model with what LoRA learned added to the weights that it stood beside."""
    for name, module in list(model.named_modules()):
        if isinstance(module, LoraLayer):
            module.merge()
            parent, _, own = name.rpartition(".")
            setattr(model.get_submodule(parent), own, module.get_base_layer())
    return model


def answer_logits(model: nn.Module, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """(B, K, V) what is said of the answers' tokens, and (B, K) which they are, IGNORED where none is."""
    longest = int(batch["length"].max())
    labels_BL = batch["labels"][:, :longest]
    first = int((labels_BL != IGNORED).int().argmax(1).min())  # of all answers in the batch
    ids_BL = batch["ids"][:, :longest]
    places_L = torch.arange(longest, device=ids_BL.device)
    mask_BL = places_L[None] < batch["length"][:, None]
    out = model(
        input_ids=ids_BL,
        pixel_values=batch["pixels"],
        attention_mask=mask_BL.long(),
        logits_to_keep=longest - first + 1,
        use_cache=False,
    )
    return out.logits[:, :-1], labels_BL[:, first:]


def token_sums(model: nn.Module, batch: Mapping[str, Tensor]) -> Tensor:
    """(B, 3) the loss summed over an answer's tokens, how many are the likeliest, how many there are."""
    logits_BKV, labels_BK = answer_logits(model, batch)
    loss_BK = F.cross_entropy(logits_BKV.transpose(1, 2).float(), labels_BK, ignore_index=IGNORED, reduction="none")
    is_answer = labels_BK != IGNORED
    is_right = (logits_BKV.argmax(2) == labels_BK) & is_answer
    return torch.stack([loss_BK.sum(1), is_right.sum(1).float(), is_answer.sum(1).float()], dim=1)
