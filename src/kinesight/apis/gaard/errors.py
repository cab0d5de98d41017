"""The gaard-compatible API's error table: HTTP status by error, its one body, and the numbers of clips that came to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from kinesight.apis.edge.failures import Dialect, Failure
from kinesight.domain import errors as e

NO_ACCESS = "no access to current endpoint, make sure you are using correct API key"
"""Wire value of the vendor, for a missing key and for a wrong one."""

STATUSES: Mapping[type[e.KinesightError], int] = MappingProxyType(
    {
        e.BadParameter: 400,
        e.NotAVideo: 400,
        e.NoVideoStream: 400,
        e.CodecUnsupported: 400,
        e.TruncatedVideo: 400,
        e.VideoTooLong: 400,
        e.VideoTooLarge: 400,
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
        e.Conflict: 400,
        e.Unauthenticated: 403,
        e.Forbidden: 403,
        e.InsufficientCredits: 403,
        e.NobodyVisible: 400,
        e.WrongView: 400,
        e.NotRunning: 400,
        e.FeetCutOff: 400,
        e.TooFewStrides: 400,
        e.FrameRateTooLow: 400,
        e.ModelMissing: 500,
        e.ModelDamaged: 500,
        e.ModelFetchFailed: 500,
        e.ModelUnusable: 500,
        e.DiskFull: 500,
        e.QueueFull: 429,
        e.WorkerCrashed: 500,
        e.DeadlineExceeded: 500,
        e.InstallationFaulty: 500,
        e.BadSetting: 500,
        e.Cancelled: 400,
    }
)
"""Status of an answer that *is* this error; for what is wrong with a request, the call that takes clips has 412, not 400."""

NUMBERS: Mapping[str, int] = MappingProxyType(
    {
        e.BadParameter.code: 100,
        e.NotAVideo.code: 101,
        e.NoVideoStream.code: 102,
        e.TruncatedVideo.code: 103,
        e.VideoTooLong.code: 104,
        e.VideoTooLarge.code: 105,
        e.TooFewFrames.code: 106,
        e.ZeroSizePicture.code: 107,
        e.DecoderCrashed.code: 108,
        e.DecoderTimeLimit.code: 109,
        e.BadObservations.code: 110,
        e.BadResult.code: 111,
        e.OtherVideo.code: 119,
        e.UnknownPerson.code: 120,
        e.ConsentMissing.code: 121,
        e.NoFaceInReference.code: 122,
        e.SeveralFacesInReference.code: 123,
        e.ReferenceTooSmall.code: 124,
        e.ReferenceTurnedAway.code: 125,
        e.CodecUnsupported.code: 126,
        e.SourceUnreachable.code: 112,
        e.SourceForbidden.code: 113,
        e.NotFound.code: 114,
        e.Conflict.code: 115,
        e.Unauthenticated.code: 116,
        e.Forbidden.code: 117,
        e.InsufficientCredits.code: 118,
        e.NobodyVisible.code: 201,
        e.WrongView.code: 202,
        e.NotRunning.code: 203,
        e.FeetCutOff.code: 204,
        e.TooFewStrides.code: 205,
        e.FrameRateTooLow.code: 206,
        e.ModelMissing.code: 301,
        e.ModelDamaged.code: 302,
        e.ModelFetchFailed.code: 303,
        e.ModelUnusable.code: 304,
        e.DiskFull.code: 305,
        e.QueueFull.code: 306,
        e.WorkerCrashed.code: 307,
        e.DeadlineExceeded.code: 308,
        e.InstallationFaulty.code: 309,
        e.BadSetting.code: 310,
        e.Cancelled.code: 401,
    }
)
"""`error_code` of a clip that could not be judged, by our code: 1xx file, 2xx scene, 3xx installation, 4xx cancelled."""

UNKNOWN_NUMBER = 900
"""Of a clip that came to nothing for a reason without a code of its own, or whose result cannot be read."""

FAULTS_OF_THE_CLIP = frozenset(kind.code for kind in e.all_errors() if issubclass(kind, e.CallerError | e.SceneError))
"""With these the classification is done, and says so; with any other it failed."""


def body(failure: Failure) -> dict[str, Any]:
    """Return the body of an error answer."""
    return {"success": False, "error": NO_ACCESS if failure.status == 403 else failure.message}


@dataclass(frozen=True, slots=True, kw_only=True)
class GaardDialect(Dialect):
    """Knows only the statuses of the contract: `refused` for what is wrong with a request, 500 for what is wrong here."""

    refused: int = 400

    def failure(self, error: Exception) -> Failure | None:
        """Return what to answer for an error; None for one that nobody foresaw."""
        # named in full, because a dataclass with slots is another class than the one `super` remembers
        failure = Dialect.failure(self, error)
        if failure is None:
            return None
        if failure.status in {400, 413, 415, 422}:
            return replace(failure, status=self.refused)
        return replace(failure, status=min(failure.status, 500))


DIALECT = GaardDialect(statuses=STATUSES, body=body)

CLASSIFY_DIALECT = GaardDialect(statuses=STATUSES, body=body, refused=412)
"""Of the call that takes clips: its contract has 412 for a request that cannot be taken, and no other."""
