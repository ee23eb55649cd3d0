"""What do the stored tables of the second edition say, as a short paper?

Question: what did the study measure of self-attention and word2vec, with which settings, and which
planned contrasts are decided?

Prediction: none of its own; those of the runs stand in twelve_cells.py and literal_case.py.

Decision rule: none of its own. A sentence that concludes is chosen by the outcomes of planned
contrasts, as the table `contrasts` has them, on both corpora with five seeds.

Reads the results of literal_case, twelve_cells, value_map, recipe and tunings, the tables of
`attempts`, and what `published` reads; writes docs/paper.md.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

import published
from pages import attempted, paper_tables, tuning
from pages.conclusions import answer
from pages.evidence import named
from pages.paper_tables import contrasts, corpora, earlier, fit, losses
from pages.readme import replace_block
from wordrel.io.files import write_text
from wordrel.study.results import Results, read_results

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "paper.md"
CELLS, CASE = ROOT / "results" / "twelve_cells", ROOT / "results" / "literal_case"
MAPS, PLANE = ROOT / "results" / "value_map", ROOT / "results" / "recipe"
TUNINGS = {"masked word": "tuning_masked", "next word": "tuning_next"}
MAP_TUNINGS = {
    "masked word": "tuning_value_map_masked",
    "next word": "tuning_value_map_next",
}
NOT_YET = "not rendered yet"


def main() -> None:
    """Fill the blocks of the paper."""
    old = new = PAGE.read_text(encoding="utf-8")
    for name, fresh in blocks(
        stored(CELLS), stored(CASE), trials(), stored(MAPS), trials(MAP_TUNINGS), stored(PLANE)
    ).items():
        new = replace_block(new, f"paper:{name}", fresh)
    if new != old:
        write_text(PAGE, new)
    print(f"{PAGE.relative_to(ROOT)}: {'changed' if new != old else 'as it was'}")


def stored(folder: Path) -> Results | None:
    """The results of a study, where there are any."""
    return read_results(folder) if (folder / "manifest.json").is_file() else None


def trials(tunings: Mapping[str, str] = TUNINGS) -> dict[str, pd.DataFrame]:
    """Objective -> every trial of its tuning; one without restarts has no column of starts."""
    return {word: tuning.trials_of(name) for word, name in tunings.items()}


def blocks(
    cells: Results | None,
    case: Results | None,
    tried: Mapping[str, pd.DataFrame],
    maps: Results | None = None,
    of_maps: Mapping[str, pd.DataFrame] | None = None,
    plane: Results | None = None,
) -> dict[str, str]:
    """Name -> text of each block of the paper.

    Args:
        cells: the results of the twelve cells.
        case: those of the literal case.
        tried: objective -> every trial of its tuning.
        maps: the results of `value_map`.
        of_maps: objective -> every trial of the models that `value_map` adds.
        plane: the results of `recipe`.
    """
    renders = (losses, corpora, fit, earlier)
    of_cells = {render.__name__: render for render in renders}
    contents = {name: render(cells) if cells else NOT_YET for name, render in of_cells.items()}
    contents["contrasts"] = contrasts(*filter(None, (cells, maps))) if cells else NOT_YET
    tunings = tuning.tuned(tried)
    contents["answer"] = answer(cells, case, maps, tunings) if cells and case else NOT_YET
    return (
        contents
        | tuning.shown(tried, of_maps or {}, named)
        | {
            "maps": paper_tables.maps(maps, tried, of_maps) if maps and of_maps else NOT_YET,
            "plane": paper_tables.plane(plane) if plane else NOT_YET,
            "checks": published.table(),
            "attempts": attempted.table(named, (CELLS.name, MAPS.name)),
        }
    )


if __name__ == "__main__":
    main()
