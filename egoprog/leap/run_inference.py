"""Asks a trained run about a split of the data that it was trained on, or of others."""

from __future__ import annotations

import logging
from pathlib import Path

import torch
from torch.utils.data import DataLoader

from egoprog.leap.augment import Plain
from egoprog.leap.dataset import ClipDataset
from egoprog.leap.inference import predict
from egoprog.leap.initial_weights import Choice, load_network, weights_of
from egoprog.leap.network import LeapNetwork
from egoprog.leap.predictions import Predictions
from egoprog.leap.run_options import RunOptions
from egoprog.leap.task import LeapTask

log = logging.getLogger(__name__)


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

    def plain_dataset(self, split: str) -> torch.utils.data.Dataset:
        """As it is seen in use, without augmentation and chance: of the training split too."""
        dataset = self.dataset(split)
        dataset.is_jittered = False
        if isinstance(dataset, ClipDataset):
            dataset.transform = Plain(self.config.backbone)
        return dataset


def predict_split(
    run: str | Path,
    split: str = "validation",
    data: str | Path | None = None,
    batch: int = 16,
    workers: int = 0,
    weights: Choice = "best",
) -> Predictions:
    """What a run's network says of a split; which clips that holds, the run's recipe says (`held_out`).

    data: another dataset in EPIC's layout than the run's. Clips that can't be read are left out, and logged at the end.
    """
    task = TrainedTask(run, data, weights)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    loader = DataLoader(task.plain_dataset(split), batch, num_workers=workers)
    found = predict(task.network, loader, task.config, task.context, device)
    for line in task.lines():
        log.warning("%s", line)
    return found
