"""Run the cells of a notebook in one namespace, as Jupyter does, and print what each shows.

python tests/notebook_cells.py NOTEBOOK

Prints JSON: cell id -> {"printed", "text", "html"}; the last two are of the last expression, or
null. No Jupyter is needed. A cell that raises ends it with that error.
"""

import ast
import io
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def not_stripped(notebook: dict[str, Any]) -> list[str]:
    """The ids of cells that still have an output or the number of an execution."""
    return [
        cell["id"]
        for cell in code_cells(notebook)
        if cell["outputs"] or cell["execution_count"] is not None
    ]


def show(cell: dict[str, Any], names: dict[str, Any]) -> dict[str, str | None]:
    """Run one cell; as in Jupyter, its last expression is what it shows."""
    body = ast.parse("".join(cell["source"])).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    value, printed = None, io.StringIO()
    with redirect_stdout(printed):
        exec(compile(ast.Module(body, []), cell["id"], "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), cell["id"], "eval"), names)
    html = value._repr_html_() if hasattr(value, "_repr_html_") else None
    text = None if value is None else repr(value)
    return {"printed": printed.getvalue(), "text": text, "html": html}


def main() -> None:
    notebook = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    names: dict[str, Any] = {"__name__": "__main__"}
    shown = {cell["id"]: show(cell, names) for cell in code_cells(notebook)}
    sys.stdout.write(json.dumps(shown))


if __name__ == "__main__":
    main()
