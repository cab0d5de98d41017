"""The frame that every report page stands in: one self-contained HTML file, light and dark, for screen and paper."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import ChoiceLoader, Environment, FunctionLoader, PackageLoader, StrictUndefined
from markupsafe import Markup

_OWN = "kinesight.pages"


@lru_cache(maxsize=16)
def _environment(package: str) -> Environment:
    own = files(_OWN).joinpath("templates")
    return Environment(
        loader=ChoiceLoader(
            [
                PackageLoader(package),
                FunctionLoader(lambda name: own.joinpath(name).read_text("utf-8") if name == "frame.html" else None),
            ]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(*, package: str, template: str, **values: Any) -> str:
    """Return a page from a template of an analysis that extends `frame.html`.

    Parameters
    ----------
    package
        The package whose folder `templates` holds the template.
    template
        Its file name; it fills the blocks `title`, `header` and `content` of the frame.
    values
        What the template shows. Strings are escaped; only `Markup` goes in as it is. A name that is missing raises.

    Returns
    -------
    str
        HTML that needs nothing from outside: style and script are in it, and a content security policy lets the browser load
        nothing but embedded pictures and video and run no script but the page's own.
    """
    own = files(_OWN).joinpath("templates")
    style, script = own.joinpath("style.css").read_text("utf-8"), own.joinpath("script.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        "default-src 'none'; img-src data:; media-src data: blob:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    frame_values = {"policy": policy, "style": Markup(style), "script": Markup(script)}  # noqa: S704  # both are the package's own files
    return _environment(package).get_template(template).render(**frame_values, **values)


def data_url(content: bytes, *, media_type: str) -> str:
    """Return bytes as a `data:` address, for pictures and video inside the page."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
