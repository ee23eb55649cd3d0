"""The stored studies behind the answer, and rows of their tables."""

from collections.abc import Sequence
from pathlib import Path

from wordrel.report import queries
from wordrel.report.claims.ladder import MARGIN as MARGIN  # of losses, in nats
from wordrel.report.queries import Row
from wordrel.report.text import number
from wordrel.report.verdicts import SEEDS, borne_out, plans
from wordrel.study.contrasts import CORPORA
from wordrel.study.results import Results, read_results

ROOT = Path(__file__).resolve().parents[2]
EXPERIMENTS = (
    *("word2vec_vs_attention", "ladder", "task_decides", "order", "stability"),
    *("twelve_cells", "literal_case", "value_map", "recipe", "another_text"),
    *("maps", "lookup"),
)
MASKED = "held_out_loss.masked_word"
MEN, ANALOGIES = "men_test", "google_analogies"
LITTLE, SAMPLES = "wiki17m-1m", ("wiki17m-5m", "novels-5m")


def stored() -> dict[str, Results]:
    """Every experiment that has a result."""
    folders = {name: ROOT / "results" / name for name in EXPERIMENTS}
    return {
        name: read_results(folder)
        for name, folder in folders.items()
        if (folder / "manifest.json").is_file()
    }


def decides(claim: str, results: Results) -> bool:
    """Whether a study planned contrasts of a claim, on a corpus that decides it."""
    sources = queries.sources(results).values()
    return plans(claim, results) and any(s in CORPORA or s.startswith("planted:") for s in sources)


def decided(cells: Results, claim: str, first: str, second: str) -> list[Row]:
    """A planned contrast, decided with five seeds: its row of each corpus, wiki17m first.

    Raises:
        ValueError: where a corpus or a seed is missing.
    """
    rows = measured_rows(cells, claim, first, second)
    sources = [row.corpus.partition("-")[0] for row in rows if row.seeds >= SEEDS]
    borne_out(f"{first} was compared with {second}", [sources == ["wiki17m", "novels"]])
    return rows


def measured_rows(cells: Results, claim: str, first: str, second: str) -> list[Row]:
    """The rows of a planned contrast that have seeds."""
    rows = queries.rows(cells.contrasts, claim=claim, model_a=first, model_b=second)
    return [row for row in rows if row.seeds]


def numbered(lines: Sequence[str]) -> str:
    """A numbered list."""
    return "\n".join(f"{number(place, 0)}. {line}" for place, line in enumerate(lines, start=1))
