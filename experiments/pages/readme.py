"""What pages show of stored results and of the source: blocks and lines of code.

A block is what stands between `<!-- answer:NAME -->` and `<!-- /answer:NAME -->`.
experiments/answer.py, which has the rules that decide, renders them. Those of docs/paper.md begin
with `paper:`; experiments/paper.py renders them.
"""

import ast
import re
from collections.abc import Sequence

from wordrel.errors import StoreError

_BLOCK = re.compile(
    r"<!-- (?P<block>(?:answer|paper):[\w.-]+) -->.*?<!-- /(?P=block) -->", re.DOTALL
)


def replace_block(text: str, block: str, fresh: str) -> str:
    """The text with the block of this name replaced, its markers kept.

    Args:
        text: of a page.
        block: such as `answer:claims`.
        fresh: its new content.

    Raises:
        StoreError: the text has not exactly one such block.
    """
    matches = [m for m in _BLOCK.finditer(text) if m["block"] == block]
    if len(matches) != 1:
        markers = f"<!-- {block} --> and <!-- /{block} -->"
        raise StoreError(f"page: found {len(matches)} blocks {block}, expected 1 between {markers}")
    start, end = matches[0].span()
    return f"{text[:start]}<!-- {block} -->\n{fresh}\n<!-- /{block} -->{text[end:]}"


def steps(source: str, functions: Sequence[str]) -> str:
    """The lines of some functions below a comment with their names, without `return`.

    Args:
        source: of a module.
        functions: their names, in the order in which they are shown.
    """
    defined = {f.name: f for f in ast.parse(source).body if isinstance(f, ast.FunctionDef)}
    shown = []
    for name in functions:
        inside = [s for s in defined[name].body if not isinstance(s, ast.Expr | ast.Return)]
        lines = [ast.get_source_segment(source, line) or "" for line in inside]
        shown.append("\n".join([f"# {name}", *lines]))
    return "\n\n".join(shown)
