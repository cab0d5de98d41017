"""Checks the size budgets of the house style: a file has at most 400 lines, a function at most 50 without its docstring."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

FILE_LINES = 400
FUNCTION_LINES = 50

# Every exception has its reason here.
EXCEPTIONS = {
    "src/kinesight/cli/analyze.py:running": "one line per option of the documented command",
}


def function_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function without its docstring."""
    body = node.body
    documented = ast.get_docstring(node) is not None
    start = body[0].end_lineno if documented and body[0].end_lineno is not None else node.lineno
    return (node.end_lineno or node.lineno) - start


def violations(root: Path) -> list[str]:
    """Return one line per file or function over its budget."""
    found = []
    for path in sorted(root.joinpath("src").rglob("*.py")):
        name = path.relative_to(root).as_posix()
        text = path.read_text()
        if (lines := text.count("\n")) > FILE_LINES and name not in EXCEPTIONS:
            found.append(f"{name}: {lines} lines, at most {FILE_LINES}")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = function_lines(node)
                if lines > FUNCTION_LINES and f"{name}:{node.name}" not in EXCEPTIONS:
                    found.append(f"{name}:{node.lineno} {node.name}: {lines} lines, at most {FUNCTION_LINES}")
    return found


def main() -> None:
    """Print what is over budget and exit 1 if anything is."""
    found = violations(Path(__file__).resolve().parent.parent)
    print("\n".join(found) if found else "budgets: kept")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
