"""Which samples a step shows: a pure function of the seed and the step, so that resuming needs no state."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler


class Place(NamedTuple):
    """A sample, and how often it was shown before: what its random numbers are seeded with."""

    index: int
    epoch: int


class StepOrder(Sampler[list[Place]]):
    """The micro-batches of one process, from one step to another.

    Epoch after epoch the samples come in a new order, as one long row; step s shows the part s * batch ... of it. So no
    sample is dropped at an epoch's end, and several processes together show what one alone would.
    """

    def __init__(
        self,
        num_samples: int,
        seed: int,
        steps: range,
        batch: int,
        rank: int = 0,
        num_processes: int = 1,
        micro_batch: int | None = None,
    ) -> None:
        self.num_samples, self.seed, self.steps, self.batch = num_samples, seed, steps, batch
        self.own = batch // num_processes
        self.offset = rank * self.own
        self.cuts = list(range(0, self.own, micro_batch or self.own))

    def __len__(self) -> int:
        return len(self.steps) * len(self.cuts)

    def __iter__(self) -> Iterator[list[Place]]:
        order_of = functools.lru_cache(maxsize=2)(self._order)
        for step in self.steps:
            first = step * self.batch + self.offset
            places = []
            for number in range(first, first + self.own):
                epoch, place = divmod(number, self.num_samples)
                places.append(Place(int(order_of(epoch)[place]), epoch))
            for cut, following in zip(self.cuts, [*self.cuts[1:], self.own], strict=True):
                yield places[cut:following]

    def _order(self, epoch: int) -> NDArray[np.int64]:
        return np.random.default_rng((self.seed, epoch)).permutation(self.num_samples)
