"""Trained runs, asked about their data."""

import dataclasses
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
cv2 = pytest.importorskip("cv2")

from accelerate import Accelerator  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from egoprog.data import Action, ProgramClip, VideoInfo, write_actions, write_programs, write_video_info  # noqa: E402
from egoprog.errors import ModelError, RecordingError  # noqa: E402
from egoprog.leap.config import SENTENCE_WIDTH, to_json  # noqa: E402
from egoprog.leap.dataset import ClipDataset  # noqa: E402
from egoprog.leap.network import LeapNetwork  # noqa: E402
from egoprog.leap.predictions import load_predictions  # noqa: E402
from egoprog.leap.program_metrics import measure_programs  # noqa: E402
from egoprog.leap.run_inference import TrainedTask, predict_split  # noqa: E402
from egoprog.leap.run_options import RUN_NAME, RunOptions  # noqa: E402
from egoprog.leap.task import LeapTask  # noqa: E402
from egoprog.program import parse  # noqa: E402
from egoprog.train.batches import Batches  # noqa: E402
from egoprog.train.checkpoint import read_metadata, read_weights  # noqa: E402
from egoprog.world import WorldState  # noqa: E402
from training.evaluate import main  # noqa: E402

RATE_HZ = 10.0
PROGRAM = "def take_cup(start_t=0.1, stop_t=0.4):\n    if near shelf:\n        grasp(cup)\n"


def make_dataset(root, verbs=(0, 3)):
    """A video each of P901, for training, and P902, with two actions."""
    for split, participant in (("train", "P901"), ("validation", "P902")):
        video_id = f"{participant}_01"
        path = root / participant / "videos" / f"{video_id}.mp4"
        path.parent.mkdir(parents=True)
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), RATE_HZ, (64, 48))
        rng = np.random.default_rng(len(split))
        for _ in range(30):
            writer.write(rng.integers(0, 255, (48, 64, 3), np.uint8))
        writer.release()
        rows, clips = [], []
        for k, verb in enumerate(verbs):
            name, start_s, stop_s = f"{video_id}_{k}", 0.5 + k, 1.3 + k
            rows.append(
                Action(name, participant, video_id, start_s, start_s, stop_s, 5, 13, "take cup", "take", verb, "cup",
                       13, ("cup",), (13,))
            )  # fmt: skip
            state = WorldState.initial()
            clips.append(ProgramClip(name, video_id, start_s, stop_s, "take cup", parse(PROGRAM), state, state))
        write_actions(root / "annotations" / f"EPIC_100_{split}.csv", rows)
        write_programs(root / "programs" / f"{split}.jsonl", clips)
    infos = [VideoInfo(f"{name}_01", 3.0, RATE_HZ, 64, 48) for name in ("P901", "P902")]
    write_video_info(root / "annotations" / "EPIC_100_video_info.csv", infos)
    return root


class NoEncoder:
    """Stands in for the sentence encoder, which takes long to load and has no part in this."""

    def __call__(self, sentences):
        return np.zeros((len(sentences), SENTENCE_WIDTH), np.float32)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """What a training leaves, without the training."""
    monkeypatch.setattr("egoprog.leap.task.SentenceEncoder", NoEncoder)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    options = RunOptions("leap_debug", (), make_dataset(tmp_path / "data"))
    config = LeapTask(options.made(), options.data).config
    run = tmp_path / "run"
    run.mkdir()
    (run / RUN_NAME).write_text(options.to_json())
    weights = {name: tensor.contiguous() for name, tensor in LeapNetwork(config).state_dict().items()}
    save_file(weights, run / "best.safetensors", {"config": to_json(config)})
    return run


def test_a_run_is_asked_about_its_validation_split(run):
    found = predict_split(run)
    assert found.narration_ids == ("P902_01_0", "P902_01_1")
    assert found.true_verbs.tolist() == [0, 3]
    assert len(measure_programs(found).clips) == 2
    assert predict_split(run).verbs == pytest.approx(found.verbs)


def test_the_last_weights_are_asked_where_they_are_wanted(run, capsys):
    best = predict_split(run)
    weights = {name: 2 * tensor for name, tensor in read_weights(run / "best.safetensors").items()}
    save_file(weights, run / "last.safetensors", read_metadata(run / "best.safetensors"))
    assert main(["--run", str(run), "--weights", "last", "--out", str(run)]) == 0
    assert load_predictions(run / "predictions.npz").verbs == pytest.approx(predict_split(run, weights="last").verbs)
    assert not np.allclose(predict_split(run, weights="last").verbs, best.verbs)


def test_the_command_measures_a_run_and_leaves_the_files_beside_it(run, capsys):
    assert main(["--run", str(run), "--out", str(run), "--submission"]) == 0
    table = capsys.readouterr().out
    assert "| all: 2 | action |" in table
    assert "| tail: 0 | verb |" in table  # of the run's own dataset, which is not named again
    measures = json.loads((run / "measures.json").read_text())
    assert measures["programs"]["num_clips"] == 2
    names = {"predictions.npz", "verb.csv", "noun.csv", "action.csv", "reliability.png", "submission.zip"}
    assert names <= {path.name for path in run.iterdir()}


def test_the_training_split_is_seen_without_augmentation_and_chance(run):
    """Else what is counted on it, as re-ranking does, would change from time to time."""
    first, second = (predict_split(run, "train", batch=1) for _ in range(2))
    assert first.narration_ids == ("P901_01_0", "P901_01_1")
    assert first.verbs == pytest.approx(second.verbs)


def test_other_data_are_judged_by_the_networks_own_classes(run, tmp_path):
    """A vocabulary counted anew would shift every class."""
    other = make_dataset(tmp_path / "other", verbs=(0, 5))
    task = TrainedTask(run, other)
    assert task.config == task.network.config
    found = predict_split(run, data=other)
    assert found.true_verbs.tolist() == [0, 5]
    assert [pair[0] for pair in found.config.vocabulary.actions] == [0, 3]


def test_several_views_of_a_clip_are_averaged_as_probabilities(run, capsys):
    found = predict_split(run, views=(2, 3))
    task = TrainedTask(run)
    shares = []
    for dataset in task.views("validation", 2, 3):
        clips = torch.stack([dataset[k]["clip"] for k in range(2)])
        with torch.inference_mode():
            shares.append(task.network({"clip": clips})["actions"].softmax(dim=1))
    assert len(shares) == 6 and not torch.allclose(shares[0], shares[3])
    assert np.exp(found.actions) == pytest.approx(torch.stack(shares).mean(dim=0).numpy(), abs=1e-5)
    assert main(["--run", str(run), "--views", "2x2", "--out", str(run)]) == 1
    assert "1 or 3 spatial views, of encoded frames 1, got 2 and 2" in capsys.readouterr().err


def test_clips_that_can_not_be_read_are_left_out_and_told_at_the_end(run, monkeypatch, caplog):
    def read(self, span, rng):
        if span.video_id == "P902_01" and span.start_s < 1.0:
            raise RecordingError("expected a picture, got one that can't be decoded")
        return pictures(self, span, rng)

    pictures = ClipDataset._pictures
    monkeypatch.setattr(ClipDataset, "_pictures", read)
    assert predict_split(run).narration_ids == ("P902_01_1",)
    assert caplog.messages[-1].startswith("validation: 1 of 2 clips could not be read")
    assert caplog.messages[-1].endswith("P902_01")
    task = TrainedTask(run)
    batches = Batches(task.dataset("validation"), 2, 0, 0, Accelerator(cpu=True))
    figures = task.measure(task.network, batches)
    assert figures["action_top1"] in (0.0, 1.0)  # of one clip


def test_a_folder_that_no_training_wrote_is_named(tmp_path):
    with pytest.raises(ModelError, match="expected the folder of a run"):
        predict_split(tmp_path)


def test_a_run_that_has_saved_nothing_yet_is_named(run):
    (run / "best.safetensors").unlink()
    with pytest.raises(ModelError, match="train it first"):
        predict_split(run)


def test_weights_that_are_not_of_this_network_are_refused(run):
    config = dataclasses.replace(TrainedTask(run).network.config, gru_width=8)
    save_file({"a": torch.zeros(1)}, run / "best.safetensors", {"config": to_json(config)})
    with pytest.raises(ModelError):
        predict_split(run)
