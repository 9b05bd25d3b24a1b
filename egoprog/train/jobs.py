"""Commands that need each other's files: several at once, each begun when what it needs is there.

They can be stopped at any moment. Every command must be able to go on where it was stopped, and write its product last.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_POLL_S = 1.0


@dataclass(frozen=True)
class Job:
    """One command. arguments: behind `python -m`. product: the file that is there when it is done."""

    name: str
    arguments: tuple[str, ...]
    product: Path
    needs: tuple[str, ...] = field(default=())

    @property
    def is_done(self) -> bool:
        return self.product.exists()


def make_job(name: str, module: str, product: Path, *options: object, needs: tuple[str, ...] = ()) -> Job:
    """options: of `python -m module`, written out."""
    return Job(name, (module, *map(str, options)), product, needs)


def jobs_listed(jobs: Sequence[Job]) -> str:
    """What is done and what is left, a line each."""
    return "\n".join(f"{'done' if job.is_done else '    '}  {job.name}" for job in jobs)


def log_of(logs: Path, job: Job) -> Path:
    """Where a job's words go."""
    return logs / f"{job.name.replace('/', '_').replace(':', '_')}.log"


def run_jobs(jobs: Sequence[Job], logs: Path, at_once: int, then: Callable[[Job], None] | None = None) -> list[Job]:
    """Runs those that are not done; returns those that failed. What needs one of them is left out.

    at_once: so many share the cores; what everything else waits for gets all of them. then: called after each that was
    done. When this is stopped, so are the commands that run.
    """
    done = {job.name for job in jobs if job.is_done}
    left = [job for job in jobs if not job.is_done]
    running: dict[subprocess.Popen, tuple[Job, float]] = {}
    failed: list[Job] = []
    try:
        while left or running:
            ready = [job for job in left if done.issuperset(job.needs)]
            shared = 1 if len(ready) == 1 and not running else at_once
            while ready and len(running) < at_once:
                job = ready.pop(0)
                left.remove(job)
                num_threads = max(1, (os.cpu_count() or 1) // shared)
                running[_start(job, log_of(logs, job), num_threads)] = (job, time.monotonic())
            if not running:
                break  # all that is left needs what failed
            time.sleep(_POLL_S)
            for process in [process for process in running if process.poll() is not None]:
                job, began = running.pop(process)
                if process.returncode or not job.is_done:
                    failed.append(job)
                    continue
                done.add(job.name)
                print(f"{job.name}: {(time.monotonic() - began) / 60:.1f} min, {len(left)} left", flush=True)
                if then is not None:
                    then(job)
    finally:
        for process in running:
            process.terminate()  # each leaves a checkpoint
        for process in running:
            process.wait()
    return failed


def _start(job: Job, path: Path, num_threads: int) -> subprocess.Popen:
    quiet = {"PYTHONWARNINGS": "ignore", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}  # logs are no place for bars
    environment = {**os.environ, **quiet, "OMP_NUM_THREADS": str(num_threads)}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as log:
        return subprocess.Popen([sys.executable, "-m", *job.arguments], stdout=log, stderr=log, env=environment)
