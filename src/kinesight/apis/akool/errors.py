"""The Akool-compatible API's error table: the vendor's codes by error, and the one envelope, always with HTTP status 200."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from kinesight.apis.edge.failures import HTTP_CODES, Dialect, Failure
from kinesight.domain import errors as e

SUCCESS = 1000
BAD_PARAMETER = 1003
SERVER_ERROR = 2001

CODES: Mapping[type[e.KinesightError], int] = MappingProxyType(
    {
        e.BadParameter: BAD_PARAMETER,
        e.NotAVideo: 1208,
        e.NoVideoStream: 1208,
        e.CodecUnsupported: 1209,
        e.TruncatedVideo: 1208,
        e.VideoTooLong: 1204,
        e.VideoTooLarge: 1207,
        e.TooFewFrames: 1208,
        e.ZeroSizePicture: 1208,
        e.DecoderCrashed: 1208,
        e.DecoderTimeLimit: 1208,
        e.BadObservations: SERVER_ERROR,
        e.BadResult: SERVER_ERROR,
        e.OtherVideo: BAD_PARAMETER,
        e.UnknownPerson: BAD_PARAMETER,
        e.ConsentMissing: BAD_PARAMETER,
        e.NoFaceInReference: BAD_PARAMETER,
        e.SeveralFacesInReference: BAD_PARAMETER,
        e.ReferenceTooSmall: BAD_PARAMETER,
        e.ReferenceTurnedAway: BAD_PARAMETER,
        e.SourceUnreachable: BAD_PARAMETER,
        e.SourceForbidden: BAD_PARAMETER,
        e.NotFound: 1014,
        e.Conflict: BAD_PARAMETER,
        e.Unauthenticated: 1102,
        e.Forbidden: 1101,
        e.InsufficientCredits: 1104,
        e.NobodyVisible: SERVER_ERROR,
        e.WrongView: SERVER_ERROR,
        e.NotRunning: SERVER_ERROR,
        e.FeetCutOff: SERVER_ERROR,
        e.TooFewStrides: SERVER_ERROR,
        e.FrameRateTooLow: SERVER_ERROR,
        e.ModelMissing: SERVER_ERROR,
        e.ModelDamaged: SERVER_ERROR,
        e.ModelFetchFailed: SERVER_ERROR,
        e.ModelUnusable: SERVER_ERROR,
        e.DiskFull: SERVER_ERROR,
        e.QueueFull: SERVER_ERROR,
        e.WorkerCrashed: SERVER_ERROR,
        e.DeadlineExceeded: SERVER_ERROR,
        e.InstallationFaulty: SERVER_ERROR,
        e.BadSetting: SERVER_ERROR,
        e.Cancelled: SERVER_ERROR,
    }
)
"""`code` of an answer that *is* this error, and `error_code` of an analysis or task that ended with it."""

MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        e.Unauthenticated.code: "The authorization is missing; send x-api-key, or Authorization with Bearer and a token.",
        e.NotFound.code: "Resource not found",
    }
)
"""What is said where the vendor's text is known or the native one would point to the wrong way, by our code."""

_NUMBERS: Mapping[str, int] = MappingProxyType(
    {**dict.fromkeys(HTTP_CODES.values(), BAD_PARAMETER), **{kind.code: number for kind, number in CODES.items()}}
)


def number_of(code: str | None) -> int:
    """Return the vendor's number for one of our codes; never that of success."""
    return _NUMBERS.get(code or "", SERVER_ERROR)


def body(failure: Failure) -> dict[str, Any]:
    """Return the body of an error answer; it has no `data`."""
    return {"code": number_of(failure.code), "msg": MESSAGES.get(failure.code, failure.message)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AkoolDialect(Dialect):
    """Knows one HTTP status: 200. What happened is in the body."""

    def response(self, request: Request, error: Exception) -> Response:
        """Return the answer to an error."""
        # named in full, because a dataclass with slots is another class than the one `super` remembers
        answer = Dialect.response(self, request, error)
        answer.status_code = 200
        return answer


DIALECT = AkoolDialect(statuses=dict.fromkeys(CODES, 200), body=body)
