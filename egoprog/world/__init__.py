"""The world model: what sub-actions need and do, and what can be done next."""

from egoprog.world.actions import apply, effects, explain, preconditions
from egoprog.world.domain import Domain, Kind, Use
from egoprog.world.feasibility import feasible
from egoprog.world.repair import repair
from egoprog.world.state import WorldState
from egoprog.world.validation import Problem, Step, Validation, post_conditions, validate

__all__ = [
    "Domain",
    "Kind",
    "Problem",
    "Step",
    "Use",
    "Validation",
    "WorldState",
    "apply",
    "effects",
    "explain",
    "feasible",
    "post_conditions",
    "preconditions",
    "repair",
    "validate",
]
