"""Everything an installation can set, read once from KINESIGHT_* variables and a TOML file, and passed in as a value."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from kinesight.domain.errors import BadSetting


def _cache_home() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _listed(value: object) -> object:
    """Return the parts of a text that is a list: a JSON one, or one with commas; anything else as it is."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return tuple(part.strip() for part in value.split(",") if part.strip())


Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
"""Texts; in a variable separated by commas, or a JSON list."""


class Settings(BaseSettings):
    """Settings of one installation; docs/reference/settings.md lists every field."""

    model_config = SettingsConfigDict(env_prefix="KINESIGHT_", frozen=True, extra="forbid")
    toml_variable: ClassVar[str] = "KINESIGHT_CONFIG"

    data: Path = Field(default=Path("kinesight-data"), description="Folder of the server: database, uploads, results.")
    models: Path = Field(
        default_factory=lambda: _cache_home() / "kinesight" / "models", description="Folder of the fetched model files."
    )
    host: str = Field(default="127.0.0.1", description="Address that the server listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port that the server listens on; 0 picks a free one.")
    public_url: str | None = Field(
        default=None, description="Address that clients use, for the links in answers; default: that of the request."
    )
    database_url: str | None = Field(
        default=None, description="SQLAlchemy URL of a PostgreSQL database; default: an SQLite file in the data folder."
    )
    workers: int = Field(default=1, ge=0, le=64, description="Analyses that `serve` runs at the same time on this machine.")
    threads: int = Field(default=0, ge=0, description="Threads of one model inference; 0: one per core.")
    tenant_concurrency: int = Field(default=4, ge=1, description="Analyses of one tenant that may run at the same time.")
    queue_limit: int = Field(default=1000, ge=1, description="Unfinished jobs of one tenant before new ones are refused.")
    max_attempts: int = Field(default=3, ge=1, le=10, description="Tries of one job before it is given up as dead.")
    job_time_limit_s: float = Field(default=3600.0, gt=0, description="Wall time of one try of one job.")
    lease_s: float = Field(default=30.0, gt=0.5, description="Time after which the job of a silent worker is given to another.")
    beat_s: float = Field(
        default=1.0, gt=0, description="Seconds between two reports of a running job: progress out, wish to cancel in."
    )
    poll_s: float = Field(default=0.1, ge=0.01, description="Seconds between two looks of a worker into the queue.")
    retry_s: float = Field(
        default=5.0, ge=0, description="Pause before the second try of a job; four times that before the third."
    )
    drain_s: float = Field(default=20.0, ge=0, description="Time that a stopping worker gives its job before handing it back.")
    node: str | None = Field(
        default=None, description="Name of this machine among those that share a database; default: its host name."
    )
    retention_days: float = Field(default=7.0, gt=0, description="Days that uploads, results and outputs are kept.")
    link_seconds: int = Field(default=3600, gt=0, description="Life of a signed link.")
    disk_reserve_mb: int = Field(default=500, ge=0, description="Free space below which new work is refused.")

    max_upload_mb: float = Field(default=2048.0, gt=0, description="Largest video file, in megabytes.")
    max_duration_s: float = Field(default=3600.0, gt=0, description="Longest video.")
    max_side_px: int = Field(default=8192, gt=0, description="Longest picture side.")
    decode_memory_mb: int = Field(default=2048, ge=256, description="Address space of the decoder process.")
    decode_time_limit_s: float = Field(default=900.0, gt=0, description="Processor time of the decoder process for one pass.")

    fetch_allow: Listed = Field(
        default=(),
        description="Hosts and networks, although not public, that videos may be fetched from, and webhooks and outputs sent to; "
        "separated by commas.",
    )
    fetch_time_limit_s: float = Field(default=120.0, gt=0, description="Time limit for fetching a video by its address.")

    ochy_max_upload_mb: float = Field(default=30.0, gt=0, description="Largest file for the Ochy-compatible API.")
    ochy_max_duration_s: float = Field(default=10.0, gt=0, description="Longest video for the Ochy-compatible API.")
    ochy_minimum_fps: float = Field(default=30.0, gt=0, description="Lowest frame rate for the Ochy-compatible API.")
    ochy_credits: bool = Field(
        default=False, description="Whether an analysis started by the Ochy-compatible API costs its tenant one credit."
    )
    smtp_port: int | None = Field(
        default=None, ge=1, le=65535, description="Port on which `serve` takes clips by e-mail; default: it takes none."
    )
    smtp_host: str = Field(default="127.0.0.1", description="Address on which clips are taken by e-mail.")
    smtp_max_mb: float = Field(default=32.0, gt=0, le=1000, description="Largest e-mail, in megabytes as it is transferred.")
    smtp_networks: Listed = Field(
        default=(), description="Networks that e-mails are taken from, such as 10.2.0.0/16; empty: all that reach the port."
    )
    smtp_require_key: bool = Field(
        default=False, description="Whether senders have to log in; any user name with an API key as password."
    )
    smtp_certificate: Path | None = Field(
        default=None, description="PEM file with certificate and private key for STARTTLS; without it e-mail comes in the clear."
    )
    watch_folder: Path | None = Field(
        default=None, description="Folder in which `serve` looks for clips in TENANT/CAMERA/…; default: it looks nowhere."
    )
    watch_settle_s: float = Field(
        default=2.0, gt=0, description="Seconds for which a file in the watched folder has to stay as it is before it is taken."
    )

    webhook_allow_http: bool = Field(default=False, description="Whether webhooks may have http addresses, without encryption.")

    gaard_max_upload_mb: float = Field(default=100.0, gt=0, description="Largest file for the gaard-compatible API.")
    gaard_max_duration_s: float = Field(default=300.0, gt=0, description="Longest clip for the gaard-compatible API.")
    gaard_sync_wait_s: float = Field(
        default=30.0, gt=0, description="How long a `sync` call of the gaard-compatible API waits before it answers 408."
    )
    akool_max_duration_s: float = Field(default=60.0, gt=0, description="Longest video for the Akool-compatible API.")
    akool_consent: str = Field(
        default="",
        max_length=2000,
        description="Standing statement of consent for heads replaced by the Akool-compatible API, for calls without one; empty: "
        "each call has to bring one.",
    )
    akool_credits: bool = Field(
        default=False,
        description="Whether a head task of the Akool-compatible API costs its tenant one credit for each second begun.",
    )
    rate_limit_per_minute: int = Field(
        default=6000, ge=1, description="Requests of one tenant in a minute, each process counting for itself; above it 429."
    )
    alarm_threshold_low: float = Field(
        default=0.2, gt=0, lt=1, description="Score of an intrusion from which a clip is danger, where its camera has no other."
    )
    alarm_threshold_high: float = Field(
        default=0.8,
        gt=0,
        lt=1,
        description="Score of an intrusion from which a clip is intrusion, where its camera has no other.",
    )

    pose_model: Literal["heavy", "full", "onnx"] = Field(
        default="heavy", description="Pose model where the caller names none: heavy, full, or onnx for your own."
    )
    detector: Literal["efficientdet-lite0", "onnx"] = Field(default="efficientdet-lite0", description="Person detector.")
    onnx_pose: Path | None = Field(default=None, description="Your own pose model, RTMPose-style SimCC.")
    onnx_pose_points: Literal["halpe26", "coco-wholebody"] = Field(
        default="halpe26", description="Point set of your own pose model."
    )
    onnx_detector: Path | None = Field(default=None, description="Your own detector.")
    onnx_detector_style: Literal["yolox", "rtmdet"] = Field(default="yolox", description="Output style of your own detector.")
    onnx_providers: Listed = Field(default=("CPUExecutionProvider",), description="ONNX Runtime execution providers, best first.")

    c2pa_certificate: Path | None = Field(
        default=None, description="Your own certificate chain (PEM, the signing one first) for the content credentials of videos."
    )
    c2pa_key: Path | None = Field(default=None, description="Private key (PEM, EC P-256) of that certificate.")
    audit_log: Path | None = Field(
        default=None, description="File that gets one JSON line for every head task, besides the audit.json of its folder."
    )

    bootstrap_key: str | None = Field(default=None, description="API key that `serve` creates on an empty data folder.")
    bootstrap_client_id: str | None = Field(default=None, description="Client id of the tenant created on an empty data folder.")
    log: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log line that is written."
    )

    @model_validator(mode="after")
    def _thresholds_in_order(self) -> Self:
        if self.alarm_threshold_low > self.alarm_threshold_high:
            raise ValueError("alarm_threshold_low must not be above alarm_threshold_high")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the name is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources, strongest first: arguments, environment, TOML file."""
        toml = TomlConfigSettingsSource(settings_cls, toml_file=os.environ.get(cls.toml_variable))
        return init_settings, env_settings, toml


def load_settings(**overrides: object) -> Settings:
    """Return the settings of this process; arguments that are None are left out. Raises `BadSetting`."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]  # pydantic checks the values
    except (ValidationError, ValueError) as error:
        lines = error.errors() if isinstance(error, ValidationError) else []
        first = f"{'.'.join(map(str, lines[0]['loc']))}: {lines[0]['msg']}" if lines else str(error)
        raise BadSetting(f"Setting {first}; see docs/reference/settings.md") from error
