"""One page for one run: video, timeline, programs, latencies. It needs no network and no server."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader

from egoprog import __version__
from egoprog.report.answers import Answer
from egoprog.report.recognition import MAX_AGE_S, Told
from egoprog.report.run import Run, Span


def write_page(
    run: Run, path: Path, video: str = "overlay.mp4", command: str = "", answers: Sequence[Answer] = ()
) -> None:
    """Writes the page; `video` is the overlay's path relative to it. answers: to what was asked."""
    environment = Environment(loader=PackageLoader("egoprog.report"), autoescape=True, trim_blocks=True)
    rows = timeline(run)
    path.write_text(
        environment.get_template("page.html").render(
            run=run,
            recognition=run.recognition,
            rows=rows,
            duration_s=max(run.duration_s, 0.1),
            ticks=ticks(run.duration_s),
            anticipated=[[stamp_s, [asdict(c) for c in candidates]] for stamp_s, candidates in run.anticipated],
            video=video,
            answers=answers,
            command=command,
            made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            machine=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
            version=__version__,
        ),
        encoding="utf-8",
    )


def timeline(run: Run) -> list[tuple[str, list[Span]]]:
    """(row label, spans), top to bottom; spans lie within the run."""
    steps = [span for program in run.programs for span in program.sub_actions]
    rows = [
        ("program", [Span(p.start_s, p.stop_s, p.name, p.provenance, "program") for p in run.programs]),
        ("sub-action", steps),
        ("right hand", run.contacts["right"]),
        ("left hand", run.contacts["left"]),
        ("sound", run.sounds),
        ("head", run.motions),
    ]
    if run.present:
        rows.insert(0, ("network", told_spans(run.present)))
    if run.coming:
        rows.insert(1, ("network, next", told_spans(run.coming)))
    if run.truth:
        rows += [
            ("truth", [Span(p.start_s, p.stop_s, p.name, "what was really done", "program") for p in run.truth]),
            ("truth, steps", [span for program in run.truth for span in program.sub_actions]),
        ]
    return [(label, [clip_to_run(span, run.duration_s) for span in spans]) for label, spans in rows]


def told_spans(predictions: Sequence[Told]) -> list[Span]:
    """Predictions in a row that tell the same, as one span with their best score; a pause ends it."""
    spans: list[Span] = []
    for each, following in zip(predictions, [*predictions[1:], None], strict=True):
        pauses = following is None or following.stamp_s - each.stamp_s > MAX_AGE_S
        stop_s = each.stamp_s if pauses else following.stamp_s
        last = spans[-1] if spans else None
        score = f"{each.score:.2f}"
        if last is not None and last.label == each.label and last.stop_s == each.stamp_s:
            spans[-1] = replace(last, stop_s=stop_s, detail=max(last.detail, score))
        else:
            spans.append(Span(each.stamp_s, stop_s, each.label, score, "network"))
    return spans


def clip_to_run(span: Span, duration_s: float) -> Span:
    start_s = min(max(span.start_s, 0.0), duration_s)
    return Span(start_s, min(max(span.stop_s, start_s), duration_s), span.label, span.detail, span.kind)


def ticks(duration_s: float) -> list[float]:
    """Round times, at most about twelve of them."""
    step = next(s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 3600) if duration_s / s <= 12 or s == 3600)
    return [round(k * step, 3) for k in range(int(duration_s / step) + 1)]


def write_programs(run: Run, folder: Path) -> None:
    """programs.txt for people and programs.json for programs."""
    texts = [
        f"# {p.provenance}\n# {'valid' if p.valid else 'invalid: ' + p.why_not}; revision {p.revision}; "
        f"{p.start_s:.2f} to {p.stop_s:.2f} s of the recording\n{p.text.rstrip()}\n"
        for p in run.programs
    ]
    (folder / "programs.txt").write_text("\n".join(texts), encoding="utf-8")
    entries = [
        {
            "program_id": p.program_id,
            "revision": p.revision,
            "name": p.name,
            "start_s": round(p.start_s, 3),
            "stop_s": round(p.stop_s, 3),
            "valid": p.valid,
            "why_not": p.why_not,
            "complete": p.complete,
            "preconditions": list(p.pre),
            "provenance": p.provenance,
            "text": p.text,
            "sub_actions": [
                {"text": s.label, "start_s": round(s.start_s, 3), "stop_s": round(s.stop_s, 3), "detail": s.detail}
                for s in p.sub_actions
            ],
        }
        for p in run.programs
    ]
    (folder / "programs.json").write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
