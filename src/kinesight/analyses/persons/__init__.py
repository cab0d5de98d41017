"""Persons of one video: who is in it, when and where, a picture of each, and why two appearances are one person."""

from kinesight.analyses.persons.analysis import analyse
from kinesight.analyses.persons.crops import crops
from kinesight.analyses.persons.heads_document import restore, store
from kinesight.analyses.persons.observations import used_models
from kinesight.analyses.persons.observe import observe
from kinesight.analyses.persons.overlay import overlay
from kinesight.analyses.persons.parameters import PersonsParameters
from kinesight.analyses.persons.report import report
from kinesight.analyses.persons.result import PersonsResult
from kinesight.analyses.persons.tables import tables
from kinesight.domain.analysis import Analysis

ANALYSIS = Analysis(
    name="persons",
    summary="Everybody in a video, found once each: when, where, with a picture and a head box in every frame.",
    parameters=PersonsParameters,
    result=PersonsResult,
    observe=observe,
    store=store,
    restore=restore,
    analyse=analyse,
    tables=tables,
    overlay=overlay,
    report=report,
    used_models=used_models,
    observations_file="heads.json",
    crops=crops,
)
