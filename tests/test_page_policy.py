"""The pages' Content-Security-Policy allows exactly the scripts that stand in them."""

import base64
import hashlib
import re

from wordrel.explorer import page as explorer
from wordrel.report import document as doc
from wordrel.report import html


def sources(page: str) -> list[str]:
    """What the policy of a page allows to run."""
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts["default-src"] == "'none'"
    return parts["script-src"].split()


def digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def test_the_report_runs_its_script_and_its_library_and_nothing_else():
    page = html.write(doc.Document("a", [], [doc.Section("b", [doc.Paragraph("c")], "s")]))
    _, _, rest = page.partition('<script type="text/plain" id="library">')
    library, _, rest = rest.partition("</script>")
    script = re.search(r"<script>(.*?)</script>", rest, re.DOTALL)[1]
    added = f"(() => {{{library}}})();"  # what the page's script makes of it
    assert "`(() => {${text}})();`" in script
    assert sources(page) == [digest(script), digest(added)]
    assert "ast: true" in script  # else Vega makes functions of text, which the policy refuses


def test_the_explorer_runs_its_script_and_its_data_and_nothing_else(monkeypatch):
    model = {"name": "{{sources}}", "tensors": {}}
    data = [
        {
            "study": "{{code}}</script>",
            "words": ["{{data}}"],
            "models": [model],
            "counts_models": [],
        }
    ]
    page, beside = explorer.render(data, "x-data.js")
    held, code = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert beside == {}
    assert sources(page) == [digest(code), digest(held)]
    assert '"{{data}}"' in held  # marks are filled once
    assert "<title>Explorer: {{code}}&lt;/script&gt;</title>" in page
    monkeypatch.setattr(explorer, "PAGE_LIMIT", 1)
    page, beside = explorer.render(data, "x-data.js")
    assert [*beside] == ["0.js"]
    light, code = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert sources(page) == [digest(code), digest(light), "'self'", "file:"]
