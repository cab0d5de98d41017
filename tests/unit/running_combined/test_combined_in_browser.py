"""The combined page in a real browser: no complaint, and nothing wider than a phone."""

import dataclasses
import re
import shutil
import subprocess

import pytest

from kinesight.analyses.running.combined import combine

NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next((path for path in map(shutil.which, NAMES) if path), None)


@pytest.mark.skipif(BROWSER is None, reason="no browser: install the package chromium")
@pytest.mark.parametrize(("kind", "language"), [("before_after", "de"), ("two_views", "fr"), ("before_after", "ja")])
def test_nothing_is_wider_than_a_phone(finished, back, spoken_folders, tmp_path, kind, language):
    if kind == "before_after":
        first, second = spoken_folders(language)
    else:
        first, second = finished("before"), back
        told = {**back.document.result, "language": language}
        second = dataclasses.replace(back, document=back.document.model_copy(update={"result": told}))
    html = combine(first, second).page
    assert f'<html lang="{language}">' in html
    # the page allows no script but its own, so the probe has to lift that; a frame is narrower than any window can be
    open_html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
    (tmp_path / "report.html").write_text(open_html)
    probe = (
        "<body style='margin:0'><iframe id='f' style='width:400px;height:900px;border:0' src='report.html'></iframe><script>"
        "addEventListener('load',()=>{document.title='W'+document.getElementById('f').contentDocument.documentElement.scrollWidth})"
        "</script></body>"
    )
    (tmp_path / "probe.html").write_text(probe)
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    quiet += ["--disable-component-update", "--disable-sync", "--allow-file-access-from-files", "--virtual-time-budget=3000"]
    done = subprocess.run(
        [
            BROWSER,
            *quiet,
            f"--user-data-dir={tmp_path / 'profile'}",
            "--enable-logging=stderr",
            "--dump-dom",
            (tmp_path / "probe.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "CONSOLE" not in done.stderr, done.stderr
    title = re.search(r"<title>W([0-9]+)</title>", done.stdout)
    assert title, done.stdout[:500]
    assert int(title[1]) <= 400
