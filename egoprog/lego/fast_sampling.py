"""How a model samples, and what it leaves out for speed: solver, steps, guidance, features that are used again."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from egoprog.errors import ConfigurationError, ModelError
from egoprog.lego.stepping import SOLVERS, solver

SAMPLING_JSON = "sampling.json"


@dataclass(frozen=True)
class Sampling:
    """Defaults are the paper's: nothing is left out.

    solver: see `egoprog.lego.stepping`. guided: from where to where guidance runs, as shares of the steps; in the
    others the row with all conditions stands alone. reuse: the whole UNet runs in every so-many-th guided step, and
    its deep features serve in those between.
    """

    solver: str = SOLVERS[0]
    num_steps: int = 100
    guided: tuple[float, float] = (0.0, 1.0)
    reuse: int = 1

    def __post_init__(self) -> None:
        solver(self.solver, self.num_steps)
        start, stop = self.guided
        if not 0.0 <= start < stop <= 1.0:
            raise ConfigurationError(f"expected guidance in a part of the steps from 0 to 1, got {start} to {stop}")
        if self.reuse < 1:
            raise ConfigurationError(f"expected to use deep features 1 time or more, got {self.reuse}")

    @property
    def is_always_guided(self) -> bool:
        return self.guided == (0.0, 1.0)

    def is_guided(self, k: int, num_steps: int) -> bool:
        """Whether step k of so many is."""
        start, stop = self.guided
        return start <= k / num_steps < stop

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=1) + "\n"


def read_sampling(folder: Path) -> Sampling:
    """Of a model's folder. Raises ModelError for a file that is missing or is something else."""
    path = folder / SAMPLING_JSON
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Sampling(**values | {"guided": tuple(values["guided"])})
    except (OSError, ValueError, KeyError, TypeError, ConfigurationError) as error:
        raise ModelError(
            f"expected how to sample in {path}, got {error}; make it with  python -m export.lego"
        ) from None
