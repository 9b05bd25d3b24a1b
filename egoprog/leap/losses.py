"""L_AP = L_T + L_PC + L_CE (LEAP section 3.2).

Shapes: B clips, K steps that the network says, J steps of the true program (padded to K), V verbs, O object classes.

The containment loss. The paper says that sub-actions "are penalized when not present within the ground-truth sequence"
and gives no formula. Ours: let m(z, j) in (0, 1] say how well said step z fits true step j,

    m(z, j) = p_z(v_j) · exp(-KL(w_j || q_z)),

with p_z over verbs, q_z over objects, and w_j the soft object label: 2/3 on the acting object, 1/3 on the recipient,
so that one head says both and which is which; 1 on the only one, or on "none". Then

    L_T = 1/K Σ_z -log min(1, Σ_j m(z, j))   +   1/J Σ_j -log(1 - Π_z (1 - m(z, j))),

with j over the different steps of the program. The first sum is containment: whatever is said has to be somewhere in
the program, in any order; a step that goes over from one true sub-action to another pays little on its way, so that
which step says what can settle late. By itself it is best when all K steps repeat the surest sub-action; so the second
asks that every step of the program is said by some z. A program that is shorter than K also contains ∅, so that there
is something true to say in the steps that are left. Verb and objects are judged together: "grasp knife, open fridge"
does not contain "open knife".
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from egoprog.leap.config import ACTING_SHARE, NO_OBJECT_CLASS, NOTHING_CLASS, LeapConfig

_LEAST = 1e-6


class LeapLoss(nn.Module):
    """Weighs the parts. weights: of "program" (L_T), "precondition" (L_PC) and "action" (L_CE); 1 each in the paper.

    smoothing: of the labels of verb, noun and action.
    """

    def __init__(
        self,
        config: LeapConfig,
        weights: Mapping[str, float] | None = None,
        smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        self.config = config
        self.weights = {"program": 1.0, "precondition": 1.0, "action": 1.0} | dict(weights or {})
        self.smoothing = smoothing

    def forward(self, output: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Scalars: "loss", the weighted sum, and its parts. See `network.LeapNetwork` for output and batch."""
        parts = {}
        if self.weights["action"]:
            parts["action"] = sum(
                cross_entropy(output[f"{kind}s"], batch[kind], self.smoothing) for kind in ("verb", "noun", "action")
            )
        if self.config.has_program:
            judge = ordered_loss if self.config.is_ordered else containment_loss
            has_program_B = batch["has_program"]
            parts["program"] = judge(
                output["sub_verbs"], output["objects"], batch["sub_verbs"], batch["sub_objects"], has_program_B
            )
            parts["precondition"] = precondition_loss(output["precondition"], batch["precondition"], has_program_B)
        total = sum(self.weights[name] * part for name, part in parts.items())
        return {"loss": total} | parts


def cross_entropy(logits_BR: Tensor, classes_B: Tensor, smoothing: float = 0.0) -> Tensor:
    """The mean over clips whose class is known (not -1); 0 where there are none."""
    known = classes_B >= 0
    losses = F.cross_entropy(logits_BR, classes_B.clamp(min=0), reduction="none", label_smoothing=smoothing)
    return _mean(losses, known)


def precondition_loss(said_BE: Tensor, true_BE: Tensor, has_program_B: Tensor) -> Tensor:
    """L_PC: the L1 norm of what the embedding lacks."""
    return _mean((said_BE - true_BE).abs().sum(dim=1), has_program_B)


def containment_loss(
    verbs_BKV: Tensor, objects_BKO: Tensor, true_verbs_BJ: Tensor, true_objects_BJ2: Tensor, has_program_B: Tensor
) -> Tensor:
    """L_T without regard to order; see the module's docstring. objects: (B, K, 2, O) with two object heads."""
    true_verbs_BJ, true_objects_BJ2, is_true_BJ = _with_nothing(true_verbs_BJ, true_objects_BJ2)
    log_match_BKJ = _log_match(verbs_BKV, objects_BKO, true_verbs_BJ, true_objects_BJ2)
    log_match_BKJ = log_match_BKJ.masked_fill(~is_true_BJ[:, None], float("-inf"))
    contained_B = -log_match_BKJ.logsumexp(dim=2).clamp(max=0).mean(dim=1)
    # log Π (1 - m), with m away from 1 so that its gradient stays finite
    missed_BJ = torch.log1p(-log_match_BKJ.exp().clamp(max=1 - _LEAST)).sum(dim=1)
    covered_BJ = -torch.log(-torch.expm1(missed_BJ.clamp(max=-_LEAST)))
    covered_B = (covered_BJ * is_true_BJ).sum(dim=1) / is_true_BJ.sum(dim=1)
    return _mean(contained_B + covered_B, has_program_B)


def ordered_loss(
    verbs_BKV: Tensor, objects_BKO: Tensor, true_verbs_BJ: Tensor, true_objects_BJ2: Tensor, has_program_B: Tensor
) -> Tensor:
    """L_T step by step, the paper's stricter variant: step k has to say the k-th sub-action, ∅ after the last."""
    is_padding_BJ = true_verbs_BJ < 0
    true_verbs_BJ = true_verbs_BJ.masked_fill(is_padding_BJ, NOTHING_CLASS)
    true_objects_BJ2 = true_objects_BJ2.masked_fill(is_padding_BJ[..., None], NO_OBJECT_CLASS)
    log_match_BKJ = _log_match(verbs_BKV, objects_BKO, true_verbs_BJ, true_objects_BJ2)
    return _mean(-log_match_BKJ.diagonal(dim1=1, dim2=2).mean(dim=1), has_program_B)


def _with_nothing(true_verbs_BJ: Tensor, true_objects_BJ2: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Puts one ∅ behind programs that leave room for it; the third says which steps are there, each once."""
    is_true_BJ = true_verbs_BJ >= 0
    order = torch.arange(true_verbs_BJ.shape[1], device=true_verbs_BJ.device)
    is_first_free_BJ = order == is_true_BJ.sum(dim=1, keepdim=True)
    true_verbs_BJ = true_verbs_BJ.masked_fill(~is_true_BJ, NOTHING_CLASS)
    true_objects_BJ2 = true_objects_BJ2.masked_fill(~is_true_BJ[..., None], NO_OBJECT_CLASS)
    steps_BJ3 = torch.cat([true_verbs_BJ[..., None], true_objects_BJ2], dim=2)
    is_same_BJJ = (steps_BJ3[:, :, None] == steps_BJ3[:, None]).all(dim=3)
    is_repeat_BJ = is_same_BJJ.tril(diagonal=-1).any(dim=2)
    return true_verbs_BJ, true_objects_BJ2, (is_true_BJ & ~is_repeat_BJ) | is_first_free_BJ


def _log_match(verbs_BKV: Tensor, objects_BKO: Tensor, true_verbs_BJ: Tensor, true_objects_BJ2: Tensor) -> Tensor:
    """log m: (B, K, J)."""
    num_steps, num_true = verbs_BKV.shape[1], true_verbs_BJ.shape[1]

    def at(logits_BKR: Tensor, classes_BJ: Tensor) -> Tensor:
        """Log-probabilities of the classes: (B, K, J)."""
        index_BKJ = classes_BJ[:, None].expand(-1, num_steps, num_true)
        return F.log_softmax(logits_BKR.float(), dim=-1).gather(2, index_BKJ)

    acting_BJ, recipient_BJ = true_objects_BJ2.unbind(dim=2)
    if objects_BKO.ndim == 4:
        fit_BKJ = at(objects_BKO[:, :, 0], acting_BJ) + at(objects_BKO[:, :, 1], recipient_BJ)
    else:
        # a step without objects is "none" with all its weight, and so is "none" as an object without a recipient
        share_BJ = torch.where(recipient_BJ == NO_OBJECT_CLASS, 1.0, ACTING_SHARE)[:, None]
        rest_BJ = 1 - share_BJ
        entropy_BJ = -(torch.special.xlogy(share_BJ, share_BJ) + torch.special.xlogy(rest_BJ, rest_BJ))
        fit_BKJ = share_BJ * at(objects_BKO, acting_BJ) + rest_BJ * at(objects_BKO, recipient_BJ) + entropy_BJ
    return at(verbs_BKV, true_verbs_BJ) + fit_BKJ


def _mean(values_B: Tensor, is_counted_B: Tensor) -> Tensor:
    """Over those that count; 0, with a gradient, where none does."""
    return (values_B * is_counted_B).sum() / is_counted_B.sum().clamp(min=1)
