"""Latents of a folder of pairs, encoded once: a small training then spends its time in the UNet.

FOLDER/
    latents.npy    (P, 2, 2, c, h, w) float16: pair; as it is or mirrored; input or target. Unscaled means. Where
                   nothing is mirrored in training the second axis has one place
    latents.json   which autoencoder, which size, how many pairs are done

Shapes: P pairs, c latent channels, h/w latent, H/W pixels.
"""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from tqdm import tqdm

from egoprog.data.atomic import atomic
from egoprog.data.fitting import fit_frame
from egoprog.data.frame_pairs import PairFolder
from egoprog.errors import RecordingError
from egoprog.train.precision import cpu_multiplies_bf16

log = logging.getLogger(__name__)
_CHUNK = 16


class LatentFolder:
    """Read; see `encode_pairs` for how it is made. Raises RecordingError where it is not whole."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self._latents = np.load(self.path / "latents.npy", mmap_mode="r")
        except (OSError, ValueError) as error:
            raise RecordingError(f"expected latents in {self.path}, got {error}; delete it and start again") from None
        if _state(self.path).get("done") != len(self._latents):
            raise RecordingError(f"expected all latents in {self.path}, got a part; start the same training again")

    def pair(self, row: int, is_mirrored: bool) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Input and target, (c, h, w) each. Raises RecordingError for a mirrored pair where there are none."""
        if is_mirrored and self._latents.shape[1] < 2:
            raise RecordingError(f"expected latents of mirrored pictures in {self.path}, got none; train with flip=0")
        frame, target = np.asarray(self._latents[row, int(is_mirrored)], np.float32)
        return frame, target


@torch.no_grad()
def encode_pairs(
    folder: PairFolder,
    autoencoder: AutoencoderKL,
    size_px: tuple[int, int],
    path: str | Path | None = None,
    mirrors: bool = True,
) -> LatentFolder:
    """Encodes what is not yet done; goes on where it was stopped.

    path: PAIRS/latents/FINGERPRINT unless told. mirrors: the mirrored pictures too. Means stand for the posteriors,
    whose spread is far below the noise. A CPU that can computes in bf16: its errors are below that spread, and it takes
    a quarter of the time.
    """
    name = fingerprint(autoencoder)[:12] + f"-{size_px[0]}x{size_px[1]}" + "-plain" * (not mirrors)
    path = Path(path) if path is not None else folder.path / "latents" / name
    channels, factor = autoencoder.config.latent_channels, 2 ** (len(autoencoder.config.block_out_channels) - 1)
    shape = (len(folder), 1 + mirrors, 2, channels, size_px[0] // factor, size_px[1] // factor)
    about = {"autoencoder": fingerprint(autoencoder), "shape": list(shape)}
    state = _state(path)
    done = state.get("done", 0) if {key: state.get(key) for key in about} == about else 0
    path.mkdir(parents=True, exist_ok=True)
    file = path / "latents.npy"
    if not done or not file.is_file():
        done = 0
        latents = np.lib.format.open_memmap(file, mode="w+", dtype=np.float16, shape=shape)
    else:
        latents = np.load(file, mmap_mode="r+")
    device = next(autoencoder.parameters()).device
    autoencoder.to(memory_format=torch.channels_last)
    is_mixed = device.type == "cpu" and cpu_multiplies_bf16()
    for start in tqdm(range(done, len(folder), _CHUNK), desc="encoding pairs", unit="chunk", disable=None):
        stop = min(start + _CHUNK, len(folder))
        for which, pictures in enumerate((folder.inputs, folder.targets)):
            fitted = np.stack(
                [fit_frame(np.asarray(pictures[row]), size_px, folder.fits) for row in range(start, stop)]
            )
            for is_mirrored, seen in enumerate((fitted, fitted[:, :, ::-1])[: 1 + mirrors]):
                pixels = torch.from_numpy(np.ascontiguousarray(seen)).permute(0, 3, 1, 2).to(device) / 127.5 - 1.0
                with torch.autocast(device.type, torch.bfloat16, enabled=is_mixed):
                    modes = autoencoder.encode(pixels).latent_dist.mode()
                latents[start:stop, is_mirrored, which] = modes.float().cpu().numpy()
        latents.flush()
        with atomic(path / "latents.json") as temporary:
            temporary.write_text(json.dumps({**about, "done": stop}, indent=1) + "\n", encoding="utf-8")
    return LatentFolder(path)


def fingerprint(autoencoder: AutoencoderKL) -> str:
    """Of its weights: latents of another autoencoder are never taken for its own."""
    digest = hashlib.sha256()
    for name, tensor in sorted(autoencoder.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().float().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _state(path: Path) -> dict:
    try:
        return json.loads((path / "latents.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
