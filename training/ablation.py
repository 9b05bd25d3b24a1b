"""Trains and measures every row of the paper's tables 1, 2 and 3 on a dataset of simulated kitchens.

python -m training.ablation --data kitchens --strangers strangers --out runs --jobs 2
python -m training.ablation --data kitchens --strangers strangers --out runs --list   # what is done and what is left

Stop it at any moment; the same command goes on. Tables and curves in --results are written anew after each run.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from egoprog.errors import EgoprogError
from egoprog.leap.ablation import Job, plan
from training.tables import write_tables


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.ablation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="of `egoprog sim record`")
    parser.add_argument(
        "--strangers", type=Path, metavar="FOLDER",
        help="of `egoprog sim record --strangers`: what the frame encoder learns from (default: --data)",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="RUNS")
    parser.add_argument("--results", type=Path, metavar="FOLDER", help="for tables and curves (default: RUNS/results)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--jobs", type=int, default=1, help="at once; they share the cores (default: 1)")
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="of every training of the network")
    parser.add_argument("--list", action="store_true", help="what is done and what is left")
    options = parser.parse_args(arguments)
    jobs = plan(options.data, options.strangers or options.data, options.out, options.seeds, options.set)
    if options.list:
        print("\n".join(f"{'done' if job.is_done else '    '}  {job.name}" for job in jobs))
        return 0
    try:
        failed = _run(jobs, options.out, options.results or options.out / "results", max(1, options.jobs))
    except KeyboardInterrupt:
        print("training.ablation: stopped; the same command goes on", file=sys.stderr)
        return 130
    except EgoprogError as error:
        print(f"training.ablation: {error}", file=sys.stderr)
        return 1
    for job in failed:
        print(f"training.ablation: {job.name} failed, see {_log(options.out, job)}", file=sys.stderr)
    return 1 if failed else 0


def _run(jobs: list[Job], out: Path, results: Path, at_once: int) -> list[Job]:
    """Those that failed; what needs them is left out."""
    num_cores = os.cpu_count() or 1
    done = {job.name for job in jobs if job.is_done}
    left = [job for job in jobs if not job.is_done]
    running: dict[subprocess.Popen, tuple[Job, float]] = {}
    failed: list[Job] = []
    try:
        while left or running:
            ready = [job for job in left if done.issuperset(job.needs)]
            shared = 1 if len(ready) == 1 and not running else at_once  # what everything waits for gets all cores
            while ready and len(running) < at_once:
                job = ready.pop(0)
                left.remove(job)
                running[_start(job, out, max(1, num_cores // shared))] = (job, time.monotonic())
            if not running:
                break  # all that is left needs what failed
            time.sleep(1.0)
            for process in [process for process in running if process.poll() is not None]:
                job, began = running.pop(process)
                if process.returncode or not job.is_done:
                    failed.append(job)
                    continue
                done.add(job.name)
                print(f"{job.name}: {(time.monotonic() - began) / 60:.1f} min, {len(left)} left", flush=True)
                if not job.name.endswith((":train", "frames", "encoded")):
                    write_tables(out, results)
    finally:
        for process in running:
            process.terminate()  # each leaves a checkpoint
        for process in running:
            process.wait()
    return failed


def _start(job: Job, out: Path, num_threads: int) -> subprocess.Popen:
    environment = {**os.environ, "OMP_NUM_THREADS": str(num_threads), "PYTHONWARNINGS": "ignore"}
    path = _log(out, job)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as log:
        return subprocess.Popen([sys.executable, "-m", *job.arguments], stdout=log, stderr=log, env=environment)


def _log(out: Path, job: Job) -> Path:
    return out / "logs" / f"{job.name.replace('/', '_').replace(':', '_')}.log"


if __name__ == "__main__":
    sys.exit(main())
