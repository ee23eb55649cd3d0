"""The sections of planned contrasts and of both orderings, from stored rows."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from runners import ROOT
from wordrel.report import brief, contrasts, html, markdown, queries, stored
from wordrel.report.document import Document
from wordrel.report.own import own, planned
from wordrel.report.page import document
from wordrel.study.results import Results, read_results
from wordrel.study.schema import COLUMNS, table_to_csv, write_table

GOLDEN = Path(__file__).parent / "golden" / "input"
LOSS = "per_token_loss.next_word.calibrated"


def contrast(corpus: str, outcome: str, **given: object) -> dict[str, object]:
    row = {"claim": "C6", "part": "", "corpus": corpus, "against": ""}
    row |= {"model_a": "attention", "model_b": "skip_gram"}
    row |= {"task": LOSS, "rule": "adds", "margin": 0.02, "seeds": 5, "n": 300, "gain": 0.05}
    row |= {"low": 0.031, "high": 0.069, "df": 12.3, "confidence": 0.975, "p_adjusted": 0.004}
    return row | {"outcome": outcome, **given}


def ordering(corpus: str, what: str, *names: str, **given: object) -> dict[str, object]:
    keys = ("ingredient", "beside", "model_a", "model_b")
    row = {"claim": "C9", "corpus": corpus, "task": LOSS, "what": what, "seeds": 5, "n": 300}
    row |= dict(zip(keys, (*names, "", "", "", ""), strict=False))
    return row | {"gain": 0.3, "low": 0.25, "high": 0.35, "df": 9.0, "note": ""} | given


def orderings(corpus: str, lead: float = 0.1) -> list[dict[str, object]]:
    share = {"share": 0.625, "share_low": 0.55, "share_high": 0.7}
    return [
        ordering(corpus, "gain", "positions", "none", "skip_gram", "random", **share),
        ordering(corpus, "gain", "positions", "words", "mask_query_attention", "attention"),
        ordering(corpus, "gain", "words", "no positions", "attention", "random"),
        ordering(corpus, "gain", "words", "positions", "mask_query_attention", "skip_gram"),
        ordering(corpus, "whole gain", "", "", "mask_query_attention", "random", gain=0.48),
        ordering(corpus, "interaction", "words", "positions", gain=-0.02, low=-0.05, high=0.01),
        ordering(corpus, "lead", "positions", "the most of any other", gain=0.12, low=lead),
        ordering(corpus, "lead", "words", "the most of any other", gain=-0.2, low=-0.3),
    ]


def with_plans(planned: list[dict], gains: list[dict], sources=("wiki17m", "novels")) -> Results:
    results = read_results(GOLDEN)
    corpora = results.manifest["corpora"]
    found = [c | {"source": source} for c, source in zip(corpora, sources, strict=True)]
    tables = {"contrasts": planned, "orderings": gains}
    return replace(
        results,
        manifest=results.manifest | {"corpora": found},
        **{k: pd.DataFrame(v, columns=list(COLUMNS[k])) for k, v in tables.items()},
    )


def text(results: Results) -> str:
    return markdown.write(Document("study", (), contrasts.sections(results)))


BOTH = [contrast("tiny-wiki", "adds"), contrast("novels", "adds")]


def test_a_contrast_has_one_verdict_and_a_line_on_each_corpus():
    found = text(with_plans(BOTH, []))
    assert "**C6**: 1 supported of 1 contrast; 2 adds on single corpora." in found
    lines = [line for line in found.splitlines() if line.startswith("| C6")]
    assert "adds more than 0.020" in lines[0] and "0.050 [0.031, 0.069]" in lines[0]
    assert ("**supported**" in lines[0], "supported" in lines[1]) == (True, False)
    assert lines[0].endswith("| adds | 0.004 | 5 | 300 |")
    assert "Holm's step-down" in found and "5% of families have a false outcome at most" in found


@pytest.mark.parametrize(
    ("planned", "sources", "expected"),
    [
        (BOTH, ("wiki17m", "texts/*.txt"), "partly supported"),
        (
            [contrast("tiny-wiki", "adds"), contrast("novels", "open")],
            ("wiki17m", "novels"),
            "part",
        ),
        ([contrast("tiny-wiki", "adds", seeds=3), BOTH[1]], ("wiki17m", "novels"), "undecided"),
    ],
)
def test_what_is_not_shown_on_both_corpora_is_said_less_strongly(planned, sources, expected):
    assert f"**C6**: 1 {expected}" in text(with_plans(planned, [], sources))


def test_a_contrast_says_its_part_and_the_measurement_that_it_is_of():
    of = "changed_context: shuffled, added_loss"
    row = contrast("novels", "adds", part="D1", model_b="", against="0", task=of)
    line = next(x for x in text(with_plans([row], [])).splitlines() if x.startswith("| C6, D1"))
    assert "| 0 | loss of a changed context: shuffled, added_loss |" in line


def test_the_loss_as_trained_stands_beside_where_there_is_one():
    rows = [contrast("novels", "undecided", as_trained=-0.1, as_trained_low=-0.2)]
    found = text(with_plans([rows[0] | {"as_trained_high": -0.01}, BOTH[0]], []))
    assert "| as trained |" in found
    assert "−0.100 [−0.200, −0.010]" in found
    assert "as trained" not in text(with_plans(BOTH, []))


def test_an_unmeasured_contrast_has_no_numbers():
    row = contrast("novels", "not measured", gain=None, low=None, high=None, p_adjusted=None, n=0)
    assert "| – | not measured | – | 5 | 0 |" in text(with_plans([row], []))


def test_both_orderings_with_shares_interaction_and_the_leader():
    found = text(with_plans([], [*orderings("tiny-wiki"), *orderings("novels")]))
    assert "mostly **positions**" in found
    first = next(line for line in found.splitlines() if line.startswith("| positions | none"))
    assert first.endswith("| 0.300 [0.250, 0.350] | 62.5% [55.0%, 70.0%] |")
    assert "| *interaction* | words · positions |" in found
    assert "*n* 300, 5 seeds." in found


def test_no_ingredient_leads_where_one_corpus_says_otherwise():
    rows = [*orderings("tiny-wiki"), *orderings("novels", lead=-0.01)]
    assert "no ingredient's smallest gain exceeds" in text(with_plans([], rows))
    alone = text(with_plans([], orderings("tiny-wiki")))
    assert "no ingredient's smallest gain exceeds" in alone


def test_why_there_is_no_share():
    rows = orderings("novels")
    rows[4]["note"] = "no shares: an interaction exceeds half of the whole gain"
    assert "No shares: an interaction exceeds half of the whole gain." in text(with_plans([], rows))


GAIN = "the gain of attention over skip-gram is 0.050"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (BOTH, ["above the margin: supported"]),
        (
            [contrast("tiny-wiki", "open"), BOTH[1]],
            ["with different outcomes on the corpora: partly"],
        ),
        (
            [contrast("tiny-wiki", "adds less", seeds=3)],
            ["below the margin.", "A verdict needs 5 seeds; this study has 3."],
        ),
        (
            [contrast("tiny-wiki", "equivalent", rule="equivalent"), contrast("novels", "open")],
            [
                "within the margin: partly supported",
                "with an interval across the margin: undecided",
            ],
        ),
    ],
)
def test_a_card_opens_with_the_outcomes_of_planned_contrasts(rows, expected):
    found = planned.sentences(with_plans(rows, []))
    assert len(found) == len(expected)
    assert found[0].startswith(f"The{GAIN[3:]} on {rows[0]['corpus']}, ")
    assert [part in sentence for part, sentence in zip(expected, found, strict=True)] == [
        True
    ] * len(expected)


def test_the_card_of_a_study_with_planned_contrasts_has_six_sentences_at_most():
    claims = [contrast("novels", "adds", claim=f"claim {i}") for i in range(8)]
    missing = contrast("novels", "not measured", claim="later", seeds=0, n=0)
    results = with_plans([*claims, missing], [])
    found = own(results).sentences
    assert len(found) == planned.MOST == 6
    assert found[-2:] == (
        "The table of contrasts has 4 more outcomes.",
        "Not measured yet: later.",
    )
    few = with_plans(claims[:1], [])
    opened = own(few).sentences
    assert opened[0] == planned.sentences(few)[0]
    assert opened[1].startswith("Attention's word vectors are significantly better")
    assert planned.sentences(with_plans([missing], [])) == []


def test_a_sentence_joins_contrasts_of_a_claim_that_came_out_alike():
    pair = [BOTH[0], contrast("tiny-wiki", "adds", model_b="random")]
    (found,) = planned.sentences(with_plans(pair, []))
    assert found == (
        "The gains of attention over skip-gram and random vectors are above the margin: "
        "partly supported."
    )
    three = [*pair, contrast("tiny-wiki", "adds", model_b="mask_query_attention")]
    (found,) = planned.sentences(with_plans(three, []))
    assert found == "C6: the gains of 3 contrasts are above the margin: partly supported."


def test_a_contrast_with_a_number_or_of_a_measurement_is_no_comparison_of_two_models():
    number = contrast("tiny-wiki", "adds", model_b="", against="0.5")
    task = "changed_context: determiner minus other word, added_loss"
    hidden = contrast("tiny-wiki", "open", model_b="", against="0", task=task)
    pair = contrast("tiny-wiki", "adds")
    with_number, of_hidden, of_pair = planned.sentences(with_plans([number, hidden, pair], []))
    assert with_number.startswith("The gain of attention against 0.5 is 0.050")
    assert of_hidden.startswith("The gain of attention (determiner minus other word) is 0.050")
    assert of_pair.startswith("The gain of attention over skip-gram is 0.050")


def test_a_study_of_one_family_is_titled_by_its_planned_contrasts():
    assert own(with_plans(BOTH, [])).title == "Word2vec beside attention"
    of_one = read_results(ROOT / "results" / "value_map")
    assert own(of_one).title == planned.TITLE == "planned contrasts"


def test_a_claim_with_orderings_says_where_the_gains_of_each_ingredient_lie():
    gains = [
        contrast("novels", "adds", claim="C9", part="positions"),
        contrast("novels", "adds", claim="C9", part="positions", model_b="random"),
        contrast("novels", "adds less", claim="C9", part="words"),
        contrast("novels", "adds", claim="C9", part="words", model_b="random"),
    ]
    (found,) = planned.sentences(with_plans(gains, orderings("novels")))
    assert found == "C9, gains: positions, above the margin; words, several outcomes."


def test_a_loss_as_trained_is_in_no_headline_where_the_calibrated_one_is_there():
    results = read_results(GOLDEN)
    renamed = {"loss_masked": f"{LOSS[:-10]}as_trained", "loss_next": LOSS}
    tables = {
        name: getattr(results, name).replace({"task": renamed})
        for name in ("summary", "comparisons")
    }
    both = replace(results, **tables)
    columns = queries.first_columns(both, "novels", "fit")
    assert [c.task for c in columns] == [LOSS]
    report = brief.document(both)
    assert not any("as trained" in sentence for sentence in report.card.sentences)
    assert "per-token next-word loss (as trained)" in markdown.write(report)
    alone = replace(both, summary=both.summary[both.summary["task"] != LOSS])
    assert [c.task for c in queries.first_columns(alone, "novels", "fit")] == [
        renamed["loss_masked"]
    ]


def test_a_study_that_planned_nothing_has_no_such_section():
    assert contrasts.sections(read_results(GOLDEN)) == []


def test_page_and_tables_hold_what_was_planned(tmp_path: Path):
    results = with_plans(BOTH, orderings("novels"))
    page = html.write(document(results))
    assert "Planned contrasts" in page and "Both orderings" in page
    for name in ("contrasts", "orderings"):
        write_table(tmp_path, name, getattr(results, name))
        assert (tmp_path / f"{name}.csv").read_text() == table_to_csv(getattr(results, name), name)


def test_a_gain_of_a_printed_table_has_its_interval() -> None:
    table = pd.DataFrame([contrast("wiki17m-4m", "adds")]).reindex(columns=COLUMNS["contrasts"])
    shown = stored.shown(table, str)
    row = dict(zip(shown.heads, shown.rows[0], strict=True))
    assert row["gain [interval]"] == "0.050 [0.031, 0.069]"
    words = shown.heads[: shown.words]
    assert {"claim", "model_a", "model_b", "rule", "outcome"} <= {*words}
    assert "gain [interval]" not in words
