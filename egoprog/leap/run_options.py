"""What a training was asked for, kept in its folder so that what comes after it need not be told again."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from egoprog.errors import ModelError
from egoprog.leap.recipe import Recipe
from egoprog.leap.recipes import recipe

RUN_NAME = "run.json"
_PATHS = ("programs", "init", "context", "encoded", "shards")


@dataclass(frozen=True)
class RunOptions:
    """recipe, settings: see `recipes.recipe`. The others: see `task.LeapTask`."""

    recipe: str
    settings: tuple[str, ...]
    data: Path
    programs: Path | None = None
    init: Path | None = None
    context: Path | None = None
    encoded: Path | None = None
    shards: Path | None = None

    def made(self) -> Recipe:
        """Raises UnknownRecipe and ConfigurationError."""
        return recipe(self.recipe, self.settings)

    def to_json(self) -> str:
        """The text of RUN/run.json."""
        values = {name: str(one) if isinstance(one, Path) else one for name, one in dataclasses.asdict(self).items()}
        return json.dumps(values, indent=1) + "\n"

    @classmethod
    def read(cls, run: str | Path) -> RunOptions:
        """Raises ModelError for a folder that no training wrote."""
        path = Path(run) / RUN_NAME
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            paths = {name: Path(values[name]) for name in _PATHS if values.get(name) is not None}
            return cls(values["recipe"], tuple(values["settings"]), Path(values["data"]), **paths)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"expected the folder of a run of training.leap, got {run}: {error}") from None
