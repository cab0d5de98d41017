"""Alarm clips: is somebody there, and if not, what set the camera off."""

from kinesight.analyses.alarm.analysis import analyse
from kinesight.analyses.alarm.observations import restore, store, used_models
from kinesight.analyses.alarm.observe import observe
from kinesight.analyses.alarm.overlay import overlay
from kinesight.analyses.alarm.parameters import AlarmParameters
from kinesight.analyses.alarm.report import report
from kinesight.analyses.alarm.result import AlarmResult
from kinesight.analyses.alarm.tables import tables
from kinesight.domain.analysis import Analysis

ANALYSIS = Analysis(
    name="alarm",
    summary="An alarm clip: does a person or vehicle move, and if not, what set the camera off.",
    parameters=AlarmParameters,
    result=AlarmResult,
    observe=observe,
    store=store,
    restore=restore,
    analyse=analyse,
    tables=tables,
    overlay=overlay,
    report=report,
    used_models=used_models,
    observations_file="evidence.json",
    is_urgent=True,
    draws_later=True,
    takes_broken=True,
    warm_up=lambda models: (models.detector(), models.encoder()),
)
