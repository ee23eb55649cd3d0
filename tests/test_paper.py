"""The short paper: its blocks are what the stored tables give; nothing else in it is measured."""

import re
from dataclasses import replace
from math import exp
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pandas as pd
import pytest

from runners import ROOT, experiment, pages
from wordrel.study.results import Results, read_results
from wordrel.study.schema import COLUMNS

PAPER = experiment("paper")
CONCLUSIONS = pages("conclusions")
ATTEMPTS, ATTEMPTED = CONCLUSIONS.attempts, pages("attempted")
TABLES, TUNING = pages("paper_tables"), pages("tuning")
PAGE = ROOT / "docs" / "paper.md"
MOST_LINES, LONGEST_SENTENCE = 400, 25
MARKER = re.compile(r"<!-- (paper:[\w.-]+) -->.*?<!-- /\1 -->", re.DOTALL)
OTHERS = ("## What others did and found", "## Method")
"""Headings around the one section with numbers of others."""
SETTINGS = {"0.02", "0.005", "3.0", "4.1.6", "95 %", "5 %"}
"""Decimals and shares that are chosen, not measured: margins, confidence, a licence, a section."""
NUMBER = re.compile(r"\d+(?:\.\d+)* ?%|\d*\.\d+(?:\.\d+)*|\d+ nats")
GOLDEN = Path(__file__).parent / "golden" / "input"
WIKI, NOVELS = "wiki17m-4m", "novels-4m"
LITERAL = ("first sentence", "mean_query_attention", "mean")


def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def blocks_of(text: str) -> dict[str, str]:
    """Name -> what stands in each block."""
    return {
        m[1]: m[0].partition("-->")[2].rpartition("<!--")[0].strip() for m in MARKER.finditer(text)
    }


def outside(text: str) -> str:
    """What an author typed, without the section on others, and without names that have digits."""
    text = MARKER.sub("", text)
    start, end = (text.index(heading) for heading in OTHERS)
    text = text[:start] + text[end:]
    return re.sub(r"arXiv:\d{4}\.\d{5}|\]\([^)]*\)", "", text)


def typed_results(text: str) -> list[str]:
    """Numbers that look measured."""
    return [found for found in NUMBER.findall(outside(text)) if found not in SETTINGS]


# The page ---------------------------------------------------------------------------------------


def test_the_paper_is_short_and_has_every_block_once() -> None:
    assert len(page().splitlines()) <= MOST_LINES
    wanted = PAPER.blocks(None, None, PAPER.trials())
    starts = re.findall(r"<!-- (paper:\S+) -->", page())
    assert sorted(starts) == sorted(f"paper:{name}" for name in wanted)
    assert sorted(blocks_of(page())) == sorted(starts)


def test_the_tuning_in_the_paper_is_what_the_trials_give() -> None:
    found = blocks_of(page())
    others = PAPER.trials(PAPER.MAP_TUNINGS)
    for name, fresh in TUNING.shown(PAPER.trials(), others, PAPER.named).items():
        assert found[f"paper:{name}"] == fresh, "run: python experiments/paper.py"


def test_the_results_in_the_paper_are_what_the_tables_give() -> None:
    found = blocks_of(page())
    cells, case, maps, plane = map(PAPER.stored, (PAPER.CELLS, PAPER.CASE, PAPER.MAPS, PAPER.PLANE))
    others = PAPER.trials(PAPER.MAP_TUNINGS)
    for name, fresh in PAPER.blocks(cells, case, PAPER.trials(), maps, others, plane).items():
        assert fresh != PAPER.NOT_YET
        assert found[f"paper:{name}"] == fresh, "run: python experiments/paper.py"


def test_no_measured_number_is_typed_by_hand() -> None:
    assert typed_results(page()) == []


@pytest.mark.parametrize("words", ["by 0.123 nats", "of .59 of", "in 28 %", "in 62.4%", "5 nats"])
def test_a_measured_number_outside_a_block_is_seen(words: str) -> None:
    assert typed_results(f"{page()}\nIt is better {words}.\n")


def test_sentences_are_short() -> None:
    text = re.sub(r"```.*?```|^\|.*?$|^    .*?$", "", outside(page()), flags=re.DOTALL | re.M)
    paragraphs = (" ".join(p.split()) for p in re.split(r"\n\s*\n|\n(?=- |\d\. )", text))
    for sentence in (s for p in paragraphs for s in re.split(r"[.?:;](?:\s|$)", p)):
        assert len(sentence.split()) <= LONGEST_SENTENCE, sentence


def test_what_is_called_not_run_has_no_result() -> None:
    section = page().partition("a config, but no result:")[2].partition("\n- ")[0]
    names = re.findall(r"\(\.\./experiments/(\w+)\.py\)", section)
    assert names
    assert [n for n in names if (ROOT / "results" / n / "manifest.json").exists()] == []


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page())
    assert [link for link in links if not (PAGE.parent / link).exists()] == []


@pytest.mark.parametrize(
    ("low", "high", "met"),
    [(0.2, 0.57, False), (0.2, 0.573, True), (0.7, 0.8, True), (0.71, 1, False)],
)
def test_a_published_range_is_met_where_our_interval_reaches_into_it(
    low: float, high: float, met: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = experiment("published")
    one = published.Published("ws353", "WordSim-353", low, high, "a paper")
    monkeypatch.setattr(published, "SKIP_GRAM", (one,))
    found = next(published.checks())
    (ours,) = found.ours
    assert (round(ours.low, 3), round(ours.high, 3)) == (0.572, 0.703)
    assert found.agrees is met


def test_a_check_without_a_stored_score_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    published = experiment("published")
    one = published.Published("scws_x", "nothing", 0, 1, "a paper")
    monkeypatch.setattr(published, "SKIP_GRAM", (one,))
    with pytest.raises(ValueError, match="found no score of skip_gram on scws_x"):
        next(published.checks())


def altered(results: Results, table: str, where: str, **values: object) -> Results:
    """The same results with other values in the rows of one table."""
    changed = getattr(results, table).copy()
    rows = changed.eval(where)
    assert rows.any()
    changed.loc[rows, [*values]] = [*values.values()]
    return replace(results, **{table: changed})


@pytest.mark.parametrize(
    ("table", "where", "values", "what"),
    [
        ("contrasts", "part == 'Q=I'", {"high": 0.03}, "loss added without the map of the query"),
        ("contrasts", "part == 'K=V'", {"low": 0.04, "high": 0.05}, "share that K = V adds"),
        ("contrasts", "part == 'K=V'", {"low": 0.01, "high": 0.02}, "share that K = V adds"),
        (
            "measurements",
            "task == 'copying' and group == 'each word with itself'",
            {"low": -0.5},
            "the head copies",
        ),
    ],
)
def test_a_check_of_maps_agrees_by_its_interval(
    table: str,
    where: str,
    values: dict[str, float],
    what: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    published = experiment("published")
    results = altered(read_results(published.MAPS), table, where, **values)
    monkeypatch.setattr(published, "read_results", lambda _: results)
    its = [check for check in published.maps() if check.what.startswith(what)]
    assert [check.agrees for check in its] == [False]


def test_the_checks_of_maps_have_the_stored_numbers() -> None:
    published = experiment("published")
    results = read_results(published.MAPS)
    _, tied, copied = published.maps()
    rows = results.contrasts[results.contrasts["part"] == "K=V"]
    assert len(rows) == 2
    assert [one.value for one in tied.ours] == pytest.approx([exp(g) - 1 for g in rows["gain"]])
    ends = zip(rows["low"], rows["high"], strict=True)
    assert tied.agrees is all(exp(low) <= 1.031 <= exp(high) for low, high in ends)
    assert all(-1 <= one.low <= one.value <= one.high <= 1 for one in copied.ours)


# The blocks, on numbers that are known ----------------------------------------------------------


def contrast(corpus: str, of: tuple[str, str, str], rule: str, **given: Any) -> dict[str, Any]:
    row = {"claim": of[0], "part": "", "corpus": corpus, "model_a": of[1], "model_b": of[2]}
    row |= {"against": "", "task": "per_token_loss.masked_word.calibrated", "rule": rule}
    row |= {"margin": 0.02, "seeds": 5, "n": 300, "confidence": 0.95, "p_adjusted": 0.0001}
    row |= {"gain": 0.001, "low": -0.002, "high": 0.004, "as_trained": float("nan")}
    return row | {"outcome": "equivalent"} | given


def results_of(contrasts: list[dict[str, Any]], **training: float) -> Results:
    """A study with these contrasts, and with these losses on training documents by model."""
    golden, cells = read_results(GOLDEN), read_results(PAPER.CELLS).config
    form = golden.manifest["corpora"][0]
    parts = {"development_documents": 40, "held_out_documents": 300}
    corpora = [
        form | parts | {"name": name, "source": source}
        for name, source in ((WIKI, "wiki17m"), (NOVELS, "novels"))
    ]
    task = "per_token_loss.masked_word.calibrated"
    summary, measurements, runs = [], [], []
    for corpus in (WIKI, NOVELS):
        for model, loss in training.items():
            costs = {"parameters": 700, "trained_tokens": 2_000_000, "seconds": 90}
            seeds = [(seed, seed * (not model.startswith("kn"))) for seed in range(1, 6)]
            for seed, its in seeds:  # counts have one cell for all seeds
                of = {"corpus": corpus, "model": model, "kind": "mean", "status": "done"}
                runs.append(of | costs | {"seed": seed, "cell": f"{model}-{its}"})
            row = {"corpus": corpus, "model": model, "task": task, "selected": True, "seeds": 5}
            row |= {
                "question": "fit",
                "measure": "loss_per_token",
                "detail": False,
                "better": "lower",
            }
            summary.append(row | {"score": 6.0, "low": 5.9, "high": 6.1, "n_scored": 300})
            row = {"corpus": corpus, "model": model, "task": "per_token_loss", "embedding": "in"}
            row |= {"group": "masked_word", "statistic": "training_calibrated", "value": loss}
            summary[-1]["chance"] = 7.25
            measurements.append(row)
    tables = {
        "contrasts": contrasts,
        "summary": summary,
        "measurements": measurements,
        "runs": runs,
    }
    return replace(
        golden,
        manifest=golden.manifest | {"corpora": corpora},
        config=cells | {"corpora": cells["corpora"][:1]},  # without novels nor their authors
        **{name: pd.DataFrame(rows, columns=[*COLUMNS[name]]) for name, rows in tables.items()},
    )


def literal(*given: dict[str, Any], of: tuple[str, str, str] = LITERAL, rule: str) -> str:
    """The sentence on a contrast with these outcomes, one a corpus."""
    rows = [contrast(c, of, rule, **g) for c, g in zip((WIKI, NOVELS), given, strict=False)]
    planned = next(one for one in CONCLUSIONS.ANSWERS if one[:3] == of)
    with mock.patch.object(ATTEMPTED, "moved", lambda *key: []):
        return str(CONCLUSIONS.concluded(results_of(rows), planned))


DIFFERS = {"outcome": "differs", "gain": 0.05, "low": 0.04, "high": 0.06}
HURTS = {"outcome": "differs", "gain": -0.05, "low": -0.06, "high": -0.04}


def test_the_literal_sentence_is_chosen_by_the_outcome() -> None:
    said = literal({}, {"gain": 0.003}, rule="equivalent")
    assert said == (
        "Self-attention without positions and the mean of the same words predict a masked word "
        "**equally well**, within 0.02 nats. The gain of the first is 0.001 [−0.002, 0.004] on "
        "wiki17m-4m (equivalent) and 0.003 [−0.002, 0.004] on novels-4m (equivalent); 300 "
        "articles, 300 novels; 5 seeds."
    )
    assert "masked word **better** than the mean" in literal(DIFFERS, DIFFERS, rule="equivalent")
    assert "masked word **worse** than the mean" in literal(HURTS, HURTS, rule="equivalent")
    near = {"outcome": "open", "gain": -0.02, "low": -0.025, "high": -0.015}
    said = literal(near, near, rule="equivalent")
    assert "**no better** than the mean of the same words; whether it is worse by more" in said
    assert "**open**" in literal(near, near | {"high": 0.001}, rule="equivalent")


@pytest.mark.parametrize(
    "rows",
    [
        ({}, DIFFERS),
        (DIFFERS, HURTS),
        ({}, {"outcome": "open"}),
        ({"outcome": "undecided"}, {"outcome": "undecided"}),
        ({}, {"seeds": 4}),
        ({"seeds": 0, "outcome": "not measured"}, {}),
        ({},),  # one corpus alone
    ],
)
def test_the_literal_sentence_stays_open(rows: tuple[dict[str, Any], ...]) -> None:
    said = literal(*rows, rule="equivalent")
    assert "is **open**" in said
    assert not re.search(r"better|worse|equally", said)


def test_contrasts_with_a_lower_bound_have_words_of_their_own() -> None:
    places = ("C9 masked word", "position_weight", "mean")

    def said(*outcomes: dict[str, Any]) -> str:
        return literal(*outcomes, of=places, rule="adds")

    adds = {"outcome": "adds", "low": 0.03, "gain": 0.04, "high": 0.05}
    little, below = ({"outcome": "adds less", "high": high} for high in (0.01, -0.001))
    assert "**better** than the mean without them, by more than 0.02 nats" in said(adds, adds)
    none = "does **not** predict a masked word **better** than the mean without them by"
    assert none in said(little, little)
    assert "does **not** predict" in said(little, below)
    assert "**worse** than the mean without them" in said(below, below)
    assert "is **open**" in said(adds, little)
    assert "**not planned**" in literal(of=places, rule="adds")


def test_tables_show_losses_contrasts_and_text() -> None:
    rows = [contrast(c, LITERAL, "equivalent") for c in (WIKI, NOVELS)]
    results = results_of(rows, mean=5.5, kn_two_sided=5.25)
    on_both = "| 6.000 [5.900, 6.100] | 5.500 | 6.000 [5.900, 6.100] | 5.500 |"
    first = f"| masked word | context mean | 700 | 2,000,000 | 1.5 {on_both}"
    unigram, *lines = TABLES.losses(results).splitlines()[2:]
    assert unigram == (
        "| both | unigram | – | – | – | 7.250 | – | 7.250 | – | no interval, no seed |"
    )
    assert lines[0] == f"{first} 300 articles, 300 novels; 5 seeds |"
    assert lines[1].startswith("| masked word | two-sided Kneser-Ney bigram | 700 |")
    assert lines[1].endswith("| 300 articles, 300 novels; no seed |")
    with mock.patch.object(ATTEMPTED, "moved", lambda *key: []):
        line = TABLES.contrasts(results).splitlines()[2]
        alone = TABLES.contrasts(results_of([rows[0], rows[1] | {"seeds": 0}], mean=5.5))
    assert line == (
        "| first sentence | mean-query attention | context mean | equivalent 0.02 | supported | "
        "0.001 [−0.002, 0.004]: equivalent | – | 0.001 [−0.002, 0.004]: equivalent | – | 300 "
        "articles, 300 novels; 5 seeds |"
    )
    text = f"| {WIKI} | 8,000 | 500,000 | 16,666 | 106 | 40 | 300 |"
    assert text in TABLES.corpora(results)
    assert "| 5.500 |" not in TABLES.losses(results_of(rows, mean=5.4))
    assert alone.splitlines()[2].endswith(
        "| undecided | 0.001 [−0.002, 0.004]: equivalent | – | – | – | 300 articles; 5 seeds |"
    )


def test_models_without_seeds_are_named_beside_those_with_them() -> None:
    counts = ("counts, masked word", "kn_two_sided", "mean")
    rows = [contrast(c, counts, "adds", outcome="adds") for c in (WIKI, NOVELS)]
    line = TABLES.contrasts(results_of(rows, mean=5.5, kn_two_sided=5.25)).splitlines()[2]
    assert line.endswith("; 5 seeds, none for two-sided Kneser-Ney bigram |")


def test_the_authors_of_the_test_novels_are_counted() -> None:
    results = read_results(PAPER.CELLS)
    rows = [row for row in results.contrasts.itertuples() if row.claim == LITERAL[0]]
    assert re.fullmatch(
        r"\d+ articles, \d+ novels \(\d+ authors\); 5 seeds", TABLES.evidence(results, rows)
    )


@pytest.mark.parametrize(
    ("attention", "low", "high", "words"),
    [
        (
            5.4,
            -0.06,
            -0.04,
            "is lower, by 0.100 nats (no interval); on test documents it is higher. So it seems to "
            "overfit.",
        ),
        (
            5.6,
            -0.06,
            -0.04,
            "is higher, by 0.100 nats (no interval); on test documents it is higher. "
            "So its training seems to have failed.",
        ),
        (
            5.49,  # a gap without an interval, below the margin, says nothing
            -0.06,
            -0.04,
            "is not clearly different, by 0.010 nats (no interval); on test documents it is "
            "higher. So neither overfitting nor failed training is shown.",
        ),
        (5.4, 0.01, 0.02, "on test documents it is lower. So neither"),
        (5.6, -0.01, 0.02, "on test documents it is not clearly different. So neither"),
    ],
)
def test_overfitting_needs_a_lower_loss_on_training_documents(
    attention: float, low: float, high: float, words: str
) -> None:
    rows = [contrast(c, LITERAL, "equivalent", low=low, high=high) for c in (WIKI, NOVELS)]
    found = TABLES.fit(results_of(rows, mean=5.5, mean_query_attention=attention)).splitlines()
    assert [words in line for line in found] == [True, True]
    assert TABLES.fit(results_of(rows)) == "The loss on training documents is not measured."


UNDER = ("C9 masked word", "mask_query_attention", "position_weight")
WORDS = ("C9 masked word", "mean_query_attention_position", "mask_query_attention")


def test_a_larger_model_that_fits_training_text_worse_is_named_beside_every_outcome() -> None:
    """The map of weights contains position weights, but its training loss is above theirs."""
    rows = [contrast(c, of, "adds") for of in (UNDER, WORDS) for c in (WIKI, NOVELS)]

    def shown(gap: float) -> tuple[str, list[str], list[str]]:
        losses = {"position_weight": 5.0, "mask_query_attention": 5.0 + gap}
        results = results_of(rows, **losses, mean_query_attention_position=4.9)
        with mock.patch.object(ATTEMPTED, "moved", lambda *key: []):
            planned = CONCLUSIONS.ANSWERS[2:4]
            sentences = [CONCLUSIONS.concluded(results, one) for one in planned]
            return TABLES.fit(results), TABLES.contrasts(results).splitlines()[2:], sentences

    fit, lines, (small, large) = shown(0.03)
    name = "mask-query attention with positions"
    assert fit.splitlines()[0] == (
        f"- {WIKI}: The larger model fits training documents worse in 1 of 2 pairs. Where the gap "
        "is above the margin and it is not better on test documents, training may have failed: 1. "
        "Where it is better, that is no failure: 0. They are, larger / smaller (gap): "
        f"{name} / position weights (0.030)."
    )
    assert "; training of the first may have failed |" in lines[0]
    assert "; training of the second may have failed |" in lines[1]
    by = f"fits training documents worse: by 0.030 on {WIKI} and 0.030 on {NOVELS} (no interval)."
    failed = f"contains position weights, but {by} So its training may have failed."
    assert f"The first {failed}" in small
    assert f"The second {failed}" in large
    fit, lines, sentences = shown(0.019)
    assert "may have failed: 0." in fit
    assert "failed" not in "".join(lines + sentences)
    rows = [row | {"low": 0.03, "high": 0.05} for row in rows]
    fit, lines, sentences = shown(0.03)
    assert "may have failed: 0." in fit and "that is no failure: 1." in fit
    assert "failed" not in "".join(lines + sentences)


def test_the_abstract_has_the_gain_over_what_a_failed_rival_contains() -> None:
    answer = CONCLUSIONS.answer(
        *(read_results(PAPER.CELLS), read_results(PAPER.CASE), None),
        TUNING.tuned(PAPER.trials()),
    )
    first, _, _, fourth, *_ = answer.splitlines()
    assert "The first is marked as under-tuned: it goes on from word weights, for 1 epoch." in first
    assert "under-tuned" not in fourth
    assert re.search(
        r"Over position weights the first gains 0\.\d{3} \[0\.\d{3}, 0\.\d{3}\] on wiki17m-4m, "
        r"across the margin and .*\(exploratory, no verdict\)",
        fourth,
    )
    assert "The step adds the map V, too, which the output table can absorb." in fourth


def test_the_abstract_has_the_gain_without_the_map_of_the_value() -> None:
    planned = CONCLUSIONS.ANSWERS[3]
    pair = ("masked_without_map", WORDS[2])
    rows = [contrast(c, WORDS, "adds", outcome="adds") for c in (WIKI, NOVELS)]
    alone = [
        contrast(c, (planned.without, *pair), "adds", gain=gain, outcome="adds less")
        for c, gain in ((WIKI, 0.011), (NOVELS, 0.012))
    ]
    said = CONCLUSIONS.concluded(results_of(rows), planned, results_of(alone))
    shown = rf"0\.011 \[.*\] on {WIKI} \(adds less\) and 0\.012 \[.*\] on {NOVELS} \(adds less\)"
    assert re.search(f"Without V the gain is {shown}", said)
    few = [row | {"seeds": 3} for row in alone]
    assert "Without V" not in CONCLUSIONS.concluded(results_of(rows), planned, results_of(few))


def test_attempts_with_another_outcome_stand_in_the_abstract_and_in_the_table() -> None:
    rows = [contrast(c, WORDS, "adds", outcome="adds") for c in (WIKI, NOVELS)]
    whats = {"not calibrated": "adds less", ATTEMPTS.BY_AUTHOR: "open", "seed 1 alone": "x"}
    its = [SimpleNamespace(what=what, outcome=outcome) for what, outcome in whats.items()]

    def moved(*key: str) -> list[SimpleNamespace]:
        return its if key == (*WORDS, NOVELS) else []

    with mock.patch.object(ATTEMPTED, "moved", moved):
        said = CONCLUSIONS.concluded(results_of(rows), CONCLUSIONS.ANSWERS[3])
        line = TABLES.contrasts(results_of(rows)).splitlines()[2]
    assert said.endswith(
        f"Attempts with another outcome: {NOVELS}: not calibrated (adds less) and documents of "
        "one author as one (open)."
    )
    assert line.count("; by author open |") == 1


def test_runs_before_the_last_tuning_are_named() -> None:
    earlier = pd.read_csv(TABLES.EARLIER)
    shown = TABLES.earlier(read_results(PAPER.CELLS))
    assert f"commit {earlier['commit'][0]}" in shown
    literal = earlier[earlier["claim"] == LITERAL[0]].iloc[0]
    assert f"was −{-literal['gain']:.3f} [" in shown
    assert f": {literal['outcome']}, as trained −{-literal['as_trained']:.3f} [" in shown
    assert f"Of {(earlier['claim'] != LITERAL[0]).sum()} other rows" in shown


def test_published_numbers_without_ours_are_listed_as_waiting() -> None:
    published = experiment("published")
    lines = published.table().splitlines()
    assert lines[-1].startswith(f"{published.NOT_MEASURED}: ")
    assert lines[-1].count("; by ") == len(published.WAITING)
    tests = (ROOT / "tests" / "test_matched_weights.py").read_text(encoding="utf-8")
    assert f"def {published.TEST}(" in tests


def test_the_trials_show_gaps_before_and_after_going_on() -> None:
    columns = "model,tokens,trial,learning_rate,epochs,weights_learning_rate,dropout,start"
    columns += ",score,chosen,note"
    before = "under-tuned from a random start: it contains mean"
    lines = (
        "mean,1,1,0.5,8,,,,-1.0,False,",
        "mean,2,2,0.25,8,,,,-6.5,True,",
        "mean,2,7,0.25,1,,,mean,-6.505,False,",
        "word_weight,1,3,0.5,4,0.002,0,,-1.0,False,",
        "word_weight,2,4,0.5,4,0.002,0,,-6.62,False,",
        f"word_weight,2,5,0.125,1,0.002,0.2,mean,-6.504,True,{before}",
        "position_weight,2,6,0.5,8,0.002,0,,-6.51,True,under-tuned: it contains mean",
    )
    table = [line.split(",") for line in lines]
    trials = pd.DataFrame(table, columns=columns.split(",")).replace("", float("nan"))
    numeric = [c for c in trials if c not in ("model", "start", "note", "chosen")]
    trials[numeric] = trials[numeric].astype(float)
    trials["chosen"] = trials["chosen"] == "True"
    found = TUNING.shown({"masked word": trials}, {}, PAPER.named)
    assert found["settings"].splitlines()[-2:] == [
        "- word weights contains context mean: gap 0.120 from a random start, 0.004 chosen, −0.001 "
        "where both went on.",
        "- position weights contains context mean: gap 0.010 from a random start, 0.010 chosen; "
        "still under-tuned.",
    ]
    assert found["settings"].splitlines()[2:4] == [
        "| masked word | context mean | – | 3 | 0.2500 | 8 | – | – | 6.500 |",
        "| masked word | word weights | context mean | 3 | 0.1250 | 1 | 0.002 | 0.2 | 6.504 |",
    ]
    trials_of_each, at_edge = found["trials"].splitlines()
    assert "of 2 of 3 models has 8 epochs" in at_edge
    assert trials_of_each == (
        "- masked word, on up to 2 words: 1 to 2 from a random start (4 to 8 epochs); 0 of these "
        "with dropout; 0 to 1 that go on from other weights."
    )
    again = pd.concat([trials, trials[:2].assign(trial=[8, 9], weight_decay=0.0)])
    again["weight_decay"] = 0.0
    assert TUNING.numbers({"next word": again}, PAPER.named).splitlines() == [
        "- next word, on up to 2 words: 1 to 4 from a random start (4 to 8 epochs, weight decay "
        "0); 0 of these with dropout; 0 to 1 that go on from other weights.",
        *[
            f"  A trial of context mean repeats another one (rate {rate}, 8 epochs). So it has 2 "
            "settings from a random start."
            for rate in ("0.5000", "0.2500")
        ],
    ]


def test_the_table_of_maps_has_the_gain_and_the_outcome_of_each_contrast() -> None:
    results = read_results(ROOT / "results" / "value_map")
    tried, of_maps = PAPER.trials(), PAPER.trials(PAPER.MAP_TUNINGS)
    shown = PAPER.paper_tables.maps(results, tried, of_maps)
    heads, _, *lines, _, dropout = shown.splitlines()
    assert heads.count("|") == 6 and len(lines) == 3
    of = {
        "masked word": of_maps["masked word"].assign(score=-9.0),
        "next word": of_maps["next word"],
    }
    assert re.search(
        r"save 0\.\d{3} \(dropout 0\) and 0\.\d{3} \(dropout 0\.2\) of a masked", dropout
    )
    assert " save 3." in PAPER.paper_tables.maps(results, tried, of).splitlines()[-1]
    row = results.contrasts.set_index(["claim", "corpus"]).loc[
        ("scores alone, next word", "novels-4m")
    ]
    assert f" {row['gain']:.3f} [" in lines[0].split("|")[-2]
    assert lines[0].split("|")[-2].strip().endswith(f": {row['outcome']}")
