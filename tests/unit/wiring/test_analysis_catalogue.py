"""The registry names every analysis there is, and knows each by its own name."""

import pkgutil
from importlib import import_module

import pytest

import kinesight.analyses
from kinesight.domain.errors import BadParameter
from kinesight.wiring.catalogue import NAMES, all_analyses, analysis_named


def test_every_folder_with_an_analysis_is_listed_once() -> None:
    folders = [module.name for module in pkgutil.iter_modules(kinesight.analyses.__path__)]
    assert sorted(NAMES) == [name for name in folders if hasattr(import_module(f"kinesight.analyses.{name}"), "ANALYSIS")]


def test_an_analysis_bears_the_name_it_is_listed_by() -> None:
    assert tuple(analysis.name for analysis in all_analyses()) == NAMES


@pytest.mark.parametrize("name", ["heads", "", ".persons", "os"])
def test_what_is_not_listed_is_no_analysis(name: str) -> None:
    with pytest.raises(BadParameter, match="running, alarm, persons"):
        analysis_named(name)
