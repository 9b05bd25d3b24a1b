"""`egoprog generate RECORDING`: writes programs for a recording, by the local generator or a language model.

    egoprog generate video.mp4 --out out/programs
    EGOPROG_LLM_BASE_URL=http://127.0.0.1:8000/v1 EGOPROG_LLM_MODEL=name egoprog generate video.mp4 --llm

Programs go to standard output as they come, each with a line that says who wrote it; with --out also to programs.txt
and programs.jsonl there, and a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from egoprog.data.recording import Recording, open_recording
from egoprog.describe.command import describe_with_progress, read_vocabulary
from egoprog.describe.describer import Describer
from egoprog.describe.types import ClipDescription
from egoprog.errors import ConfigurationError
from egoprog.generate.evidence import named
from egoprog.generate.llm import Endpoint, LanguageModelGenerator
from egoprog.generate.local import LocalGenerator, program_name
from egoprog.generate.prompt import CLIPS_PER_QUERY
from egoprog.generate.segment import Clip, segment
from egoprog.generate.store import ProgramStore, StoredProgram
from egoprog.program import to_text
from egoprog.program.types import Program


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recording", type=Path, help="a video file, a folder of frames, or a rosbag2 folder")
    parser.add_argument(
        "--out", type=Path, help="folder for programs.txt and programs.jsonl; a rerun skips what is done"
    )
    parser.add_argument("--llm", action="store_true", help="ask the language model that EGOPROG_LLM_* name")
    parser.add_argument("--narrations", type=Path, help="EPIC's CSV, a CSV of start,stop,text, or SRT")
    parser.add_argument("--poses", type=Path, help="CSV of head poses")
    parser.add_argument("--vocabulary", type=Path, help="object names that programs may use, one a line")
    parser.add_argument(
        "--clip",
        nargs=2,
        type=float,
        action="append",
        metavar=("START", "STOP"),
        help="seconds of a clip, instead of cutting the recording by its evidence; may be given several times",
    )
    parser.add_argument(
        "--clips-per-query", type=int, default=CLIPS_PER_QUERY, help=f"with --llm (default {CLIPS_PER_QUERY}, LEAP's)"
    )
    parser.add_argument("--timeout", type=float, help="seconds that one answer of the language model may take")


def run(arguments: argparse.Namespace) -> int:
    vocabulary = read_vocabulary(arguments.vocabulary) if arguments.vocabulary else ()
    generator: LanguageModelGenerator | LocalGenerator = LocalGenerator()
    asked, batch_size = "local", 1
    if arguments.llm:  # before any work: a missing key is told of at once
        endpoint = Endpoint.from_environment(timeout_s=arguments.timeout)
        generator = LanguageModelGenerator(endpoint, clips_per_query=arguments.clips_per_query)
        asked, batch_size = f"llm:{endpoint.model}", arguments.clips_per_query
    store = ProgramStore(arguments.out) if arguments.out else None
    recording = open_recording(arguments.recording, narrations=arguments.narrations, poses=arguments.poses)
    describer = describe_with_progress(recording, vocabulary)
    for warning in recording.warnings:
        print(f"egoprog generate: {warning}", file=sys.stderr)
    descriptions = [_description(describer, clip) for clip in _clips(recording, describer, arguments.clip)]

    written: list[StoredProgram] = []
    todo: list[ClipDescription] = []
    for description in descriptions:
        done = store.get(_clip_id(recording, description), asked) if store is not None else None
        if done:
            _tell(done)
            written.append(done)
        else:
            todo.append(description)
    if len(todo) < len(descriptions):
        print(f"{len(descriptions) - len(todo)} of {len(descriptions)} clips are done already", file=sys.stderr)
    for batch in _batches(todo, batch_size):
        programs = (
            generator.generate_batch(batch)
            if isinstance(generator, LanguageModelGenerator)
            else [generator.generate(description) for description in batch]
        )
        for description, program in zip(batch, programs, strict=True):
            record = StoredProgram(
                _clip_id(recording, description), asked, description.start_s, description.stop_s, program
            )
            if store is not None:
                store.append(record)
            _tell(record)
            written.append(record)
    if arguments.out:
        written.sort(key=lambda record: record.start_s)
        _write_text(arguments.out / "programs.txt", written)
    _sum_up(written, generator, arguments.out)
    return 0


def _clips(recording: Recording, describer: Describer, given: Sequence[Sequence[float]] | None) -> list[Clip]:
    duration_s = recording.duration_s
    if given:
        for start_s, stop_s in given:
            if not 0 <= start_s < stop_s <= duration_s + 1e-3:
                raise ConfigurationError(
                    f"expected --clip START STOP within 0 to {duration_s:.2f} s, got {start_s:g} {stop_s:g}"
                )
        return [Clip(start_s, min(stop_s, duration_s)) for start_s, stop_s in given]
    moving = describer.clip(0.0, duration_s).moving
    return segment(duration_s, describer.narrations, describer.contacts, describer.sounds, describer.motions, moving)


def _description(describer: Describer, clip: Clip) -> ClipDescription:
    """The clip as it is given to a generator: things called as the narration calls them, and with a name."""
    description = describer.clip(clip.start_s, clip.stop_s)
    if clip.narration is not None:
        description = replace(description, narration=clip.narration.text)
    description = named(description)
    return replace(description, name=program_name(description))


def _clip_id(recording: Recording, description: ClipDescription) -> str:
    return f"{recording.name}@{description.start_s:.3f}-{description.stop_s:.3f}"


def _batches(items: Sequence[ClipDescription], size: int) -> Iterator[Sequence[ClipDescription]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _tell(record: StoredProgram) -> None:
    print(_text(record), flush=True)


def _text(record: StoredProgram) -> str:
    """The program under a comment that says which seconds it is about and who wrote it."""
    return f"# {record.clip_id}, {_signature(record.program)}\n{to_text(record.program).rstrip()}\n"


def _signature(program: Program) -> str:
    """The provenance in one line: what is not the default."""
    if program.provenance is None:
        return "by nobody known"
    said = asdict(program.provenance)
    said["model"] = said["model"] or (said["exemplar"] and f"after {said['exemplar']}")
    parts = [f"by {said['generator']}"]
    parts += [said["model"]] if said["model"] else []
    if said["prompt_tokens"] or said["completion_tokens"]:
        parts.append(f"attempt {said['attempts']}")
        parts.append(f"{said['prompt_tokens']} + {said['completion_tokens']} tokens")
    parts += [f"{said['cost_usd']:.4f} USD"] if said["cost_usd"] is not None else []
    parts += [f"repaired: {'; '.join(said['repairs'])}"] if said["repairs"] else []
    parts += [said["fallback"]] if said["fallback"] else []
    return " ".join(", ".join(parts).split())


def _write_text(path: Path, records: Sequence[StoredProgram]) -> None:
    """All programs of the run; the file appears whole or not at all."""
    draft = path.with_suffix(".txt.part")
    draft.write_text("\n".join(map(_text, records)), encoding="utf-8")
    draft.replace(path)


def _sum_up(records: Sequence[StoredProgram], generator: object, out: Path | None) -> None:
    where = f" in {out}" if out else ""
    print(f"{len(records)} programs{where}", file=sys.stderr)
    if isinstance(generator, LanguageModelGenerator) and generator.counts.clips:
        counts = generator.counts
        cost = "unknown cost" if counts.cost_usd is None else f"{counts.cost_usd:.4f} USD"
        print(
            f"{generator.endpoint.model}: {counts.at_once} at once, {counts.mended} mended, {counts.fallback} written "
            f"locally instead; {counts.queries} queries, {counts.prompt_tokens} + {counts.completion_tokens} tokens, "
            f"{cost}",
            file=sys.stderr,
        )
