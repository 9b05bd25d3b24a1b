"""A folder of described frame pairs whose pictures show, in colours, what is done with which hand."""

from pathlib import Path

import numpy as np

from egoprog.data.frame_pairs import FramePair, PairFolder, write_pairs

VERBS, NOUNS, HANDS = ("open", "take"), ("drawer", "cup"), ("left", "right")


def described_folder(root: Path, num_train: int = 12, num_validation: int = 6, height: int = 48) -> PairFolder:
    """The picture's left half is red or its right half blue, as is the hand that the description alone names."""
    rng = np.random.default_rng(0)
    pairs, pictures = [], []
    for number in range(num_train + num_validation):
        hand, verb, noun = HANDS[number % 2], VERBS[number // 2 % 2], NOUNS[number // 4 % 2]
        is_training = number < num_train
        pairs.append(
            FramePair(
                f"P01_01_{number}",
                "P01_01",
                "P01" if is_training else "P02",
                number,
                number + 1.0,
                f"{verb} {noun}",
                f"The person {verb}s the {noun} with the {hand} hand.",
                verb,
                noun,
                "train" if is_training else "validation",
                is_unseen=not is_training,
            )
        )
        picture = rng.integers(0, 60, (height, height * 5 // 4, 3), np.uint8)
        half = picture.shape[1] // 2
        if hand == "left":
            picture[:, :half, 0] += np.uint8(180)
        else:
            picture[:, half:, 2] += np.uint8(180)
        pictures.append(picture)
    root.mkdir(parents=True)
    (root / "pairs.json").write_text("{}", encoding="utf-8")
    write_pairs(root / "pairs.jsonl", pairs)
    np.save(root / "inputs.npy", np.stack(pictures))
    np.save(root / "targets.npy", np.stack(pictures)[:, ::-1])
    return PairFolder(root)
