"""`python -m training.leap`, from videos to weights, on a tiny dataset with the real network."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from kitchens import PROGRAMS, write_kitchens
from safetensors.torch import save_file

from egoprog.data.epic_classes import NOUNS, VERBS
from egoprog.data.frames import VideoFrames
from egoprog.data.shards import ShardKind, write_shard
from egoprog.errors import AnnotationError, ConfigurationError, InputError, ModelError, RecordingError
from egoprog.generate.store import ProgramStore, StoredProgram
from egoprog.leap import task as task_module
from egoprog.leap.augment import GENTLE
from egoprog.leap.config import to_json
from egoprog.leap.dataset import ClipDataset
from egoprog.leap.encoded import encoder_weights
from egoprog.leap.frame_pretraining import FrameTask
from egoprog.leap.initial_weights import load_initial, load_network
from egoprog.leap.network import LeapNetwork
from egoprog.leap.recipes import names, recipe
from egoprog.leap.run_options import RunOptions
from egoprog.leap.supervision import read_program_store, read_supervision
from egoprog.leap.task import LeapTask
from egoprog.program import parse
from egoprog.train.checkpoint import read_weights
from egoprog.train.log import read_log
from egoprog.train.loop import train
from training import encode as encoding
from training.leap import main

DEBUG = recipe("leap_debug", ["training.epochs=1", "training.batch=4"])


class Sentences:
    """Stands for the sentence encoder, which takes seconds to load."""

    def __call__(self, sentences):
        width = 384
        rows = [np.random.default_rng(len(text)).standard_normal(width) for text in sentences]
        return np.stack([row / np.linalg.norm(row) for row in rows]).astype(np.float32)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(task_module, "SentenceEncoder", Sentences)
    kept = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(kept)


@pytest.fixture(scope="module")
def kitchens(tmp_path_factory):
    return write_kitchens(tmp_path_factory.mktemp("data") / "kitchens")


def test_the_command_trains_and_goes_on_and_measures(kitchens, tmp_path, capsys):
    arguments = ["--recipe", "leap_debug", "--data", str(kitchens.root), "--out", str(tmp_path), "--seed", "3"]
    assert main([*arguments, "--set", "training.epochs=1"]) == 0
    assert "action_top1" in capsys.readouterr().out
    network = load_network(tmp_path / "best.safetensors")
    assert network.config.vocabulary.actions == ((0, 13), (2, 2), (3, 12))
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["seed"] == 3 and {"s_verb", "action_recall5", "loss"} <= results["best"]["figures"].keys()
    asked = RunOptions.read(tmp_path)
    assert asked.data == kitchens.root and asked.made().training.seed == 3
    assert main([*arguments, "--set", "training.epochs=1"]) == 0
    assert main([*arguments, "--set", "training.epochs=2"]) == 1
    assert "training.epochs = 1.0, got 2.0; choose another --out" in capsys.readouterr().err


def test_shards_show_a_training_what_the_videos_show(kitchens, tmp_path):
    for video_id in VideoFrames(kitchens).video_ids():
        write_shard(tmp_path / "shards", VideoFrames(kitchens), video_id, ShardKind(short_px=64, quality=100))
    arguments = ["--recipe", "leap_debug", "--data", str(kitchens.root), "--set", "training.epochs=0.5"]
    assert main([*arguments, "--out", str(tmp_path / "videos")]) == 0
    assert main([*arguments, "--out", str(tmp_path / "run"), "--shards", str(tmp_path / "shards")]) == 0
    assert RunOptions.read(tmp_path / "run").shards == tmp_path / "shards"
    one, two = ([row["loss"] for row in read_log(tmp_path / name)] for name in ("videos", "run"))
    assert one == pytest.approx(two, rel=0.02)


def test_clips_that_can_not_be_read_are_told_at_the_end(kitchens, tmp_path, capsys, monkeypatch):
    def read(self, span, rng):
        if (span.video_id, span.start_s) == ("P901_01", 0.0):
            raise RecordingError("expected a picture, got one that can't be decoded")
        return pictures(self, span, rng)

    pictures = ClipDataset._pictures
    monkeypatch.setattr(ClipDataset, "_pictures", read)
    arguments = ["--recipe", "leap_debug", "--data", str(kitchens.root), "--out", str(tmp_path)]
    assert main([*arguments, "--set", "training.epochs=1"]) == 0
    assert "train: 1 of 16 clips could not be read, others stood in; of the videos P901_01\n" in capsys.readouterr().out


def test_all_recipes_are_listed(capsys):
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(names())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--recipe", "leap_debgu"], "did you mean 'leap_debug'?"),
        (["--recipe", "leap_debug", "--set", "training.epocs=1"], "did you mean 'training.epochs'?"),
        (["--recipe", "leap_epic_paper"], "give --init CHECKPOINT"),
        (["--recipe", "leap_debug", "--set", "context_offsets=-1"], "give --context RUN"),
        (["--recipe", "leap_debug", "--data", "no/such/folder"], "EPIC_100_train.csv"),
        (["--recipe", "leap_debug", "--programs", "no/such/file"], "expected programs in no/such/file"),
        (["--recipe", "leap_debug", "--init", "no/such/run"], "expected the weights of a training in no/such/run"),
        (["--recipe", "leap_debug", "--set", "held_out=last"], "expected actions in the split 'train'"),
    ],
)
def test_what_can_not_be_done_is_told_in_one_line(kitchens, tmp_path, capsys, arguments, words):
    assert main(["--data", str(kitchens.root), "--out", str(tmp_path), *arguments]) == 1
    said = capsys.readouterr().err.strip()
    assert words in said and "\n" not in said, said


def test_ctrl_c_is_one_line_and_exit_130(kitchens, tmp_path, capsys, monkeypatch):
    def interrupted(self, model, batch):
        import signal

        signal.raise_signal(signal.SIGINT)
        return loss(self, model, batch)

    loss = LeapTask.loss
    monkeypatch.setattr(LeapTask, "loss", interrupted)
    arguments = ["--recipe", "leap_debug", "--data", str(kitchens.root), "--out", str(tmp_path)]
    assert main(arguments) == 130
    assert "training.leap: stopped at step 1 of 8; the same command goes on" in capsys.readouterr().err
    assert read_weights(tmp_path / "last.safetensors")


def test_clips_around_are_read_through_the_context_network(kitchens, tmp_path, caplog):
    """Twice: from videos, and from frames that a frozen encoder has seen; both give the same figures."""
    torch.manual_seed(3)
    frozen = replace(DEBUG, backbone=replace(DEBUG.backbone, is_frozen=True), augmentation=None)
    context = LeapTask(frozen, kitchens.root)
    network = context.model()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    (tmp_path / "context").mkdir()
    save_file(network.state_dict(), tmp_path / "context" / "best.safetensors", context.metadata())
    init = tmp_path / "context" / "best.safetensors"
    weights = {f"backbone.{name}": tensor.contiguous() for name, tensor in network.backbone.state_dict().items()}
    save_file(weights, tmp_path / "frames.safetensors", {"backbone": to_json(network.config.backbone)})
    encode = ["--data", str(kitchens.root), "--frames", str(tmp_path / "frames.safetensors"), "--rate", "10"]
    assert encoding.main([*encode, "--out", str(tmp_path / "encoded"), "--mirrored"]) == 0
    around = replace(frozen, context_offsets=(-1, 1))
    figures = []
    for encoded in (None, tmp_path / "encoded"):
        task = LeapTask(around, kitchens.root, init=init, context=tmp_path / "context", encoded=encoded)
        figures.append(train(task, around.training, tmp_path / f"run{encoded is None}")["best"]["figures"])
    assert figures[0].keys() == figures[1].keys()
    assert figures[0]["loss"] == pytest.approx(figures[1]["loss"], rel=0.05)
    mirrors = replace(around, augmentation=GENTLE)
    for made, views in ((mirrors, [False, True]), (around, [False])):
        task = LeapTask(made, kitchens.root, init=init, context=tmp_path / "context", encoded=tmp_path / "encoded")
        assert [view.is_mirrored for view in task.dataset("train").views] == views
        assert [view.is_mirrored for view in task.dataset("validation").views] == [False]
    task = LeapTask(mirrors, kitchens.root, init=init, context=tmp_path / "context", encoded=tmp_path / "encoded")
    plain, mirrored = (view.context for view in task.dataset("train").views)
    assert plain.keys() == mirrored.keys() and not any(torch.equal(plain[span], mirrored[span]) for span in plain)
    (tmp_path / "encoded" / "P902_01.scales.npy").unlink()
    task = LeapTask(around, kitchens.root, init=init, context=tmp_path / "context", encoded=tmp_path / "encoded")
    assert {item.video_id for item in task.dataset("train").items} == {"P901_01"}
    assert "train: left out 8 of 16 clips:" in caplog.messages


def test_anticipation_and_programs_alone_are_trained_too(kitchens, tmp_path):
    ahead = replace(DEBUG, task="anticipate", tau_a_s=0.5, span_s=1.6)
    assert "action_recall5" in train(LeapTask(ahead, kitchens.root), ahead.training, tmp_path / "ahead")["last"]
    alone = replace(DEBUG, loss=replace(DEBUG.loss, action=0.0))
    results = train(LeapTask(alone, kitchens.root), alone.training, tmp_path / "alone")
    assert not {"action_loss", "action_top1"} & results["last"].keys()  # of heads that have learned nothing
    assert results["last"]["program_loss"] > 0
    without = replace(DEBUG, has_program=False)
    assert "s_verb" not in train(LeapTask(without, kitchens.root), without.training, tmp_path / "without")["last"]


def test_readers_in_other_processes_see_the_same_clips(kitchens, tmp_path):
    for workers in (0, 2):
        config = replace(DEBUG.training, workers=workers)
        train(LeapTask(DEBUG, kitchens.root), config, tmp_path / str(workers))
    one, two = ([row["loss"] for row in read_log(tmp_path / str(workers))] for workers in (0, 2))
    assert one == pytest.approx(two, rel=1e-6)


def test_weights_to_start_from_are_a_frame_encoder_s_a_run_s_or_published_ones(kitchens, tmp_path, monkeypatch):
    task = LeapTask(DEBUG, kitchens.root)
    given, network = task.model(), task.model()
    with torch.no_grad():
        for parameter in given.parameters():
            parameter.add_(1.0)
    save_file(given.state_dict(), tmp_path / "run.safetensors", task.metadata())
    monkeypatch.setattr("egoprog.leap.frame_pretraining.read_nouns", lambda *_: ("cup",))
    pretraining = FrameTask(kitchens, replace(task.config.backbone, num_classes=400), tmp_path)
    frames = pretraining.model()
    frames.backbone.load_state_dict(encoder_weights(given.backbone), strict=False)
    save_file(frames.state_dict(), tmp_path / "frames.safetensors", pretraining.metadata())
    published = {f"backbone.{name}": tensor for name, tensor in given.backbone.state_dict().items()}
    published.pop("backbone.time_embedding")
    published["backbone.positional_embedding"] = torch.zeros(1 + 3 * 3, 32)  # of another size: square, as published
    torch.save({"model_state": published}, tmp_path / "published.pyth")
    layer, classifier = "backbone.transformer.resblocks.0.ln_1.weight", "backbone.transformer.proj.2.weight"
    global_block = "backbone.transformer.dec.0.ln_1.weight"
    for name, changed in (
        ("run.safetensors", {layer, classifier, global_block}),
        ("frames.safetensors", {layer}),
        ("published.pyth", {layer, global_block}),
    ):
        other = LeapNetwork(task.config)
        load_initial(other, tmp_path / name)
        same = {
            key
            for key in (layer, classifier, global_block)
            if torch.equal(other.state_dict()[key], given.state_dict()[key])
        }
        assert same == changed
    begun = LeapNetwork(task.config).eval()
    load_initial(begun, tmp_path / "frames.safetensors")
    clip = torch.randn(2, 3, begun.config.backbone.num_frames, *begun.config.backbone.size_px)
    with torch.no_grad():
        said = begun({"clip": clip})
        token_BC = frames.norm(begun.backbone.frames(clip)[:, :, -1, 0].mean(1))
        verbs_BV, nouns_BN = frames.heads["verb"](token_BC), frames.heads["noun"](token_BC)
    vocabulary = task.config.vocabulary
    assert torch.allclose(said["verbs"], verbs_BV[:, [VERBS.index(name) for name in vocabulary.verbs]], atol=1e-5)
    verb, noun = vocabulary.actions[0]
    expected_B = said["verbs"][:, verb] + said["nouns"][:, noun]
    assert torch.allclose(said["actions"][:, 0], expected_B, atol=1e-5)
    assert torch.allclose(said["nouns"][:, noun], nouns_BN[:, NOUNS.index(vocabulary.nouns[noun])], atol=1e-5)
    cup = vocabulary.objects.index("cup")
    with torch.no_grad():
        rows_NC = [frames.heads["noun"].weight[NOUNS.index("cup")]]
        rows_NC += [frames.heads[hand].weight[0] / 2 for hand in ("left", "right")]
        assert torch.allclose(begun.program.seen_objects(token_BC)[:, 1 + cup], token_BC @ sum(rows_NC), atol=1e-4)
    assert not begun.program.seen_objects.weight[0].any()
    assert not said["precondition"].any()
    ahead = LeapNetwork(replace(task.config, task="anticipate")).eval()
    load_initial(ahead, tmp_path / "frames.safetensors")
    with torch.no_grad():
        said, next_verbs_BV = ahead({"clip": clip}), frames.heads["next_verb"](token_BC)
    assert torch.allclose(said["verbs"], next_verbs_BV[:, [VERBS.index(name) for name in vocabulary.verbs]], atol=1e-5)
    torch.save({"model_state": {"backbone.conv1.weight": torch.zeros(3)}}, tmp_path / "other.pyth")
    with pytest.raises(ModelError, match="missing class_embedding"):
        load_initial(network, tmp_path / "other.pyth")


def test_a_store_of_generated_programs_supervises_the_actions_of_its_times(kitchens, tmp_path):
    store = ProgramStore(tmp_path / "store")
    for place, (start_s, stop_s) in enumerate([(0.0, 0.7), (0.9, 1.7), (1.6, 9.0)]):
        program = parse(PROGRAMS[place])
        store.append(StoredProgram(f"P901_01@{start_s:.3f}-{stop_s:.3f}", "local", start_s, stop_s, program))
    actions = read_supervision(kitchens, "unseen")["train"].actions
    clips = read_program_store(tmp_path / "store", actions)
    assert [(clip.narration_id, clip.program.name) for clip in clips] == [
        ("P901_01_0", "take_cup"),
        ("P901_01_1", "open_fridge"),
    ]
    task = LeapTask(DEBUG, kitchens.root, programs=tmp_path / "store")
    assert task.config.vocabulary.objects == ("cup", "fridge")
    assert sum(item.program is not None for item in task.items("train")) == 2
    assert all(item.program is not None for item in task.items("validation"))


def test_a_store_of_another_kind_is_named(kitchens, tmp_path):
    (tmp_path / "lines.jsonl").write_text('{"text": "grasp(cup)"}\n')
    with pytest.raises(AnnotationError, match=r'lines.jsonl, line 1: expected programs with "narration_id"'):
        read_program_store(tmp_path / "lines.jsonl", ())
    (tmp_path / "lines.jsonl").write_text("grasp(cup)\n")
    with pytest.raises(AnnotationError, match="a program as a JSON object"):
        read_program_store(tmp_path / "lines.jsonl", ())
    with pytest.raises(InputError, match="expected programs in"):
        read_program_store(tmp_path, ())


def test_the_paper_s_split_holds_out_the_last_five_participants_of_the_training(tmp_path):
    folder = write_kitchens(tmp_path, num_train=7, num_clips=3)
    splits = read_supervision(folder, "last")
    found = {split: {row.participant_id for row in part.actions} for split, part in splits.items()}
    assert found == {"train": {"P901", "P902"}, "validation": {"P903", "P904", "P905", "P906", "P907"}}
    official = read_supervision(folder, "official")
    assert {row.participant_id for row in official["validation"].actions} == {"P908"}
    folder.unseen_participants.write_text("participant_id\nP999\n")
    with pytest.raises(ConfigurationError, match="expected actions in the split 'validation'"):
        read_supervision(folder, "unseen")
