"""The native API's error table: HTTP status by error, and the one body shape."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from kinesight.apis.edge.failures import Dialect, Failure
from kinesight.domain import errors as e

STATUSES: Mapping[type[e.KinesightError], int] = MappingProxyType(
    {
        e.BadParameter: 422,
        e.NotAVideo: 422,
        e.NoVideoStream: 422,
        e.CodecUnsupported: 422,
        e.TruncatedVideo: 422,
        e.VideoTooLong: 422,
        e.VideoTooLarge: 413,
        e.TooFewFrames: 422,
        e.ZeroSizePicture: 422,
        e.DecoderCrashed: 422,
        e.DecoderTimeLimit: 422,
        e.BadObservations: 422,
        e.BadResult: 422,
        e.OtherVideo: 422,
        e.UnknownPerson: 422,
        e.ConsentMissing: 422,
        e.NoFaceInReference: 422,
        e.SeveralFacesInReference: 422,
        e.ReferenceTooSmall: 422,
        e.ReferenceTurnedAway: 422,
        e.SourceUnreachable: 422,
        e.SourceForbidden: 422,
        e.NotFound: 404,
        e.Conflict: 409,
        e.Unauthenticated: 401,
        e.Forbidden: 403,
        e.InsufficientCredits: 402,
        e.NobodyVisible: 422,
        e.WrongView: 422,
        e.NotRunning: 422,
        e.FeetCutOff: 422,
        e.TooFewStrides: 422,
        e.FrameRateTooLow: 422,
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
        e.Cancelled: 409,
    }
)
"""Status of an answer that *is* this error. An analysis that failed with it is a 200 whose `error` says so."""


def body(failure: Failure) -> dict[str, Any]:
    """Return the body of an error answer."""
    return {"error": {"code": failure.code, "message": failure.message}}


DIALECT = Dialect(statuses=STATUSES, body=body)
