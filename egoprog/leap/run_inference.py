"""Asks a trained run about a split of the data that it was trained on, or of others."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch.utils.data import DataLoader

from egoprog.errors import ConfigurationError
from egoprog.leap.augment import Plain
from egoprog.leap.dataset import ClipDataset
from egoprog.leap.encoded import EncodedClipDataset
from egoprog.leap.ensemble import average
from egoprog.leap.inference import predict
from egoprog.leap.initial_weights import Choice, load_network, weights_of
from egoprog.leap.network import LeapNetwork
from egoprog.leap.predictions import Predictions
from egoprog.leap.run_options import RunOptions
from egoprog.leap.task import LeapTask

log = logging.getLogger(__name__)
CROPS = {1: (1,), 3: (0, 1, 2)}
"""Of `augment.Plain`, by the number of spatial views."""


class TrainedTask(LeapTask):
    """The task of a run, judged by the classes of its network: data may have grown since, or be others.

    network: that of the run's weights. Raises as `LeapTask`, `RunOptions.read` and `load_network`.
    """

    def __init__(self, run: str | Path, data: str | Path | None = None, weights: Choice = "best") -> None:
        options = RunOptions.read(run)
        self.network: LeapNetwork = load_network(weights_of(run, weights))
        encoded, shards = (options.encoded, options.shards) if data is None else (None, None)  # of these data alone
        given = (options.programs, options.init, options.context, encoded, shards)
        super().__init__(options.made(), data or options.data, *given, self.network.config)

    def views(
        self, split: str, num_temporal: int = 1, num_spatial: int = 1
    ) -> Iterator[ClipDataset | EncodedClipDataset]:
        """A split as it is seen in use, without augmentation and chance, the training's too: once in every view.

        num_spatial: 1 for the middle of the pictures, 3 for both ends too. What is yielded holds until the next one.
        Raises ConfigurationError for views that there are not.
        """
        if num_temporal < 1 or num_spatial not in CROPS or (num_spatial > 1 and self.frames is not None):
            raise ConfigurationError(
                f"expected 1 or more temporal and 1 or 3 spatial views, of encoded frames 1, got {num_temporal} and "
                f"{num_spatial}"
            )
        dataset = self.dataset(split)
        dataset.is_jittered, dataset.num_views = False, num_temporal
        for view, crop in itertools.product(range(num_temporal), CROPS[num_spatial]):
            dataset.view = view
            if isinstance(dataset, ClipDataset):
                dataset.transform = Plain(self.config.backbone, crop)
            yield dataset


def predict_split(
    run: str | Path,
    split: str = "validation",
    data: str | Path | None = None,
    batch: int = 16,
    workers: int = 0,
    weights: Choice = "best",
    views: tuple[int, int] = (1, 1),
) -> Predictions:
    """What a run's network says of a split; which clips that holds, the run's recipe says (`held_out`).

    data: another dataset in EPIC's layout than the run's. views: how many in time and in space, whose probabilities
    are averaged. Clips that can't be read are left out, and logged at the end.
    """
    task = TrainedTask(run, data, weights)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    members = [
        predict(task.network, DataLoader(view, batch, num_workers=workers), task.config, task.context, device)
        for view in task.views(split, *views)
    ]
    for line in task.lines():
        log.warning("%s", line)
    return members[0] if len(members) == 1 else average(_in_all(members))


def _in_all(members: Sequence[Predictions]) -> list[Predictions]:
    """The clips that could be read in every view."""
    common = set.intersection(*(set(one.narration_ids) for one in members))
    return [one.keep([k for k, name in enumerate(one.narration_ids) if name in common]) for one in members]
