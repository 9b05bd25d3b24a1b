"""Rows of generated pictures measured: figures and intervals, resuming, and tables as a reader sees them."""

import json

import numpy as np
import pytest
import torch

from egoprog.data.frame_pairs import FramePair, PairFolder, write_pairs
from egoprog.errors import ConfigurationError, InputError, ModelError, RecordingError
from egoprog.leap.bootstrap import Interval
from egoprog.lego.action_in_picture import Asked, Recognised, Touched
from egoprog.lego.card_figures import figures_of
from egoprog.lego.features import Networks, Origin
from egoprog.lego.generated import GeneratedFolder
from egoprog.lego.generation_evaluation import choose_pairs, evaluate, read_truth
from egoprog.lego.generation_metrics import BY_KEY, Measurer, Resampling, Row, Truth, transition_bins
from egoprog.lego.generation_tables import is_better, name_of, render
from tests.lego.metric_models import save_frame_network
from training.evaluate_lego import main

torch.set_num_threads(1)
NUM = 8


class Shrunk:
    """Features by hand: pictures at 2x2; it counts how often it is asked."""

    def __init__(self, name, is_stand_in=False):
        self.origin, self.calls = Origin(name, "1", is_stand_in), 0

    def __call__(self, *pictures):
        self.calls += 1
        return np.concatenate([each[:, ::16, ::20].reshape(len(each), -1) / 255 for each in pictures], 1)


class Distances(Shrunk):
    def __call__(self, ones, others):
        self.calls += 1
        return np.abs(ones / 255 - others / 255).mean((1, 2, 3))


class Hands:
    """Sees the cup in the left hand of pictures that are bright."""

    origin = Origin("hands by hand")

    def __call__(self, outputs):
        is_bright = outputs.mean((1, 2, 3))[:, None] > 127
        return Touched(
            ("cup",), np.where(is_bright, [[0.9, 0.1]], [[0.2, 0.8]]), np.tile([0.3, 0.7], (len(outputs), 1))
        )


class Change:
    origin = Origin("change by hand")

    def __call__(self, inputs, outputs):
        sure = np.tile([0.9, 0.1], (len(outputs), 1))
        return Recognised(("take", "put"), ("cup", "tap"), sure, sure)


def pair_folder(path):
    rng = np.random.default_rng(0)
    pairs = [
        FramePair(f"P90{k % 2}_01_{k}", f"P90{k % 2}_0{k % 4}", f"P90{k % 2}", 1.0, 2.0 + 0.1 * k, "take cup",
                  "Takes the cup with the left hand.", "take", "cup", "validation", is_unseen=k != 0)
        for k in range(NUM)
    ]  # fmt: skip
    path.mkdir(parents=True)
    write_pairs(path / "pairs.jsonl", pairs)
    (path / "pairs.json").write_text("{}")
    np.save(path / "inputs.npy", rng.integers(0, 120, (NUM, 32, 40, 3)).astype(np.uint8))
    np.save(path / "targets.npy", rng.integers(130, 256, (NUM, 32, 40, 3)).astype(np.uint8))
    return PairFolder(path)


def generated(folder, path, noise):
    rng = np.random.default_rng(1)
    row = GeneratedFolder(path)
    for pair in folder.pairs():
        target = folder.pictures(pair)[1] + rng.normal(0, noise, (32, 40, 3))
        row.write(pair.pair_id, np.clip(target, 0, 255).astype(np.uint8))
    return row


@pytest.fixture
def setting(tmp_path):
    folder = pair_folder(tmp_path / "pairs")
    rows = {"joint": generated(folder, tmp_path / "joint", 5), "labels": generated(folder, tmp_path / "labels", 60)}
    return folder, rows


def test_a_picture_comes_back_as_it_was_written_and_in_the_size_asked_for(tmp_path):
    row = GeneratedFolder(tmp_path / "row")
    picture = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
    row.write("clip/7:a b", picture)
    assert row.ids() == {"clip/7:a b"} and row.missing(["x", "clip/7:a b"]) == ["x"]
    assert np.array_equal(row.read("clip/7:a b"), picture)
    assert row.read("clip/7:a b", (8, 12)).shape == (8, 12, 3)
    row.path_of("broken").write_bytes(b"no picture")
    for bad in ("broken", "absent"):
        with pytest.raises(RecordingError, match="generate it anew"):
            row.read(bad)
    with pytest.raises(RecordingError, match="got none"):
        GeneratedFolder(tmp_path / "nowhere").ids()


def test_pairs_are_those_of_unseen_people_that_every_row_has(setting):
    folder, rows = setting
    rows["labels"].path_of("P901_01_3").unlink()
    chosen = choose_pairs(folder, rows)
    assert [pair.pair_id for pair in chosen.pairs] == [f"P90{k % 2}_01_{k}" for k in (1, 2, 4, 5, 6, 7)]
    assert chosen.num_lacking == 1 and chosen.participants == "unseen participants"
    assert len(choose_pairs(folder, {}, participants="all", limit=3).pairs) == 3
    with pytest.raises(ConfigurationError, match="at least two pairs"):
        choose_pairs(folder, rows, split="train")


def test_the_better_row_wins_every_measure_and_its_differences_say_so(setting, tmp_path):
    folder, rows = setting
    networks = Networks(Shrunk("F"), Distances("L"), Shrunk("C", is_stand_in=True), Shrunk("E"))
    pairs = choose_pairs(folder, rows, participants="all").pairs
    measurer = Measurer(read_truth(folder, pairs), networks, tmp_path / "store", Hands(), Change())
    metrics = evaluate(measurer, rows, pairs)
    joint, labels = metrics["rows"]["joint"], metrics["rows"]["labels"]
    for key in ("clip", "egovlp", "egovlp_plus", "fid", "psnr", "lpips"):
        told = metrics["differences"]["joint - labels"][key]
        assert is_better(told, BY_KEY[key]) is True, key
        assert told["value"] == pytest.approx(joint[key]["value"] - labels[key]["value"])
        assert joint[key]["low"] <= joint[key]["value"] <= joint[key]["high"]
    assert metrics["rows"]["true_pictures"]["action"]["value"] == 1
    assert metrics["rows"]["input_frames"]["action"]["value"] == 0
    assert joint["hand"]["value"] == 1 and metrics["of_what_judges_see"]["joint"]["action"] == 1
    assert len(metrics["transition_bins"]["rows"]["joint"]["psnr"]) == 4
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics


def test_a_second_run_asks_no_network_again(setting, tmp_path):
    folder, rows = setting
    networks = Networks(clip=Shrunk("C"))
    pairs = choose_pairs(folder, rows).pairs
    for _ in range(2):
        metrics = evaluate(Measurer(read_truth(folder, pairs), networks, tmp_path / "store"), rows, pairs)
        calls = networks.clip.calls
    assert calls == 4  # joint, labels, inputs, targets: each once
    assert "action" not in metrics["rows"]["joint"] and "true_pictures" not in metrics["rows"]


def test_groups_are_drawn_whole_and_two_rows_are_drawn_alike():
    row = Row({"psnr": np.repeat([10.0, 20.0], 50)})
    alone, whole = Resampling([str(k) for k in range(100)]), Resampling(["a"] * 50 + ["b"] * 50)
    assert whole.figure(row, "psnr") == Interval(15, 10, 20)
    told = alone.figure(row, "psnr")
    assert told.value == 15 and told.high - told.low < 3
    assert alone.difference(row, Row({"psnr": row.values["psnr"] - 1}), "psnr") == Interval(1, 1, 1)
    assert alone.figure(row, "fid") is None and alone.difference(row, Row({}), "psnr") is None


def test_fids_interval_holds_its_figure():
    rng = np.random.default_rng(0)
    row = Row({}, (rng.normal(size=(60, 4)), rng.normal(0.5, 1, size=(60, 4))))
    told = Resampling([str(k) for k in range(60)]).figure(row, "fid")
    assert told.low < told.value < told.high


def test_bins_of_transition_time_hold_as_many_pairs_each():
    bins, edges = transition_bins(np.arange(100) / 10)
    assert np.bincount(bins).tolist() == [25, 25, 25, 25] and edges[0] == 0 and edges[-1] == 9.9


def test_rows_of_another_size_or_number_are_refused(setting, tmp_path):
    folder, rows = setting
    pairs = folder.pairs()
    measurer = Measurer(read_truth(folder, pairs), Networks(), tmp_path)
    with pytest.raises(InputError, match="one size"):
        measurer.row(np.zeros((NUM, 16, 40, 3), np.uint8))
    with pytest.raises(ConfigurationError, match="at least two participants"):
        evaluate(measurer, rows, pairs[:1], groups="participant")


def test_tables_call_a_stand_in_a_stand_in_and_leave_a_dash_for_what_was_not_measured(setting, tmp_path):
    folder, rows = setting
    networks = Networks(clip=Shrunk("small encoder", is_stand_in=True), lpips=Distances("LPIPS, squeeze.pth"))
    pairs = folder.pairs()
    metrics = evaluate(Measurer(read_truth(folder, pairs), networks, tmp_path, Hands(), Change()), rows, pairs)
    metrics["about"] = dict.fromkeys(
        ("num_pairs", "num_participants", "num_videos", "participants", "split", "pairs", "groups", "command"), "x"
    )
    text = render(metrics)
    assert "| CLIP (stand-in) | PSNR | LPIPS ↓ |" in text
    assert "- CLIP: stand-in, not the published network: small encoder." in text
    assert "- LPIPS: LPIPS, squeeze.pth." in text
    assert "*paper, EPIC-KITCHENS: Desc. + joint embedding (LEGO)*" in text
    assert "True pictures (ceiling) | **" not in text and "| True pictures (ceiling) | 1.000" in text
    assert "### Desc. + joint embedding (LEGO) against Action labels (InstructPix2Pix)" in text
    del metrics["rows"]["labels"]["lpips"]
    assert "—" in render(metrics)


def test_the_command_measures_rows_and_refuses_what_is_not_there(setting, tmp_path, capsys):
    folder, rows = setting
    run = save_frame_network(tmp_path / "frames" / "best.safetensors").parent
    arguments = [
        "--pairs",
        str(folder.path),
        "--out",
        str(tmp_path / "out"),
        "--stand-in",
        str(run),
        "--judge",
        str(run),
    ]
    arguments += [word for key, row in rows.items() for word in ("--row", f"{key}={row.path}")]
    assert main(arguments) == 0
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["about"]["num_pairs"] == 7 and metrics["columns"]["fid"]["is_stand_in"]
    assert set(metrics["rows"]) == {"joint", "labels", "input_frames", "true_pictures"}
    assert (tmp_path / "out" / "tables.md").read_text() == capsys.readouterr().out.rstrip("\n") + "\n"
    figures = figures_of(tmp_path / "out" / "metrics.json")
    assert figures.title.startswith("Pictures drawn for 7 frames of") and figures.machine
    assert "FID (stand-in)" in figures.columns and "PSNR" in figures.columns
    told = {row[0]: dict(zip(figures.columns, row, strict=True)) for row in figures.rows}
    assert set(told) == set(map(name_of, metrics["rows"]))
    joint = told["Desc. + joint embedding (LEGO)"]
    assert joint["PSNR"] == pytest.approx(metrics["rows"]["joint"]["psnr"]["value"], abs=0.01)
    assert told["True pictures (ceiling)"]["PSNR"] == "—"
    (tmp_path / "other.json").write_text('{"about": {}, "columns": {}, "rows": {}}')
    with pytest.raises(ModelError, match="expected metrics of"):
        figures_of(tmp_path / "other.json")
    for bad in (["--extractors", str(tmp_path / "no")], ["--compare", "joint:sdedit"], ["--judge-change", str(run)]):
        assert main([*arguments, *bad]) == 1
        assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_truth_without_classes_asks_for_nothing():
    truth = Truth(("a",), np.zeros((1, 2, 2, 3), np.uint8), np.zeros((1, 2, 2, 3), np.uint8), ("x",), (Asked("", ""),))
    measured = Measurer(truth, Networks(), None, Hands(), Change()).row(truth.targets)
    assert np.isnan(measured.values["action"]).all()
    assert np.isnan(Resampling(["a", "b"]).figure(Row({"action": np.full(2, np.nan)}), "action").value)
