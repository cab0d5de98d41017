"""Two gaits of the made-up runner as finished folders, and a back view built by hand."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kinesight.analyses.running import ANALYSIS
from kinesight.analyses.running.observations import Observations, store
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.result import BothSides, Event, FootStrikePattern, Measures, Metrics, RunningResult, Score, Texts
from kinesight.domain.analysis import FinishedClip
from kinesight.domain.document import Estimate, MadeBy, ResultDocument
from kinesight.pipeline.combining import read_finished
from kinesight.pipeline.run import Run, Studio
from kinesight.testing.runner import HEIGHT_M, Gait, runner
from kinesight.testing.side_view import Camera, filmed, noisy

BEFORE = Gait(foot_at_strike_deg=18.0, trunk_lean_deg=3.0, elbow_deg=100.0)
AFTER = Gait(foot_at_strike_deg=6.0, trunk_lean_deg=10.0, elbow_deg=84.0, cadence_spm=182.0, landing_speed=0.42)


class Quiet:
    """Nobody watches."""

    def progress(self, stage: str, done: int, total: int | None) -> None:
        pass

    def check(self) -> None:
        pass


def observed(gait: Gait, *, seed: int, seconds: float = 5.0) -> Observations:
    """Return what a camera sees of a gait, with 1 cm of keypoint error."""
    body = runner(gait, seconds=seconds)
    track = filmed(body.at(np.arange(0.0, seconds, 1 / 60)), Camera())
    return Observations(track=noisy(track, sigma_px=4.0, far_side="left", seed=seed))


def analysed(folder: Path, gait: Gait, *, seed: int, seconds: float = 5.0, **chosen: object) -> Path:
    """Analyse a gait from its poses into a folder, as `kinesight analyze running --poses` does."""
    poses = folder.with_suffix(".json")
    poses.write_text(json.dumps(store(observed(gait, seed=seed, seconds=seconds))))
    parameters = RunningParameters.model_validate({"height_m": HEIGHT_M, **chosen})
    studio = Studio(models=None, open_writer=None, canvas=None, encode_jpeg=None)  # type: ignore[arg-type]  # no pictures here
    Run(ANALYSIS, parameters, studio=studio, watch=Quiet()).of_observations(poses, folder)
    return folder


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return finished folders: the gait before, the same once more, and another gait after."""
    root = tmp_path_factory.mktemp("combined")
    return {
        "before": analysed(root / "before", BEFORE, seed=1),
        "again": analysed(root / "again", BEFORE, seed=2),
        "after": analysed(root / "after", AFTER, seed=3),
    }


@pytest.fixture(scope="session")
def spoken_folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[FinishedClip, FinishedClip]]:
    """Return the maker of two finished folders, before and after, in a language; each language is analysed once."""
    root = tmp_path_factory.mktemp("spoken")
    made: dict[str, tuple[FinishedClip, FinishedClip]] = {}

    def make(language: str) -> tuple[FinishedClip, FinishedClip]:
        if language not in made:
            folder = root / language
            folder.mkdir()
            # named without letters, so that a page holds no word but the program's
            pair = [
                analysed(folder / name, gait, seed=seed, seconds=3.5, language=language)
                for name, gait, seed in (("1", BEFORE, 1), ("2", AFTER, 3))
            ]
            clips = [read_finished(each / "result.json", wanted=("report.html", "series.csv")) for each in pair]
            made[language] = (clips[0], clips[1])
        return made[language]

    return make


@pytest.fixture
def finished(folders: dict[str, Path]) -> Callable[[str], FinishedClip]:
    """Return a reader of those folders by name."""
    return lambda name: read_finished(folders[name] / "result.json", wanted=("report.html", "series.csv"))


def drop_score(value: float, score: float, band: str, *, confidence: float = 0.9) -> Score:
    texts = Texts(
        title="Pelvic drop", position=f"Pelvis drops: {band}", recap=("The hip of the swinging leg sinks.",), exercises=("clams",)
    )
    return Score(
        value_deg=value, score=score, band=band, range_good=(0, 5), range_okay=(5, 8), confidence=confidence, texts=texts
    )  # type: ignore[arg-type]


@pytest.fixture
def back() -> FinishedClip:
    """Return a clip from behind as its result document alone, without any file."""

    def number(value: float, spread: float = 0.5) -> Estimate:
        return Estimate(value=value, spread=spread, n=8, confidence=0.9)

    feet = ["left", "right"] * 7
    strikes = [Event(foot=foot, kind="foot_strike", time_s=0.35 * n, confidence=0.8) for n, foot in enumerate(feet)]
    result = RunningResult(
        view="back", direction=None, treadmill=True, instant="full_contact", profile="back/1",
        running_from_s=0.0, running_to_s=5.0, events=tuple(strikes),
        metrics=Metrics(cadence_spm=number(171.0)),
        measures=Measures(
            pelvic_drop_deg=BothSides(left=number(9.0), right=number(4.0)),
            knee_adduction_deg=BothSides(left=number(6.0), right=number(2.0)),
        ),
        foot_strike_pattern=FootStrikePattern(),
        scores={
            "pelvic_drop_left": drop_score(9.0, 0.05, "bad"),
            "pelvic_drop_right": drop_score(4.0, 0.8, "good"),
            "knee_adduction_left": drop_score(6.0, 0.5, "okay", confidence=0.2),
        },
        total_score=0.45, styles=(), swaps_repaired=0,
    )  # fmt: skip
    document = ResultDocument(
        analysis="running", made_by=MadeBy(kinesight="0.1.0"), video=None, result=result.model_dump(mode="json")
    )
    return FinishedClip(title="from behind.mp4", document=document)
