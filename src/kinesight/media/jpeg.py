"""Still pictures as JPEG."""

from __future__ import annotations

from io import BytesIO

import PIL.Image

from kinesight.domain.video import Image


def encode_jpeg(rgb: Image, quality: int = 88) -> bytes:
    """Return a baseline JPEG file.

    Parameters
    ----------
    rgb
        (height, width, 3) uint8.
    quality
        1..95 on the scale of the JPEG library; 88 keeps thin coloured lines readable.
    """
    if not 1 <= quality <= 95:
        raise ValueError(f"JPEG quality {quality} is not within 1..95")
    buffer = BytesIO()
    PIL.Image.fromarray(rgb).save(buffer, "JPEG", quality=quality, optimize=True, subsampling=0 if quality >= 90 else 2)
    return buffer.getvalue()
