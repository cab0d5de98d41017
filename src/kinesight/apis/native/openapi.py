"""What OpenAPI says about the native API beyond what FastAPI finds out by itself: bodies, errors, result schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from kinesight.analyses.heads.parameters import MOST_MAPPINGS, HeadsParameters
from kinesight.analyses.heads.result import HeadsResult
from kinesight.analyses.persons.corrections import Exclude, Merge, Rename, Split
from kinesight.apis.edge.context import Analyses
from kinesight.apis.native.errors import STATUSES
from kinesight.apis.native.requests import HEADS
from kinesight.apis.native.schemas import ProblemAnswer
from kinesight.domain.document import ResultDocument
from kinesight.domain.outputs import OutputSettings
from kinesight.domain.sites import CameraSettings

_REF = "#/components/schemas/"

START_BODY: Mapping[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["kind", "video"],
                "additionalProperties": False,
                "properties": {
                    "kind": {"$ref": f"{_REF}AnalysisKind"},
                    "parameters": {"$ref": f"{_REF}AnalysisParameters"},
                    "video": {"type": "string", "contentMediaType": "application/octet-stream", "description": "The video file."},
                },
            },
            "encoding": {"parameters": {"contentType": "application/json"}},
        },
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["kind", "source_url"],
                "additionalProperties": False,
                "properties": {
                    "kind": {"$ref": f"{_REF}AnalysisKind"},
                    "source_url": {"type": "string", "format": "uri", "maxLength": 4096},
                    "parameters": {"$ref": f"{_REF}AnalysisParameters"},
                },
            },
            "examples": {
                "by address": {
                    "value": {
                        "kind": "running",
                        "source_url": "https://media.example.com/run.mp4",
                        "parameters": {"view": "side", "height_m": 1.75},
                    }
                }
            },
        },
    },
}

CALLBACK: Mapping[str, Any] = {
    "type": "string",
    "format": "uri",
    "maxLength": 2048,
    "description": "Is sent one signed message when the task has ended.",
}

HEADS_BODY: Mapping[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"parameters": {"$ref": f"{_REF}HeadsParameters"}, "callback_url": CALLBACK},
                "patternProperties": {
                    "^reference_(0|[1-9][0-9]{0,5})$": {
                        "type": "string",
                        "contentMediaType": "image/*",
                        "description": "JPEG or PNG picture of the new face of the person with this obj_id, up to five.",
                    }
                },
                "additionalProperties": False,
            },
            "encoding": {"parameters": {"contentType": "application/json"}},
        },
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {
                    "parameters": {"$ref": f"{_REF}HeadsParameters"},
                    "references": {
                        "type": "object",
                        "maxProperties": MOST_MAPPINGS,
                        "additionalProperties": {"type": "string", "format": "uri", "maxLength": 4096},
                        "description": "Addresses of JPEG or PNG pictures by obj_id.",
                    },
                    "callback_url": CALLBACK,
                },
                "additionalProperties": False,
            },
            "examples": {
                "hide everybody but one": {"value": {"parameters": {"mode": "anonymize", "keep": [0]}}},
                "replace one": {
                    "value": {
                        "parameters": {"mode": "replace", "consent": "Anna Example agreed in writing on 2026-11-20."},
                        "references": {"1": "https://media.example.com/face.jpg"},
                    }
                },
            },
        },
    },
}

CHANGE_BODY: Mapping[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"anyOf": [{"$ref": f"{_REF}{model.__name__}"} for model in (Merge, Split, Rename, Exclude)]},
            "examples": {
                "two are one": {"value": {"action": "merge", "obj_ids": [0, 3]}},
                "one is two": {"value": {"action": "split", "obj_id": 2, "at_s": 4.1}},
                "a name": {"value": {"action": "rename", "obj_id": 0, "name": "Anna"}},
                "not this person": {"value": {"action": "exclude", "obj_id": 1, "from_s": 2.0, "to_s": 3.5}},
            },
        }
    },
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI answers for these statuses, each with the codes that come with it."""
    extra = {415: ["unsupported_media_type"]}
    found: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        codes = [kind.code for kind, its in STATUSES.items() if its == status] + extra.get(status, [])
        found[status] = {"model": ProblemAnswer, "description": f"Codes: {', '.join(codes)}."}
    return found


ERRORS = errors(401, 403)
"""What every native route may answer."""


def result_schemas(analyses: Analyses) -> dict[str, Any]:
    """Return the component schemas of all parameters and results, and the two unions over them."""
    models = [(model, "validation") for a in analyses.values() for model in (a.parameters, a.result)]
    models += [(CameraSettings, "validation"), (OutputSettings, "validation")]
    models += [(model, "validation") for model in (HeadsParameters, HeadsResult, Merge, Split, Rename, Exclude)]
    models += [(a.combiner.document, "validation") for a in analyses.values() if a.combiner is not None]
    _, generated = models_json_schema([*models, (ResultDocument, "validation")], ref_template=_REF + "{model}")  # type: ignore[list-item]
    schemas: dict[str, Any] = dict(generated.get("$defs", {}))
    del schemas["Split"]["properties"]["new_id"]  # the server gives it, and refuses it from callers
    results: dict[str, type[BaseModel]] = {HEADS: HeadsResult, **{name: analysis.result for name, analysis in analyses.items()}}
    for name, result in sorted(results.items()):
        document = dict(schemas["ResultDocument"])
        document["title"] = f"{name} result document"
        document["properties"] = {
            **document["properties"],
            "analysis": {"const": name},
            "result": {"$ref": f"{_REF}{result.__name__}"},
        }
        schemas[f"ResultDocument_{name}"] = document
    schemas["AnalysisKind"] = {"type": "string", "enum": sorted(analyses), "description": "Which analysis."}
    schemas["AnalysisParameters"] = {
        "description": "Parameters of the chosen kind.",
        "anyOf": [{"$ref": f"{_REF}{a.parameters.__name__}"} for _, a in sorted(analyses.items())],
    }
    combined = [a.combiner.document.__name__ for _, a in sorted(analyses.items()) if a.combiner is not None]
    schemas["AnyCombinedDocument"] = (
        {"anyOf": [{"$ref": f"{_REF}{name}"} for name in combined]} if combined else {"type": "object"}
    )
    schemas["AnyResultDocument"] = {"anyOf": [{"$ref": f"{_REF}ResultDocument_{name}"} for name in sorted(results)]}
    return schemas


def complete(document: dict[str, Any], analyses: Analyses) -> dict[str, Any]:
    """Return FastAPI's OpenAPI document with the schemas of every analysis in it."""
    schemas = {**document["components"]["schemas"], **result_schemas(analyses)}
    reference = {"$ref": f"{_REF}AnyResultDocument"}
    view = dict(schemas["AnalysisView"])
    view["properties"] = {**view["properties"], "result": {"anyOf": [reference, {"type": "null"}]}}
    schemas["AnalysisView"] = view
    result = document["paths"]["/v1/analyses/{analysis_id}/result"]["get"]["responses"]["200"]
    result["content"]["application/json"]["schema"] = reference
    combined = document["paths"]["/v1/combined"]["get"]["responses"]["200"]
    combined["content"]["application/json"]["schema"] = {"$ref": f"{_REF}AnyCombinedDocument"}
    return {**document, "components": {**document["components"], "schemas": dict(sorted(schemas.items()))}}
