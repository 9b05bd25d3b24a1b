"""Small studies of made-up pictures."""

import numpy as np

from egoprog.data.frame_pairs import FramePair, PairFolder, write_pairs
from egoprog.lego.generated import GeneratedFolder
from egoprog.study.questions import make_aligned_study, make_best_study

METHODS = ("lego", "labels", "sdedit")


def pair_folder(path, num=4):
    rng = np.random.default_rng(0)
    pairs = [
        FramePair(f"P901_01_{k}", "P901_01", "P901", k, k + 1.0, f"open drawer {k}",
                  f"The right hand opens drawer {k}.", "open", "drawer", "validation")
        for k in range(num)
    ]  # fmt: skip
    path.mkdir(parents=True)
    write_pairs(path / "pairs.jsonl", pairs)
    (path / "pairs.json").write_text("{}")
    for name in ("inputs", "targets"):
        np.save(path / f"{name}.npy", rng.integers(0, 256, (num, 16, 20, 3)).astype(np.uint8))
    return PairFolder(path)


def rows(folder, path):
    made = {}
    for number, name in enumerate(METHODS):
        made[name] = GeneratedFolder(path / name)
        for pair in folder.pairs():
            made[name].write(pair.pair_id, np.full((16, 20, 3), 60 * (number + 1), np.uint8))
    return made


def best_study(path, num=4):
    folder = pair_folder(path / "pairs", num)
    return make_best_study(path / "study", folder, rows(folder, path), folder.pairs())


def aligned_study(path, num=4):
    folder = pair_folder(path / "pairs", num)
    descriptions = {pair.pair_id: pair.description for pair in folder.pairs()}
    return make_aligned_study(path / "study", folder, descriptions, folder.pairs())
