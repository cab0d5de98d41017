"""What a caller can choose about one alarm clip."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from kinesight.analyses.alarm.nuisance.learnt import LastLayer
from kinesight.domain.cameras import CameraRules, Scene
from kinesight.domain.document import Document


class AlarmParameters(Document):
    """Parameters of one run.

    The risk is `intrusion` from `threshold_high` on and `danger` from `threshold_low` on. `memory` is what earlier clips of the
    same camera left behind, youngest first.
    """

    threshold_low: float = Field(default=0.2, gt=0.0, lt=1.0, description="Score of `intrusion` from which the risk is danger.")
    threshold_high: float = Field(
        default=0.8,
        gt=0.0,
        lt=1.0,
        description="Score of `intrusion` from which the risk is intrusion; of any label to be listed.",
    )
    camera: CameraRules = Field(default_factory=CameraRules, description="Zones, masks, lines and arming of the camera.")
    metadata: dict[str, Any] = Field(default_factory=dict, description="Whatever the sender knows about the clip; echoed.")
    nuisance: LastLayer | None = Field(default=None, description="What the tenant's operators taught; None: as shipped.")
    memory: tuple[Scene, ...] = Field(default=(), max_length=16, description="Scenes of the camera's earlier clips.")

    @model_validator(mode="after")
    def _thresholds_in_order(self) -> Self:
        if self.threshold_low > self.threshold_high:
            raise ValueError("threshold_low must not be above threshold_high")
        return self
