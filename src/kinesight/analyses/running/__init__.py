"""Running form from one clip: joint angles at foot strike, timing, scores, style."""

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.combined import COMBINER
from kinesight.analyses.running.observations import restore, store, used_models
from kinesight.analyses.running.observe import observe
from kinesight.analyses.running.overlay import overlay
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.report import report
from kinesight.analyses.running.result import RunningResult
from kinesight.analyses.running.tables import tables
from kinesight.domain.analysis import Analysis

ANALYSIS = Analysis(
    name="running",
    summary="Running form of one runner, from the side or from behind: angles, timing, scores, style.",
    parameters=RunningParameters,
    result=RunningResult,
    observe=observe,
    store=store,
    restore=restore,
    analyse=analyse,
    tables=tables,
    overlay=overlay,
    report=report,
    used_models=used_models,
    combiner=COMBINER,
)
