"""Measures of generated pictures against true ones that need no network: PSNR, Fréchet distance, cosines.

Shapes: N pictures, H/W pixels, D width of features.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from egoprog.errors import InputError

Pictures = NDArray[np.uint8]
Features = NDArray[np.floating]

MAX_PSNR_DB = 100.0
"""Of equal pictures, whose PSNR is infinite and would make every mean so."""


def check_alike(generated: Pictures, true: Pictures) -> None:
    """Raises InputError unless both are (N, H, W, 3) uint8 of one shape, with at least one picture."""
    for pictures in (generated, true):
        if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[3] != 3 or not pictures.size:
            raise InputError(f"expected pictures (N, H, W, 3) uint8, got {pictures.shape} {pictures.dtype}")
    if generated.shape != true.shape:
        raise InputError(f"expected as many pictures of one size, got {generated.shape} and {true.shape}")


def psnr(generated: Pictures, true: Pictures) -> NDArray[np.float64]:
    """(N,) dB of every picture; values from 0 to 1, so the peak is 1. Higher is better."""
    check_alike(generated, true)
    errors = np.array([np.mean((a.astype(np.float64) - b) ** 2) / 255**2 for a, b in zip(generated, true, strict=True)])
    with np.errstate(divide="ignore"):
        return np.minimum(-10 * np.log10(errors), MAX_PSNR_DB)


def cosines(one: Features, other: Features) -> NDArray[np.float64]:
    """(N,) of features (N, D) row by row; 0 where a row has no length."""
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if one.shape != other.shape or one.ndim != 2:
        raise InputError(f"expected two arrays (N, D) of one shape, got {one.shape} and {other.shape}")
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return (one * other).sum(1) / np.maximum(lengths, 1e-8)


def frechet_distance(one: Features, other: Features, weights: NDArray[np.float64] | None = None) -> float:
    """Squared Fréchet distance of two normal distributions that features (N, D) are taken to come from.

    |m - m'|² + tr(C + C' - 2 (C C')^½), covariances with N - 1 as published scores have them. weights: (N,) how often
    each row counts in both, for bootstrap draws. NaN where fewer than two rows count. Raises InputError.
    Source: Heusel et al. 2017. Below a few thousand pictures it is biased upwards: compare rows of one size only.
    """
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if one.ndim != 2 or other.ndim != 2 or one.shape[1] != other.shape[1]:
        raise InputError(f"expected features (N, D) of one width, got {one.shape} and {other.shape}")
    first, second = _spread(one, weights), _spread(other, weights)
    if first is None or second is None:
        return float("nan")
    (mean, rows), (other_mean, other_rows) = first, second
    # With C = A^T A and C' = B^T B the trace of (C C')^½ is the sum of the singular values of A B^T: the smaller of
    # the numbers of pictures and the width decides what it costs, and nothing has to be inverted.
    if min(len(rows), len(other_rows)) <= rows.shape[1]:
        shared = linalg.svdvals(rows @ other_rows.T).sum()
    else:
        root = _root(rows.T @ rows)
        values = linalg.eigvalsh(root @ (other_rows.T @ other_rows) @ root)
        shared = np.sqrt(np.clip(values, 0, None)).sum()
    distance = ((mean - other_mean) ** 2).sum() + (rows**2).sum() + (other_rows**2).sum() - 2 * shared
    return float(max(distance, 0.0))


def _spread(
    features: NDArray[np.float64], weights: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """The mean (D,) and centred rows A with C = A^T A; None for fewer than two."""
    if weights is not None:
        features, weights = features[weights > 0], weights[weights > 0]
    counts = np.ones(len(features)) if weights is None else weights
    total = counts.sum()
    if total < 2:
        return None
    mean = counts @ features / total
    return mean, (features - mean) * np.sqrt(counts / (total - 1))[:, None]


def _root(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = linalg.eigh(covariance)
    return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T


def size_note(num_pictures: int, width: int) -> str:
    """A note for tables where a Fréchet distance rests on few pictures, "" where it does not."""
    if num_pictures > width:
        return ""
    return f"{num_pictures} pictures are fewer than the {width} features: covariances are of low rank"
