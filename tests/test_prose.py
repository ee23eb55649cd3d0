"""The style sheet, where a count can check it: phrases, lengths, and how much a report is."""

import re
from pathlib import Path

import pytest

from wordrel.study.results import read_results

ROOT = Path(__file__).resolve().parents[1]
FORBIDDEN = re.compile(
    r"\btold apart\b|\btells? apart\b|\bnobody\b|\b(?:is|are|was|were|be|been) asked\b|\blest\b|"
    r"\bspeaks? of\b|\b[Ww]rites nothing\b|\bReads [a-z ]+ in memory\b|"
    r"\bpip install (?:-\S+ \S+ )?wordrel\b"  # a stranger may take that name in an index
)
STUDIES = sorted(path.parent for path in (ROOT / "results").glob("*/manifest.json"))
RENDERED = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "experiments").glob("*.md")),
    *sorted((ROOT / "results").glob("*.md")),
    *sorted((ROOT / "results").glob("*/*.md")),
]
SOURCES = [
    *(p for folder in ("benchmarks", "experiments") for p in sorted((ROOT / folder).rglob("*.py"))),
    *sorted((ROOT / "configs").glob("*.yaml")),
    *sorted(p for p in (ROOT / "src/wordrel").rglob("*") if p.suffix in (".py", ".j2", ".yaml")),
]
LONGEST_REPORT, MOST_FIGURES, LONGEST_SENTENCE = 300, 3, 25


def flat(text: str) -> str:
    """On one line: a phrase may be cut by the end of a line, of a comment or of a string."""
    return re.sub(r"[\"'#\s]+", " ", text)


def without_notes(text: str, folder: Path) -> str:
    """A report without what the author of the study wrote, which is quoted as it was stored."""
    if not (folder / "manifest.json").exists() or not read_results(folder).config.get("notes"):
        return text
    start = text.index("## Notes of the study")
    return text[:start] + text[text.index("\n## ", start) :]


@pytest.mark.parametrize("path", [*RENDERED, *SOURCES], ids=lambda p: str(p.relative_to(ROOT)))
def test_no_phrase_of_the_first_edition_is_left(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name == "report.md":
        text = without_notes(text, path.parent)
    assert FORBIDDEN.findall(flat(text)) == []


def test_a_phrase_is_seen_where_a_line_cuts_it() -> None:
    assert FORBIDDEN.search(flat('"the two are told "\n    "apart"'))
    assert FORBIDDEN.search(flat("what is\n# asked"))
    assert FORBIDDEN.search(flat("pip install -c constraints.txt 'wordrel[dask]'"))
    assert not FORBIDDEN.search(flat('pip install "dist/wordrel-1.0.0-py3-none-any.whl[dask]"'))
    assert not FORBIDDEN.search(flat("at least; pleasant; asked; the nobodyish"))


@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_a_committed_report_stays_short(folder: Path) -> None:
    assert len((folder / "report.md").read_text(encoding="utf-8").splitlines()) <= LONGEST_REPORT
    assert 1 <= len(list((folder / "figures").glob("*.svg"))) <= MOST_FIGURES


def card(report: str) -> list[str]:
    """The sentences on top of a report, item by item."""
    head = report.partition("\n\n- ")[2].partition("\n\n")[0]
    return [item.replace("\n", " ") for item in head.split("\n- ")]


@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_a_card_has_three_plain_sentences_at_most_or_six_of_planned_contrasts(
    folder: Path,
) -> None:
    found = card((folder / "report.md").read_text(encoding="utf-8"))
    planned = (folder / "contrasts.csv").exists()
    assert 1 <= len(found) <= (6 if planned else 3)
    assert not any("(as trained)" in item for item in found if planned)
    for item in found:
        for sentence in re.split(r"[.?](?:\s|$)", item):
            assert len(sentence.split()) <= LONGEST_SENTENCE, sentence


@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_a_report_links_to_no_file_that_is_not_there(folder: Path) -> None:
    report = (folder / "report.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", report)
    assert links
    assert [link for link in links if not (folder / link).exists()] == []
