"""The report in a real browser: it draws without errors, asks the network for nothing, and fits a phone."""

import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next((path for path in map(shutil.which, NAMES) if path), None)


@pytest.fixture(scope="module")
def report(kinesight, short_sprint, tmp_path_factory):
    out = tmp_path_factory.mktemp("report") / "out"
    done = kinesight("analyze", "running", short_sprint, "--out", out, "--pose-model", "full", "--height-m", "1.8")
    assert done.returncode == 0, done.stderr
    return out / "report.html"


def browse(page, folder, *arguments):
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    quiet += [
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={folder / 'profile'}",
        "--virtual-time-budget=3000",
    ]
    done = subprocess.run(
        [BROWSER, *quiet, "--enable-logging=stderr", *arguments, page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.skipif(BROWSER is None, reason="no browser: install the package chromium")
@pytest.mark.parametrize(("width", "height"), [(1280, 1600), (500, 1200)])
def test_the_report_draws(report, tmp_path, width, height):
    shot = tmp_path / "shot.png"
    done = browse(report, tmp_path, f"--screenshot={shot}", f"--window-size={width},{height}", "--hide-scrollbars")
    assert "CONSOLE" not in done.stderr, done.stderr
    picture = np.asarray(Image.open(shot).convert("RGB")).astype(float)
    assert picture.shape[:2] == (height, width)
    # something is drawn in every fifth of the page: no part is one flat colour
    for band in np.array_split(picture, 5):
        assert band.std() > 3


@pytest.mark.skipif(BROWSER is None, reason="no browser: install the package chromium")
def test_nothing_is_wider_than_a_phone(report, tmp_path):
    probe = "<script>addEventListener('load',()=>{document.title='W'+document.documentElement.scrollWidth})</script>"
    page = tmp_path / "probe.html"
    # the page allows no script but its own, so the probe has to lift that
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", report.read_text())
    page.write_text(text.replace("</body>", probe + "</body>"))
    done = browse(page, tmp_path, "--dump-dom", "--window-size=500,900")
    title = done.stdout.split("<title>")[1].split("</title>")[0]
    assert int(title.removeprefix("W")) <= 500
