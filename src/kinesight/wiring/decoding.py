"""What stands ready to decode, for whoever has slow things to import meanwhile; imports nothing slow itself."""

from __future__ import annotations

from contextlib import AbstractContextManager

from kinesight.media.starting import StartDecoder
from kinesight.media.zygote import DecoderZygote


def ready_to_decode() -> AbstractContextManager[StartDecoder]:
    """Return a block in which decoder processes start in milliseconds; it begins to load what they need when it is entered."""
    return DecoderZygote()
