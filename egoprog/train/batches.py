"""Samples become batches: with seeded randomness, and for measures shared out among processes."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object, send_to_device
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from egoprog.train.order import Place

_STOPS = (signal.SIGINT, signal.SIGTERM)


class SeededSamples(Dataset):
    """A dataset whose samples draw the same random numbers whenever and wherever they are read."""

    def __init__(self, dataset: Dataset, seed: int) -> None:
        self.dataset, self.seed = dataset, seed

    def __getitem__(self, place: Place) -> dict[str, Any]:
        seed = int(np.random.SeedSequence((self.seed, place.epoch, place.index)).generate_state(1)[0])
        kept_python, kept_numpy = random.getstate(), np.random.get_state()
        with torch.random.fork_rng(devices=()):
            random.seed(seed)
            np.random.seed(seed)
            torch.random.default_generator.manual_seed(seed)
            try:
                return {"index": place.index, **self.dataset[place.index]}
            finally:
                random.setstate(kept_python)
                np.random.set_state(kept_numpy)


class SteadyLoader(DataLoader):
    """What stops a trainer may reach all of its group (Ctrl-C does): readers go on until it has made its checkpoint."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, worker_init_fn=_ignore_stops, **options)

    def __iter__(self) -> Iterator[Any]:
        # a reader begins with these signals held back, and ignores them before it lets them come
        kept = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        try:
            return super().__iter__()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, kept)


def _ignore_stops(_worker: int) -> None:
    for one in _STOPS:
        signal.signal(one, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)


class Batches:
    """One process's part of a split, in order, on its device.

    Parts are of one length, as sharded networks must be called equally often everywhere: the last samples may come
    twice, and `gather` leaves the second ones out.
    """

    def __init__(self, dataset: Dataset, batch: int, workers: int, seed: int, accelerator: Accelerator) -> None:
        self.accelerator = accelerator
        self.num_samples = len(dataset)
        rank, num = accelerator.process_index, accelerator.num_processes
        rounds = -(-self.num_samples // num)
        places = [Place(min(number * num + rank, self.num_samples - 1), 0) for number in range(rounds)]
        parts = [places[start : start + batch] for start in range(0, rounds, batch)]
        self._loader = SteadyLoader(SeededSamples(dataset, seed), batch_sampler=parts, num_workers=workers)

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        for batch in self._loader:
            yield send_to_device(batch, self.accelerator.device)

    def gather(self, rows: Tensor) -> Tensor:
        """Rows of all processes in the order of the split, on the CPU. rows: (N_own, ...), what this one made."""
        parts = [torch.as_tensor(part) for part in gather_object([rows.detach().cpu()])]
        return torch.stack(parts, 1).flatten(0, 1)[: self.num_samples]
