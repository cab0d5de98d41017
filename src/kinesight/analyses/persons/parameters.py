"""What a user may choose for a persons analysis."""

from __future__ import annotations

from pydantic import Field

from kinesight.domain.document import Document


class PersonsParameters(Document):
    """Choices of a persons analysis."""

    link: bool = Field(
        default=True,
        description="Join a person who was hidden or came back to one id; without, every appearance is an id of its own.",
    )
    language: str = Field(default="en", pattern="^en$", description="Language of the report; English so far.")
