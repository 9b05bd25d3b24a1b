"""Started in several processes by test_processes.py: trains the toy as it is asked, with gloo on CPUs."""

import sys
from dataclasses import replace
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
torch.set_num_threads(1)

from test_processes import CONFIG, StopsAt  # noqa: E402

from egoprog.train.loop import Interrupted, train  # noqa: E402

if __name__ == "__main__":
    out = Path(sys.argv[1])
    train(StopsAt(), CONFIG, out / "ddp")
    fsdp = replace(CONFIG, sharding="fsdp", micro_batch=2)
    train(StopsAt(), fsdp, out / "fsdp")
    for run, config in (("ddp_stopped", CONFIG), ("fsdp_stopped", fsdp)):
        try:
            train(StopsAt(3), config, out / run)
        except Interrupted as stopped:
            (out / f"{run}.txt").write_text(str(stopped))
