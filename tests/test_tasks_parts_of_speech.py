"""Classes of word pairs: planted spaces, means and errors by hand, the regression, the articles."""

from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from task_spaces import vocab_of
from treebanks import bank, random_bank, task_of, tree
from wordrel.corpus.vocab import Vocab
from wordrel.models.relations import Product
from wordrel.models.word_model import WordModel
from wordrel.tasks import pair_classes
from wordrel.tasks.base import Scope
from wordrel.tasks.clustered import clustered_coefficients, clustered_mean, clustered_means
from wordrel.tasks.pair_classes import CLASSES, REFERENCE
from wordrel.tasks.parts_of_speech import KIND

SCOPE = Scope(lowercase=True)
WORDS = {
    "NOUN": [f"noun{i}" for i in range(300)],
    "VERB": [f"verb{i}" for i in range(300)],
    "ADJ": [f"adj{i}" for i in range(300)],
    "DET": ["The", "a", "an"],
}
FORMS = [word.lower() for words in WORDS.values() for word in words]
COUNTS = np.sort(np.random.default_rng(8).integers(1, 10_000, len(FORMS)))[::-1]
VOCAB = Vocab(tuple(FORMS), np.ascontiguousarray(COUNTS))
UPOS = np.array([upos for upos, words in WORDS.items() for _ in words])


@pytest.fixture(scope="module")
def trees():
    return random_bank(np.random.default_rng(3), 500, WORDS)


def classes(left, right):
    """The planted truth: noun-verb 1, verb-article -1, and all the rest 0."""
    both = [frozenset(pair) for pair in zip(UPOS[left], UPOS[right], strict=True)]
    value = {frozenset(("NOUN", "VERB")): 1.0, frozenset(("VERB", "DET")): -1.0}
    return np.array([value.get(pair, 0.0) for pair in both])


def noise(left, right):
    """Uniform with a standard deviation of 1, the same each time a pair is asked for."""
    return (np.sin(left * 12.9898 + right * 78.233) * 43758.5453 % 1 - 0.5) * np.sqrt(12)


def with_noise(left, right):
    return classes(left, right) + noise(left, right)


def word_model(vocab=VOCAB, **relations):
    return WordModel(vocab, {}, relations, selected={"relate": next(iter(relations), "")})


def auc(outcome):
    answered = ~np.isnan(outcome.predicted)
    return roc_auc_score(outcome.gold[answered], outcome.predicted[answered])


def rows(items, asked):
    return {(o.task, o.embedding): o for o in KIND.answer(task_of(items, "pos"), asked, SCOPE)}


def measured(items, asked, scope=SCOPE):
    found = KIND.measure(task_of(items, "pos"), asked, scope)
    assert len({(m.embedding, m.group, m.statistic) for m in found}) == len(found)
    return {(m.embedding, m.group, m.statistic): m for m in found}


def test_a_planted_space_is_recovered(trees):
    found = rows(trees, word_model(planted=with_noise, reverse=lambda a, b: -with_noise(a, b)))
    # Means of two draws differ by 2 with a standard deviation of 1: Phi(2) = .977.
    for name in ("pos", "pos.types"):
        assert auc(found[name, "planted"]) == pytest.approx(0.977, abs=0.02)
        assert auc(found[name, "reverse"]) == pytest.approx(1 - auc(found[name, "planted"]))
        assert found[name, "planted"].selected
        assert not found[name, "reverse"].selected
        assert not found[name, "planted"].detail


def test_a_planted_space_is_told_in_means_signs_and_coefficients(trees):
    found = measured(trees, word_model(planted=with_noise))

    def value(group, statistic):
        return found["planted", group, statistic]

    for ending in ("", " types", " linked", " unlinked at the same distances"):
        for kind, expected in (
            *(("NOUN>VERB", 1), ("VERB>NOUN", 1), ("VERB>ARTICLE", -1)),
            *(("ARTICLE>VERB", -1), ("NOUN>ARTICLE", 0), ("ADJ>NOUN", 0)),
        ):
            mean = value(kind + ending, "mean")
            assert abs(mean.value - expected) < 4 * mean.error < 0.5
            positive = value(kind + ending, "share_positive").value
            assert positive == pytest.approx(0.5 + 0.289 * expected, abs=0.1)
    center, sd = value("all pairs", "mean").value, value("all pairs", "sd").value
    raw, scaled = (value("NOUN>VERB", name) for name in ("mean", "standardised_mean"))
    assert scaled.value == pytest.approx((raw.value - center) / sd)
    assert scaled.error == pytest.approx(raw.error / sd)
    coefficient = value(f"NOUN>VERB against {REFERENCE}", "coefficient")
    assert abs(coefficient.value - 2 / sd) < 4 * coefficient.error < 0.6
    same = value(f"ARTICLE>VERB against {REFERENCE}", "coefficient")
    assert abs(same.value) < 4 * same.error


def test_a_shuffled_space_gives_chance_and_no_coefficient(trees):
    rng = np.random.default_rng(4)
    space = rng.normal(size=(len(VOCAB), 30)).astype(np.float32)
    embeddings = {f"v{i}": Product(*(rng.permutation(space) for _ in range(2))) for i in range(6)}
    asked = word_model(**embeddings)
    for name in ("pos", "pos.types"):
        scores = [auc(row) for (task, _), row in rows(trees, asked).items() if task == name]
        assert abs(np.mean(scores) - 0.5) < 3 * np.std(scores) / np.sqrt(5)
        assert np.std(scores) < 0.1
    found = measured(trees, asked)
    z = [
        m.value / m.error
        for (_, group, statistic), m in found.items()
        if statistic == "coefficient" and np.isfinite(m.value) and "ARTICLE>" not in group
    ]
    assert len(z) > 40
    assert np.mean(np.abs(z) < 3) > 0.97


@pytest.mark.parametrize("held", [False, True])
def test_what_pmi_explains_is_no_class_effect_once_it_is_held(trees, held):
    """Nouns and verbs have the higher PMI, which is all that the scores are made of."""

    class Counts:
        def pmi(self, left, right):
            return np.where((left + right) % 5 == 0, -np.inf, with_noise(left, right))

    def score(left, right):
        pmi = Counts().pmi(left, right)
        return np.where(np.isinf(pmi), -4.0, pmi) + 0.5 * noise(right, left)

    counts = Counts() if held else None
    found = measured(trees, word_model(pmi=score), Scope(lowercase=True, counts=counts))
    coefficients = {g: m for (_, g, s), m in found.items() if s == "coefficient"}
    of_class = coefficients[f"NOUN>VERB against {REFERENCE}"]
    assert (of_class.value > 5 * of_class.error) is not held
    assert ("pmi" in coefficients) is ("never met" in coefficients) is held
    if held:
        sd = found["pmi", "all pairs", "sd"].value
        slope, never = (coefficients[name] for name in ("pmi", "never met"))
        assert abs(of_class.value) < 4 * of_class.error
        assert abs(slope.value - 1 / sd) < 4 * slope.error < 0.05
        # Those that never met have the smallest PMI seen, -1 - sqrt(3), and score -4.
        assert never.value == pytest.approx((-4 + 1 + np.sqrt(3)) / sd, abs=0.05)


def test_the_coefficients_are_those_of_least_squares_on_the_same_pairs(trees):
    asked = word_model(x=with_noise)
    found = measured(trees, asked)
    part = {token.form.lower(): token.upos for tokens in trees.trees for token in tokens}
    columns, values = [], []
    names = [name for name in CLASSES if name != REFERENCE]
    for tokens in trees.trees:
        words = [token.form.lower() for token in tokens]
        kinds = ["ARTICLE" if part[w] == "DET" else part[w] for w in words]
        for i, one in enumerate(words):
            for j, other in enumerate(words):
                kind = f"{kinds[i]}>{kinds[j]}"
                if i != j and abs(i - j) <= 5 and kind in CLASSES:
                    a, b = VOCAB.index[one], VOCAB.index[other]
                    controls = [np.log(COUNTS[a]), np.log(COUNTS[b]), abs(i - j), 1]
                    columns.append([*(kind == name for name in names), *controls])
                    values.append(with_noise(np.array([a]), np.array([b]))[0])
    center, sd = (found["x", "all pairs", name].value for name in ("mean", "sd"))
    x = np.array(columns, dtype=np.float64)
    expected = np.linalg.lstsq(x, (np.array(values) - center) / sd, rcond=None)[0]
    titles = [f"{name} against {REFERENCE}" for name in names]
    titles += ["log count of the first word", "log count of the second word", "distance"]
    for title, value, there in zip([*titles, "intercept"], expected, x.any(axis=0), strict=True):
        coefficient = found["x", title, "coefficient"]
        assert coefficient.n == len(values)
        assert coefficient.value == pytest.approx(value if there else np.nan, nan_ok=True)


TINY = (
    "a/DET/2/det dog/NOUN/3/nsubj saw/VERB/0/root the/DET/5/det cat/NOUN/3/obj",
    "dog/NOUN/2/nsubj ran/VERB/0/root this/DET/4/det way/NOUN/2/obl zzz/NOUN/2/obl",
    "dog/NOUN/2/nsubj ran/VERB/0/root",
)


def test_means_of_tiny_sentences_by_hand():
    vocab = vocab_of(["a", "dog", "saw", "the", "cat", "ran", "this", "way"])
    table = np.random.default_rng(0).normal(size=(8, 8))
    found = measured(
        bank([tree(text) for text in TINY]), word_model(vocab, t=lambda a, b: table[a, b])
    )

    def score(one, other):
        return table[vocab.index[one], vocab.index[other]]

    def check(group, *expected, n=None):
        mean = found["t", group, "mean"]
        assert mean.value == pytest.approx(np.mean(expected) if expected else np.nan, nan_ok=True)
        assert mean.n == len(expected) if n is None else n
        positive = found["t", group, "share_positive"].value
        if n is None and expected:
            assert positive == pytest.approx(np.mean([e > 0 for e in expected]))

    dog_saw, cat_saw = score("dog", "saw"), score("cat", "saw")
    dog_ran, way_ran = score("dog", "ran"), score("way", "ran")
    check("NOUN>VERB", dog_saw, cat_saw, dog_ran, way_ran, dog_ran)
    check("NOUN>VERB types", dog_saw, cat_saw, dog_ran, way_ran)
    check("NOUN>VERB linked", dog_saw, cat_saw, dog_ran, way_ran, dog_ran)
    check("NOUN>VERB unlinked at the same distances")
    check(
        "VERB>NOUN types",
        *(score(b, a) for a, b in (("dog", "saw"), ("cat", "saw"))),
        score("ran", "dog"),
        score("ran", "way"),
    )
    check("VERB>ARTICLE", score("saw", "a"), score("saw", "the"))
    check("ARTICLE>NOUN linked", score("a", "dog"), score("the", "cat"))
    # Articles one before their noun are linked; the, dog and a, cat stand elsewhere.
    check("ARTICLE>NOUN unlinked at the same distances")
    check("ARTICLE>NOUN", *(score(a, n) for a in ("a", "the") for n in ("dog", "cat")))
    assert not [group for _, group, _ in found if "nsubj" in group]  # fewer than MIN_LINKS


def test_unlinked_pairs_are_weighted_to_stand_at_the_distances_of_the_linked_ones(monkeypatch):
    monkeypatch.setattr(pair_classes, "MIN_LINKS", 2)
    texts = [
        "n1/NOUN/2/nsubj v1/VERB/0/root",
        "n2/NOUN/2/nsubj v1/VERB/0/root",
        "n3/NOUN/3/nsubj x/ADV/3/x v1/VERB/0/root",
        "n4/NOUN/0/root v1/VERB/0/root",
        "n5/NOUN/0/root x/ADV/1/x v1/VERB/0/root",
        "n6/NOUN/0/root x/ADV/1/x v1/VERB/0/root",
        "v1/VERB/0/root n7/NOUN/0/root",
    ]
    vocab = vocab_of([f"n{i}" for i in range(8)] + ["v1", "x"])
    found = measured(
        bank([tree(text) for text in texts]), word_model(vocab, x=lambda a, b: 1.0 * (a + b) ** 2)
    )
    linked = found["x", "NOUN>VERB linked", "mean"]
    assert linked.value == pytest.approx(np.mean([9.0**2, 10**2, 11**2]))
    others = found["x", "NOUN>VERB unlinked at the same distances", "mean"]
    # Two linked pairs one apart and one two apart; none the other way round, as n7 stands.
    assert others.value == pytest.approx((2 * 12**2 + (13**2 + 14**2) / 2) / 3)
    assert others.n == 3
    up = found["x", "nsubj dependent>head", "mean"]
    assert (up.value, up.n) == (pytest.approx(linked.value), 3)
    assert ("x", "x head>dependent", "mean") in found


def test_clustered_errors_by_hand_and_as_in_statsmodels():
    from statsmodels.regression.linear_model import WLS

    values = np.array([1.0, 2.0, 4.0, np.nan, 8.0, 3.0])
    cluster = np.array([0, 0, 1, 1, 2, 0])
    group = np.array([0, 0, 0, 0, 0, 1])
    found = clustered_means(values, group, cluster, 3)
    # Mean 3.75; sums of what is left over, by cluster: -4.5, 0.25, 4.25; three clusters.
    assert found.values.tolist()[:2] == [3.75, 3.0]
    by_hand = np.sqrt((4.5**2 + 0.25**2 + 4.25**2) * 3 / 2) / 4
    assert found.errors[0] == pytest.approx(by_hand)
    assert found.n.tolist() == [4, 1, 0]
    assert found.clusters.tolist() == [3, 1, 0]
    assert np.isnan(found.errors[1:]).all()
    assert np.isnan(found.values[2])
    weights = np.array([1.0, 2.0, 3.0, 1.0, 0.5, 1.0])
    some = np.array([0, 1, 2, 4])
    one = np.zeros(4, dtype=np.int64)
    weighted = clustered_means(values[some], one, cluster[some], 1, weights[some])
    fit = WLS(values[some], np.ones(4), weights=weights[some]).fit(
        cov_type="cluster", cov_kwds={"groups": cluster[some]}
    )
    assert weighted.values[0] == pytest.approx(fit.params[0])
    assert weighted.errors[0] == pytest.approx(fit.bse[0])
    plain = clustered_coefficients(values[:5], np.ones((5, 1)), cluster[:5])
    assert plain.values[0] == pytest.approx(3.75)
    assert plain.errors[0] == pytest.approx(by_hand)
    assert plain.n.tolist() == [4]
    assert plain.clusters.tolist() == [3]


def test_fewer_than_twenty_clusters_have_no_error():
    values, column = np.random.default_rng(0).normal(size=60), np.ones((60, 1))
    for n in (19, 20):
        cluster = np.arange(60) % n
        (coefficient,) = clustered_coefficients(values, column, cluster).rows()
        for row in (clustered_mean(values, cluster), coefficient):
            assert (row.n, row.clusters, np.isnan(row.error)) == (60, n, n < 20)
            assert row.value == pytest.approx(values.mean())


def test_means_of_pairs_and_their_coefficients_rest_on_sentences(trees):
    found = measured(trees, word_model(planted=with_noise))
    one = found["planted", "NOUN>VERB", "mean"]
    assert 20 < one.clusters <= 500 < one.n
    few = random_bank(np.random.default_rng(3), 19, WORDS)
    for name in (("NOUN>VERB", "mean"), (f"NOUN>VERB against {REFERENCE}", "coefficient")):
        row = measured(few, word_model(planted=with_noise))["planted", *name]
        assert row.clusters <= 19 < row.n
        assert np.isnan(row.error) and np.isfinite(row.value)


def test_columns_that_cannot_be_told_apart_have_no_coefficient():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 3))
    values, cluster = rng.normal(size=50), np.arange(50) // 5
    both = np.column_stack([x, x[:, 0] + x[:, 1]])
    assert np.isnan(clustered_coefficients(values, both, cluster).values).all()
    empty = clustered_coefficients(values, np.column_stack([x, np.zeros(50)]), cluster)
    assert np.isfinite(empty.values[:3]).all()
    assert np.isnan(empty.values[3])
    assert np.isnan(clustered_coefficients(values, x, np.zeros(50, dtype=np.int64)).values).all()


def test_a_relation_that_does_not_mind_the_order_has_no_class_effect_of_direction(trees):
    space = np.random.default_rng(4).normal(size=(len(VOCAB), 30)).astype(np.float32)
    found = measured(trees, word_model(same=Product(space, space)))
    both = found["same", f"ARTICLE>VERB against {REFERENCE}", "coefficient"]
    assert both.value == pytest.approx(0, abs=1e-6)
    assert both.error == pytest.approx(0, abs=1e-6)


def test_the_product_of_an_article_with_all_other_words(trees):
    the = VOCAB.index["the"]

    def below(left, right):
        own = np.where(left == the, -1.0 - right / 1000, 1.0 + left / 1000)
        return np.where(right == 7, np.nan, own)

    found = measured(trees, word_model(low=below))

    def value(statistic, group="the>any word"):
        return found["low", group, statistic].value

    assert value("share_negative") == 1
    assert value("percentile") == 0
    assert found["low", "the>any word", "share_negative"].n == len(VOCAB) - 2
    answers = np.delete(-1.0 - np.arange(len(VOCAB)) / 1000, [the, 7])
    assert value("mean") == pytest.approx(answers.mean())
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        name = f"quantile_{round(100 * share):02}"
        assert value(name) == pytest.approx(np.quantile(answers, share), abs=0.002)
    assert value("share_negative", "any word>the") == 0
    assert value("percentile", "any word>the") == pytest.approx(50, abs=1)
    assert value("percentile", "a>any word") > 90  # next to last of the vocabulary
    groups = Counter(group for _, group, statistic in found if statistic == "percentile")
    words = ("a", "an", "the")
    assert groups == {g: 1 for w in words for g in (f"{w}>any word", f"any word>{w}")}


def test_words_that_never_met_count_as_not_positive_but_not_in_means():
    vocab = vocab_of(["dog", "saw", "cat"])
    text = "dog/NOUN/2/nsubj saw/VERB/0/root cat/NOUN/2/obj"

    def pmi(left, right):
        return np.where(left == 0, 2.0, np.where(left == 2, -np.inf, np.nan))

    found = measured(bank([tree(text)]), word_model(vocab, pmi=pmi))
    mean, positive = (found["pmi", "NOUN>VERB", name] for name in ("mean", "share_positive"))
    assert (mean.value, mean.n) == (2.0, 1)
    assert (positive.value, positive.n) == (0.5, 2)
    assert found["pmi", "VERB>NOUN", "share_positive"].n == 0


def test_as_many_pairs_of_each_sort_are_compared_at_each_distance(trees):
    found = rows(trees, word_model(x=with_noise))
    row, types = found["pos", "x"], found["pos.types", "x"]
    near = Counter()
    for tokens in trees.trees:
        for i, one in enumerate(tokens):
            for j, other in enumerate(tokens):
                if one.upos == "VERB" and other.upos in ("NOUN", "DET") and 0 < abs(i - j) <= 5:
                    near[other.upos, abs(i - j)] += 1
    couples = sum(min(near["NOUN", d], near["DET", d]) for d in range(1, 6))
    assert len(row.gold) == near.total()
    assert row.gold[row.covered].sum() == (1 - row.gold[row.covered]).sum() == couples
    assert f"{near.total() - 2 * couples} no pair of the other sort as far apart" in row.note
    assert len(types.gold) < len(row.gold)
    assert len(np.unique(types.cluster)) < len(types.gold)


def test_nouns_are_compared_with_articles_at_the_same_distance_only():
    near = [f"near{i}/NOUN/2/x saw/VERB/0/root" for i in range(20)]
    far = [f"saw/VERB/0/root so/ADV/1/x far{i}/NOUN/1/x" for i in range(2)]
    articles = ["a/DET/3/x so/ADV/3/x saw/VERB/0/root"] * 2
    vocab = vocab_of([*(f"near{i}" for i in range(20)), "far0", "far1", "a", "saw", "so"])
    asked = word_model(vocab, noun=lambda a, b: np.maximum(a, b) * 1.0)
    row = rows(bank([tree(text) for text in near + far + articles]), asked)["pos", "noun"]
    assert row.covered.sum() == 4
    assert row.cluster[row.covered & (row.gold == 1)].tolist() == [20, 21]


def test_a_determiner_that_is_no_article_is_none():
    vocab = vocab_of(["this", "saw", "dog", "a"])
    texts = [
        "this/DET/2/det saw/VERB/0/root",
        "dog/NOUN/2/x saw/VERB/0/root",
        "A/DET/0/x saw/VERB/0/x",
    ]
    row = rows(bank([tree(text) for text in texts]), word_model(vocab, x=lambda a, b: 1.0 * a))[
        "pos", "x"
    ]
    assert row.gold.tolist() == [1, 0]
    assert row.covered.all()


def test_a_model_without_relations_says_why_and_measures_nothing(trees):
    asked = WordModel(VOCAB, {}, unavailable={"relate": "it has one table"})
    assert {o.note for o in KIND.answer(task_of(trees, "pos"), asked, SCOPE)} == {
        "it has one table"
    }
    assert measured(trees, asked) == {}
