"""All measures of generated pictures: by pair, by row of a table, and between two rows.

Figures are means over pairs but for FID, which is one of all pairs together. Intervals hold 95% of bootstrap draws of
pairs, or of whole videos or participants; a difference of two rows draws the same pairs for both. Draws repeat
pictures, which lifts every Fréchet distance; FID's intervals are therefore moved back to where their mean is the
figure itself.

Shapes: N pairs, H/W pixels, D width of features.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from egoprog.data.atomic import atomic
from egoprog.leap.bootstrap import LEVEL, NUM_DRAWS, Interval
from egoprog.lego.action_in_picture import Asked, ChangeJudge, HandJudge, judge
from egoprog.lego.features import Features, Networks, Origin, Pictures, in_batches
from egoprog.lego.image_metrics import check_alike, cosines, frechet_distance, psnr

Values = NDArray[np.floating]
NUM_BINS = 4
"""Of transition times, as many pairs in each; LEGO's figure 7."""
FID_DRAWS, FID_DRAWS_OF_WIDE = 100, 40
WIDE = 512
"""Features from which a Fréchet distance takes a second and not milliseconds."""


@dataclass(frozen=True)
class Column:
    """One measure. title: in tables. decimals: there. is_lower_better: of distances."""

    key: str
    title: str
    decimals: int = 3
    is_lower_better: bool = False


COLUMNS = (
    Column("clip", "CLIP"),
    Column("egovlp", "EgoVLP"),
    Column("egovlp_plus", "EgoVLP+"),
    Column("fid", "FID", 2, is_lower_better=True),
    Column("psnr", "PSNR"),
    Column("lpips", "LPIPS", is_lower_better=True),
    Column("blip_base", "BLIP-B"),
    Column("blip_large", "BLIP-L"),
    Column("object", "Thing in a hand"),
    Column("hand", "Thing in the hand asked for"),
    Column("change", "Change asked for"),
    Column("action", "Action in the picture"),
    Column("hand_score", "Hand's probability"),
    Column("change_score", "Change's probability"),
)
BY_KEY = {column.key: column for column in COLUMNS}
OF_JUDGES = ("object", "hand", "change", "action", "hand_score", "change_score")


@dataclass(frozen=True)
class Truth:
    """The pairs that are measured. inputs, targets: (N, H, W, 3) uint8. sentences: what captions are compared with."""

    pair_ids: tuple[str, ...]
    inputs: Pictures
    targets: Pictures
    sentences: tuple[str, ...]
    asked: tuple[Asked, ...] = ()


@dataclass(frozen=True)
class Row:
    """What one method's pictures give. values: (N,) by column. fid: features (N, D) of its pictures and true ones."""

    values: Mapping[str, Values]
    fid: tuple[Features, Features] | None = None

    def statistic(self, key: str) -> Callable[[NDArray[np.float64]], float] | None:
        """A column's figure, given how often each pair counts; None where it was not measured."""
        if key == "fid":
            return None if self.fid is None else lambda weights: frechet_distance(*self.fid, weights)
        return None if key not in self.values else _mean_of(self.values[key])


class Measurer:
    """Measures rows of pictures against the truth; what networks give is kept in `store` and not made twice.

    hands, change: judges of whether the action is in the picture; None leaves those columns out. progress: shows how
    far a network is, see `in_batches`.
    """

    def __init__(
        self,
        truth: Truth,
        networks: Networks,
        store: Path,
        hands: HandJudge | None = None,
        change: ChangeJudge | None = None,
        progress: Callable[[range], Sequence[int]] = lambda starts: starts,
    ) -> None:
        self.truth, self.networks, self.store = truth, networks, store
        self.hands, self.change, self.progress = hands, change, progress

    def origins(self) -> dict[str, Origin]:
        """Where the network behind each column is from; PSNR needs none."""
        found = {key: getattr(self.networks, key) for key in ("fid", "lpips", "clip", "blip_base", "blip_large")}
        found |= dict.fromkeys(("egovlp", "egovlp_plus"), self.networks.egovlp)
        origins = {key: network.origin for key, network in found.items() if network is not None}
        if self.hands is not None and self.change is not None:
            both = Origin(f"{self.hands.origin.name}; {self.change.origin.name}")
            origins |= dict.fromkeys(("object", "hand", "hand_score"), self.hands.origin)
            origins |= dict.fromkeys(("change", "change_score"), self.change.origin) | {"action": both}
        return origins

    def row(self, generated: Pictures) -> Row:
        """generated: (N, H, W, 3) uint8, of the truth's pairs in their order. Raises InputError."""
        truth, networks = self.truth, self.networks
        check_alike(generated, truth.targets)
        values: dict[str, Values] = {"psnr": psnr(generated, truth.targets)}
        fid = None
        if networks.fid is not None:
            fid = (self._features(networks.fid, generated), self._features(networks.fid, truth.targets))
        if networks.clip is not None:
            values["clip"] = cosines(*(self._features(networks.clip, each) for each in (generated, truth.targets)))
        if networks.egovlp is not None:
            for key, firsts in (("egovlp", None), ("egovlp_plus", truth.inputs)):
                pairs = [(each if firsts is None else firsts, each) for each in (generated, truth.targets)]
                values[key] = cosines(*(self._features(networks.egovlp, *pair) for pair in pairs))
        if networks.lpips is not None:
            values["lpips"] = self._features(networks.lpips, generated, truth.targets)
        for key in ("blip_base", "blip_large"):
            captions = getattr(networks, key)
            if captions is not None:
                values[key] = self._features(captions, generated, truth.sentences)
        if self.hands is not None and self.change is not None:
            answers = judge(truth.asked, self.hands(generated), self.change(truth.inputs, generated))
            values |= {key: answers.columns()[key] for key in OF_JUDGES}
        return Row(values, fid)

    def _features(self, network: Callable[..., Features], *inputs: Sequence) -> Features:
        """Of all pairs, out of the store where the same network has seen the same things."""
        mark = hashlib.sha256(f"{network.origin.name}\n{network.origin.fingerprint}".encode())
        for each in inputs:
            mark.update(np.ascontiguousarray(each).tobytes() if isinstance(each, np.ndarray) else repr(each).encode())
        path = self.store / f"{mark.hexdigest()[:32]}.npy"
        if path.is_file():
            return np.load(path)
        features = in_batches(network, *inputs, progress=self.progress)
        with atomic(path) as temporary, temporary.open("wb") as file:
            np.save(file, features)
        return features


@dataclass(frozen=True)
class Draws:
    """A figure of all pairs, and of each draw of them."""

    value: float
    drawn: NDArray[np.float64]


class Resampling:
    """Bootstrap draws of the pairs, the same for every column of every row, so that differences are paired.

    groups: a name for each pair; pairs of one name are drawn together. Draws of a row are made once and kept.
    """

    def __init__(self, groups: Sequence[str], num_draws: int = NUM_DRAWS, seed: int = 0) -> None:
        _, group_of = np.unique(np.asarray(groups), return_inverse=True)
        num = int(group_of.max()) + 1
        counts = np.random.default_rng(seed).multinomial(num, np.full(num, 1 / num), size=num_draws)
        self.weights = counts[:, group_of].astype(np.float64)
        self._kept: dict[tuple[int, str], tuple[Row, Draws]] = {}

    def figure(self, row: Row, key: str) -> Interval | None:
        """A column of a row with its interval; None where it was not measured."""
        draws = self._draws(row, key)
        return None if draws is None else _interval(draws, key)

    def difference(self, row: Row, other: Row, key: str) -> Interval | None:
        """row's figure minus the other's with the paired interval; None where one was not measured."""
        one, two = self._draws(row, key), self._draws(other, key)
        if one is None or two is None:
            return None
        return _interval(Draws(one.value - two.value, one.drawn - two.drawn), key)

    def _draws(self, row: Row, key: str) -> Draws | None:
        statistic = row.statistic(key)
        if statistic is None:
            return None
        place = (id(row), key)
        if place not in self._kept:
            weights = self.weights
            if key == "fid":
                weights = weights[: FID_DRAWS_OF_WIDE if row.fid[0].shape[1] > WIDE else FID_DRAWS]
            value = statistic(np.ones(weights.shape[1]))
            self._kept[place] = row, Draws(value, np.array([statistic(each) for each in weights]))
        return self._kept[place][1]  # the row is kept beside them, so that its id stays its own


def transition_bins(times_s: Sequence[float], num_bins: int = NUM_BINS) -> tuple[NDArray[np.intp], list[float]]:
    """The bin (N,) of every pair by the time from input to target, and the bins' edges in seconds.

    Bins hold as many pairs each as times that are equal allow.
    """
    times = np.asarray(times_s, np.float64)
    edges = np.quantile(times, np.linspace(0, 1, num_bins + 1))
    return np.clip(np.searchsorted(edges, times, side="right") - 1, 0, num_bins - 1), edges.tolist()


def only(row: Row, chosen: NDArray[np.bool_]) -> Row:
    """Some of a row's pairs."""
    values = {key: each[chosen] for key, each in row.values.items()}
    return Row(values, None if row.fid is None else (row.fid[0][chosen], row.fid[1][chosen]))


def _interval(draws: Draws, key: str) -> Interval:
    drawn = draws.drawn[np.isfinite(draws.drawn)]
    if not len(drawn):
        return Interval(draws.value, float("nan"), float("nan"))
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    shift = draws.value - drawn.mean() if key == "fid" else 0.0
    return Interval(draws.value, float(low + shift), float(high + shift))


def _mean_of(values: Values) -> Callable[[NDArray[np.float64]], float]:
    """Of the pairs that have a value; NaN where none of them counts."""
    known = np.isfinite(values).astype(np.float64)
    filled = np.nan_to_num(values.astype(np.float64))

    def mean(weights: NDArray[np.float64]) -> float:
        total = known @ weights
        return float(filled @ weights / total) if total else float("nan")

    return mean
