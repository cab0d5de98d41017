"""What exists is documented: pages that follow from the code are regenerated and compared."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


reference = load("reference")


@pytest.mark.parametrize("name", sorted(reference.PAGES))
def test_reference_pages_match_the_code(name):
    assert (ROOT / name).read_text() == reference.PAGES[name](), "run `make docs`"


def test_every_setting_has_a_description():
    missing = [name for name, field in reference.Settings.model_fields.items() if not field.description]
    assert missing == []


def test_every_error_has_its_own_code_and_says_what_to_do():
    errors = reference.all_errors()
    codes = [error.code for error in errors]
    assert len(set(codes)) == len(codes)
    assert [error.__name__ for error in errors if len((error.__doc__ or "").split()) < 4] == []


def test_budgets_are_kept_and_notice_a_long_function(tmp_path):
    budgets = load("budgets")
    assert budgets.violations(ROOT) == []
    (tmp_path / "src").mkdir()
    body = "\n".join(f"    x = {n}" for n in range(60))
    (tmp_path / "src" / "long.py").write_text(f"def f():\n{body}\n")
    assert len(budgets.violations(tmp_path)) == 1
