"""The Ochy-compatible API's error table: HTTP status by error, and bodies in FastAPI's `detail` form as the vendor has them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from kinesight.apis.edge.failures import Dialect, Failure
from kinesight.domain import errors as e

STATUSES: Mapping[type[e.KinesightError], int] = MappingProxyType(
    {
        e.BadParameter: 422,
        e.NotAVideo: 400,
        e.NoVideoStream: 400,
        e.CodecUnsupported: 400,
        e.TruncatedVideo: 400,
        e.VideoTooLong: 400,
        e.VideoTooLarge: 413,
        e.TooFewFrames: 400,
        e.ZeroSizePicture: 400,
        e.DecoderCrashed: 400,
        e.DecoderTimeLimit: 400,
        e.BadObservations: 400,
        e.BadResult: 400,
        e.OtherVideo: 400,
        e.UnknownPerson: 400,
        e.ConsentMissing: 400,
        e.NoFaceInReference: 400,
        e.SeveralFacesInReference: 400,
        e.ReferenceTooSmall: 400,
        e.ReferenceTurnedAway: 400,
        e.SourceUnreachable: 400,
        e.SourceForbidden: 400,
        e.NotFound: 404,
        e.Conflict: 409,
        e.Unauthenticated: 401,
        e.Forbidden: 403,
        e.InsufficientCredits: 402,
        e.NobodyVisible: 400,
        e.WrongView: 400,
        e.NotRunning: 400,
        e.FeetCutOff: 400,
        e.TooFewStrides: 400,
        e.FrameRateTooLow: 400,
        e.ModelMissing: 503,
        e.ModelDamaged: 503,
        e.ModelFetchFailed: 503,
        e.ModelUnusable: 503,
        e.DiskFull: 507,
        e.QueueFull: 429,
        e.WorkerCrashed: 500,
        e.DeadlineExceeded: 504,
        e.InstallationFaulty: 503,
        e.BadSetting: 500,
        e.Cancelled: 400,
    }
)
"""Status of an answer that *is* this error; an analysis that failed with it is always a 400 of the results call."""

FIXED = MappingProxyType(
    {
        "unauthenticated": "API Key is missing",
        "forbidden": "Invalid API Key",
        "insufficient_credits": "Insufficient credits to perform analysis",
    }
)
"""Wire values of the vendor, by our code."""

BARE_STATUSES = frozenset({401, 403, 404, 405, 413, 415})
"""Answers whose body is `detail` alone; the others add our `code`, as the vendor does for 402."""


def body(failure: Failure) -> dict[str, Any]:
    """Return the body of an error answer."""
    if failure.status == 422:
        missing_place = {"type": "value_error", "loc": ["body"], "msg": failure.message}
        return {"detail": [{**item, "loc": list(item["loc"])} for item in failure.details] or [missing_place]}
    detail = FIXED.get(failure.code, failure.message)
    return {"detail": detail} if failure.status in BARE_STATUSES else {"detail": detail, "code": failure.code}


DIALECT = Dialect(statuses=STATUSES, body=body)
