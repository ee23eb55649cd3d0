"""The answer in five sentences, and what they leave open; each checked against the tables."""

from pages.studies import MARGIN, decided, measured_rows
from wordrel.config.architectures import CELLS
from wordrel.report import findings, queries
from wordrel.report.queries import Row
from wordrel.report.text import listed, number, share
from wordrel.report.verdicts import SEEDS, above, apart, borne_out, difference, score
from wordrel.study.results import Results

MASKED, NEXT = "C9 masked word", "C9 next word"
_ONE_HEAD = ("mean_query_attention_position", "mask_query_attention")
_ALONE = (
    ("scores alone, masked word", "masked_without_map", "mask_query_attention"),
    ("scores alone, next word", "next_without_map", "direct_word_weight_position"),
)
"""Claim and models of the planned contrasts of scores without the map of the value."""
_BESIDE_MAP = (
    *("scores beside the map, next word", "direct_attention_position"),
    "direct_word_weight_map",
)
_COUNTS = ("counts, next word", "kn_trigram", "next_four_heads")


def front_sentences(results: dict[str, Results], up: str = "") -> list[str]:
    """The answer in five sentences; `up` leads from the page to the top of the project."""
    names = ("word2vec_vs_attention", "literal_case", "twelve_cells", "value_map")
    main, case, cells, maps = (results[name] for name in names)
    literal = decided(case, "first sentence", "mean_query_attention", "mean")
    borne_out(
        "attention without positions is no better than the mean", (r.high < 0 for r in literal)
    )
    positions = decided(cells, MASKED, "position_weight", "mean")
    gap, saved = number(-literal[0].gain), number(positions[0].gain)
    extra = heads_add(cells) or attention_adds(cells)
    borne_out("positions help", (row.low > MARGIN for row in positions))
    counts = [
        row
        for model in ("position_weight", "masked_four_heads")
        for row in decided(cells, "counts, masked word", "kn_two_sided", model)
    ]
    borne_out("counts predict better", (row.low > 0 for row in counts))
    vectors = word_vectors(main)
    worse = str(vectors["worse"])
    attention, _ = looked_up(results["recall"])

    def linked(text: str, experiment: str) -> str:
        return f"[{text}]({up}results/{experiment}/report.md)"

    return [
        "**Without positions, self-attention predicts a masked word no better than the mean "
        f"(CBOW's equations)**: its loss is {linked(gap, case.study)} nats higher.",
        "**It predicts the next word better**: attention saves "
        f"{linked(next_word(cells), cells.study)} nats; {alone(maps)}.",
        f"Position weights save {linked(saved, cells.study)} nats per masked word; {extra}; "
        "counting both neighbours predicts better.",
        f"Word vectors (exploratory, untuned): in {sum(vectors.values())} comparisons with "
        f"skip-gram, attention is better in {vectors['better']}, worse in "
        f"{linked(worse, main.study)}; most are inconclusive.",
        "In artificial sentences that end with a key, attention finds that key's value in "
        f"{linked(share(attention.score), 'recall')}; the mean only guesses.",
    ]


def next_word(cells: Results) -> str:
    """What attention saves of the next word over a weight for each word, without positions.

    Raises:
        ValueError: where it does not save more than the margin.
    """
    rows = decided(cells, NEXT, "direct_attention", "direct_word_weight")
    borne_out("attention helps the next word", (row.low > MARGIN for row in rows))
    return number(rows[0].gain)


def alone(maps: Results) -> str:
    """That scores between words save little without the map of the value, beside positions.

    Raises:
        ValueError: where that is not so for one of the predicted words.
    """
    rows = [row for step in _ALONE for row in decided(maps, *step)]
    borne_out("without the map, scores save less than the margin", (r.high < MARGIN for r in rows))
    return "its word-word scores alone, beside positions, save little"


def _beside_map(maps: Results) -> str:
    """Whether scores save little of the next word where both models have the map, too."""
    little = all(row.high < MARGIN for row in decided(maps, *_BESIDE_MAP))
    return "; for the next word, also with it" if little else ""


def counted(cells: Results) -> str:
    """How the trained models compare with counted words in a row, for the next word.

    Raises:
        ValueError: where one of them is not better than they are.
    """
    trained = (model for row in CELLS["next_word"] for model in row)
    corpora = {row.corpus: row.task for row in decided(cells, *_COUNTS)}
    pairs = [
        difference(cells, corpus, task, model, "kn_fourgram")
        for model in trained
        for corpus, task in corpora.items()
    ]
    borne_out(
        "all models beat counted 4-grams",
        (pair is not None and bool(pair.high < 0) for pair in pairs),
    )
    return "All trained models beat counted 4-grams."


def heads_add(cells: Results) -> str:
    """What one head and four heads save beside positions; empty where it is not so."""
    positions = measured_rows(cells, MASKED, "position_weight", "mean")
    one_head = measured_rows(cells, MASKED, *_ONE_HEAD)
    four_heads = measured_rows(cells, "heads, masked word", "masked_four_heads", _ONE_HEAD[0])
    steps = [*zip(positions, one_head, four_heads, strict=False)]
    adds = len(steps) == 2 and all(
        row.seeds >= SEEDS and row.outcome == "adds" for row in (*one_head, *four_heads)
    )
    if adds and all(p.gain > 10 * a.gain and b.gain > a.gain for p, a, b in steps):
        return f"attention adds {number(one_head[0].gain)}, four heads more"
    return ""


def attention_adds(cells: Results) -> str:
    """What attention saves beside positions: word-word scores and the map of the value together."""
    rows = [r for r in measured_rows(cells, MASKED, *_ONE_HEAD) if r.seeds >= SEEDS]
    outcomes = {row.outcome for row in rows} if len(rows) == 2 else set()
    if outcomes in ({"adds"}, {"adds less"}):
        size = "more" if outcomes == {"adds"} else "less"
        return f"self-attention then saves {size} than the margin"
    if outcomes and all(row.low > 0 for row in rows):
        return "self-attention then saves a little more"
    return "whether self-attention saves more is **undecided**"


def still_open(results: dict[str, Results]) -> str:
    """What the first three sentences leave open, and what stands beside them."""
    case, cells = results["literal_case"], results["twelve_cells"]
    literal = decided(case, "first sentence", "mean_query_attention", "mean")
    one_head = decided(cells, MASKED, *_ONE_HEAD)
    adds = all(row.outcome == "adds" for row in one_head)
    trained = [row.as_trained_low > MARGIN for row in one_head]
    worse = all(row.as_trained_high < -MARGIN for row in literal)
    where = listed(
        [row.corpus.partition("-")[0] for row in one_head if row.as_trained_low < MARGIN]
    )
    facts = {
        "Sentence 1: attention may need more tuning; whether it is worse by more than the margin "
        "is open.": any(row.outcome == "open" for row in literal),
        "Without calibration, it is.": worse,
        "Sentences 2 and 3: beside positions, scores between words save less than the margin "
        f"without attention's map of the value{_beside_map(results['value_map'])}.": bool(
            alone(results["value_map"])
        ),
        "The output table could absorb that map; it changes training.": True,
        f"Without calibration, one head's gain for a masked word is open on {where}.": adds
        and not all(trained),
    }
    return " ".join([*(words for words, holds in facts.items() if holds), counted(cells)])


def word_vectors(main: Results) -> dict[str, int]:
    """Verdict -> how many comparisons with skip-gram have it.

    Raises:
        ValueError: where attention is better in one, or worse in none, or where fewer than half
            are inconclusive.
    """
    verdicts = findings.skip_gram_verdicts(main)
    words = ("better", "worse", "equivalent", "inconclusive")
    counts = {word: verdicts.count(word) for word in words}
    borne_out(
        "no attention model is better for single words",
        [counts["better"] == 0, counts["worse"] > 0],
    )
    borne_out("most are inconclusive", [counts["inconclusive"] > len(verdicts) / 2])
    return counts


def looked_up(recall: Results) -> tuple[Row, Row]:
    """How often attention, and a mean of the same words, find one of the most planted values."""
    corpus = queries.corpora(recall)[-1]
    attention, mean = (score(recall, corpus, "last_word", m) for m in ("attention", "mean"))
    chance = 1 / int(corpus.rpartition("-")[2])
    borne_out("attention looks up", [apart(attention, mean) == 1])
    borne_out("a mean guesses", [above(mean, chance) == 0])
    return attention, mean
