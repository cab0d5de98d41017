"""What somebody may ask of a head task; checked here, so that every way in says the same."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from pydantic import Field, model_validator

from kinesight.domain.document import Document
from kinesight.domain.errors import BadParameter, ConsentMissing, UnknownPerson
from kinesight.domain.heads import Style

MOST_MAPPINGS = 5
"""Persons that one task may replace; what the compatible API allows."""

SHORTEST_CONSENT = 3
"""Characters of a consent statement; a dot is none."""

Resolution = Literal["480p", "720p", "source"]


class HeadsParameters(Document):
    """One head task. `keep` and `only` are for hiding, `replace` and `consent` for replacing."""

    mode: Literal["anonymize", "replace"] = Field(description="Hide heads, or put other faces on them.")
    keep: tuple[int, ...] = Field(default=(), description="Persons whose heads stay; everybody else is hidden.")
    only: tuple[int, ...] | None = Field(default=None, description="The only persons that are hidden; nobody else is.")
    style: Style = Field(default="blur", description="How heads are hidden, also where a replaced head is out of reach.")
    replace: tuple[int, ...] = Field(default=(), description="Persons that get the reference face of the same place.")
    consent: str | None = Field(default=None, max_length=2000, description="Who agreed to the replacement, in words.")
    keep_original_sound: bool = Field(default=True, description="Whether the output has the source's sound.")
    resolution: Resolution = Field(default="source", description="Shorter side of the output; never enlarged.")
    visible_mark: bool = Field(default=True, description="Whether replaced heads are announced in the picture.")

    @model_validator(mode="after")
    def _fits_mode(self) -> HeadsParameters:
        if self.mode == "anonymize" and self.replace:
            raise ValueError("hiding takes no reference faces")
        if self.mode == "replace" and (self.keep or self.only is not None):
            raise ValueError("keep and only are for hiding")
        if self.keep and self.only is not None:
            raise ValueError("give either keep or only")
        return self

    @property
    def shorter_side_px(self) -> int | None:
        """Return the wanted shorter side; None for that of the source."""
        return {"480p": 480, "720p": 720, "source": None}[self.resolution]


def refuse_unready(parameters: HeadsParameters) -> None:
    """Refuse a replacement that lacks what it needs.

    Raises
    ------
    ConsentMissing
        Nobody's consent is stated.
    BadParameter
        No person is mapped, more than five are, or one is mapped twice.
    """
    if parameters.mode != "replace":
        return
    if not parameters.replace:
        raise BadParameter("No person is mapped to a reference face; give at least one, such as 0=face.jpg.")
    if len(parameters.replace) > MOST_MAPPINGS:
        raise BadParameter(f"{len(parameters.replace)} persons are mapped; {MOST_MAPPINGS} can be replaced in one task.")
    if len(set(parameters.replace)) < len(parameters.replace):
        raise BadParameter("One person is mapped twice; give each person one reference face.")
    if len((parameters.consent or "").strip()) < SHORTEST_CONSENT:
        raise ConsentMissing


def refuse_unfit(parameters: HeadsParameters, *, referenced: Collection[int], known: Collection[int]) -> None:
    """Refuse a task that asks for persons who are not there, or whose reference pictures are not those of the replaced persons.

    Parameters
    ----------
    referenced
        The persons for whom there is a reference picture.
    known
        The persons of the analysis.

    Raises
    ------
    UnknownPerson
        A person is not among the known ones.
    BadParameter
        A replaced person has no reference picture, or somebody else has one; or as `refuse_unready`.
    ConsentMissing
        As `refuse_unready`.
    """
    refuse_unready(parameters)
    named = {*parameters.keep, *(parameters.only or ()), *parameters.replace, *referenced}
    unknown = sorted(named - set(known))
    if unknown:
        there = ", ".join(str(one) for one in sorted(known)) or "none"
        raise UnknownPerson(f"There is no person {unknown[0]} in the analysed video; there are: {there}.")
    missing = sorted(set(parameters.replace) - set(referenced))
    if missing:
        raise BadParameter(f"Person {missing[0]} is to be replaced and has no reference picture; send one.")
    spare = sorted(set(referenced) - set(parameters.replace))
    if spare:
        raise BadParameter(f"There is a reference picture for person {spare[0]}, who is not to be replaced; leave it out.")
