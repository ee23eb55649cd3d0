"""The annotated answer: how is self-attention different from word2vec?

    python docs/answer.py FIGURES [STUDY]

Nine claims, C1 to C9, answer in parts. Here each claim is an equation, a few lines that use the
library, a live number and a figure. A claim ends with its committed verdict, which is read from the
tables in `results/`.

The text is small: a sample of the Wikipedia articles inside gensim. So a number here shows how a
claim is measured. It does not decide the claim: the verdict comes from the large studies. Intervals
count places of one document as independent, so they are too narrow.

Writes nine SVG files into the folder FIGURES, and the small study into the folder STUDY (default:
a temporary one). Editors that know percent cells run it cell by cell.
"""

# %%
import sys
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import vl_convert
from scipy.special import logsumexp
from scipy.stats import rankdata

import wordrel
from wordrel.api import stored_config
from wordrel.corpus import prepare
from wordrel.report.claims import decidable, standing
from wordrel.study.results import read_results

ROOT = Path(__file__).resolve().parents[1]
FIGURES = Path(sys.argv[1])
STUDY = Path(sys.argv[2] if len(sys.argv) > 2 else mkdtemp(prefix="wordrel-answer-"))
FIGURES.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# ## One small study answers all
#
# Every model has the same text, dimensions and epochs, and all but two have the same trainer. They
# differ in one ingredient each. So little text gives few steps: small batches and a large rate of
# the attention's weights make up for it.

# %%
SAME = {"batch": 512, "weights_learning_rate": 0.01}
MODELS = [
    {"kind": "ppmi_svd"},
    {"kind": "word2vec", "algorithm": "skip_gram"},
    *({"kind": kind, **SAME} for kind in ("mean", "position_weight", "attention")),
    *({"kind": f"mean_query_attention{end}", **SAME} for end in ("", "_position")),
    {"kind": "dot_product_attention", **SAME},
    {"kind": "attention", "name": "following", "training": {"target": "following"}, **SAME},
    {"kind": "attention", "name": "one_map_qk", "ties": ["K=Q"], **SAME},
    {"kind": "attention", "name": "no_value_map", "ties": ["V=I"], **SAME},
]
results = wordrel.run(
    ROOT / "configs" / "quickstart.yaml",
    out=STUDY / "results",
    cache=STUDY / "cache",
    jobs=1,
    **{"corpora.0.limit_tokens": 200_000},
    training={"dim": 32, "epochs": 2},
    models=MODELS,
    seeds=[1, 2],
    tasks=["ws353"],
    contrasts=[],
    notes=[],
)

# %% [markdown]
# Losses are read at 2,000 places of the test documents. Each is the middle of a part of eleven
# words: five before it, and five behind it, which models of the next word do not see.

# %%
W, N = 5, 2000
corpus = prepare(stored_config(results).corpora[0], STUDY / "cache")
ends = corpus.test.sentence_ends
rng = np.random.default_rng(0)
middles = np.concatenate(
    [np.arange(first + W, end - W) for first, end in zip([0, *ends[:-1]], ends, strict=True)]
)
middles = rng.choice(middles, N, replace=False)
parts = corpus.test.ids[middles[:, None] + np.arange(-W, W + 1)]
size = parts.shape[1]
part_ends, places = np.arange(1, N + 1) * size, np.arange(N) * size + W


# %%
def load(model, seed=1):
    """A trained model of the small study."""
    return wordrel.load(results.folder, model, seed=seed, cache=STUDY / "cache")


def loss(model, parts=parts, hidden=None):
    """-log p(w | context) in nats of the middle of each part; `hidden` words are in no context."""
    reader = model.context if hidden is None else model.context.hiding(hidden.ravel())
    blocks = reader.scores(parts.ravel(), part_ends, places)
    rows = np.concatenate([block.copy() for block in blocks])
    return logsumexp(rows, axis=1) - rows[np.arange(N), parts[:, W]]


def added(model, place):
    """What hiding the word at a place of each part (0 to W - 1) adds to the loss."""
    hidden = np.zeros(parts.shape, dtype=bool)
    hidden[np.arange(N), place] = True
    return loss(model, hidden=hidden) - loss(model)


def mean(values):
    """The mean of independent numbers, and its 95% interval."""
    m, error = np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))
    return m, m - 1.96 * error, m + 1.96 * error


def say(claim, question, numbers, unit):
    """Print the numbers of a claim with intervals, draw them, print the committed verdict."""
    print(f"{claim}: {question}")
    for what, (value, low, high) in numbers.items():
        print(f"  {what}: {value:.3f} [{low:.3f}, {high:.3f}] {unit}")
    rows = [
        {"what": what, "value": float(value), "low": float(low), "high": float(high)}
        for what, (value, low, high) in numbers.items()
    ]
    y = {"field": "what", "type": "nominal", "sort": None, "title": None}
    x = {"field": "value", "type": "quantitative", "title": unit}
    bars = {"mark": {"type": "bar", "opacity": 0.6}, "encoding": {"x": x, "y": y}}
    ends = {"x": {**x, "field": "low"}, "x2": {"field": "high"}, "y": y}
    spec = {"data": {"values": rows}, "layer": [bars, {"mark": "rule", "encoding": ends}]}
    drawn = vl_convert.vegalite_to_svg({**spec, "title": f"{claim}: {question}", "width": 400})
    (FIGURES / f"{claim}.svg").write_text(drawn, encoding="utf-8")
    for study, verdict in VERDICTS.get(claim, []):
        print(f"  committed verdict: {verdict} (results/{study})")


# %% [markdown]
# The committed verdicts: the rule of each claim, applied to the stored tables of its study.

# %%
VERDICTS = {}
for manifest in sorted((ROOT / "results").glob("*/manifest.json")):
    stored = read_results(manifest.parent)
    for rule in decidable(stored):
        if rule.planned or rule.experiment == stored.study:
            verdict = standing(rule, rule.decide(stored))
            VERDICTS.setdefault(rule.name, []).append((stored.study, verdict))

# %% [markdown]
# ## C1. It learns words and their relationships
#
#     score = rho( cos(x_a, x_b), human judgement )
#
# Skip-gram and counts are the standard. Random vectors score zero.

# %%
table = results.summary[results.summary["selected"] & (results.summary["task"] == "ws353")]
table = table.set_index("model").loc[["ppmi_svd", "skip_gram", "mean_query_attention", "attention"]]
say(
    "C1",
    f"do vectors order {table['n_scored'].iloc[0]:.0f} word pairs as people do?",
    {row.Index: (row.score, row.low, row.high) for row in table.itertuples()},
    "Spearman correlation on WordSim-353; chance is 0",
)

# %% [markdown]
# ## C2. The product of a noun and a verb is above that of a verb and an article
#
#     lift(a, b) = q_a . k_b - log sum_b' p(b') exp(q_a . k_b')
#
# The same verb asks in both. A lift does not change when a constant is added to all scores of a
# verb.

# %%
model = load("attention")
verbs, nouns, articles = (
    [word for word in words.split() if word in model]
    for words in (
        "is was are were has have had became made used called known found see",
        "city war time people world state year system language century music water",
        "the a an this these",
    )
)
wins = [  # a share for each verb
    np.mean(
        [
            model.relation(verb, noun, "q.k.lift") > model.relation(verb, article, "q.k.lift")
            for noun in nouns
            for article in articles
        ]
    )
    for verb in verbs
]
question = f"how often is the lift of a noun above that of an article, over {len(verbs)} verbs?"
say("C2", question, {"noun above article": mean(wins)}, "of triples; chance is 0.5")

# %% [markdown]
# ## C3. An article helps little
#
#     added loss = -log p(w | context without word j) + log p(w | context)
#
# A word is hidden two places before the one that is predicted. It is a determiner, or another word.

# %%
article = np.isin(parts[:, W - 2], model.vocab.ids(articles))
cost = added(model, W - 2)
say(
    "C3",
    f"what does hiding a word cost? ({article.sum()} determiners, {N - article.sum()} others)",
    {"determiner": mean(cost[article]), "other word": mean(cost[~article])},
    "nats of added loss",
)

# %% [markdown]
# ## C4. Words are related for the task
#
#     drop = rho(lifts of two seeds) - rho(lifts of two tasks)
#
# One architecture predicts the next word, or a word of the following ten.

# %%
pairs = rng.integers(0, min(2000, len(model.vocab)), (2, N))
lifts = {
    (name, seed): rankdata(load(name, seed).relations["q.k.lift"](*pairs))
    for name in ("attention", "following")
    for seed in (1, 2)
}
resamples = [np.arange(N), *rng.integers(0, N, (200, N))]  # the first is the text as it is


def rho(one, other):
    """Correlation of the ranks, as it is and in each resample of the pairs."""
    return np.array([np.corrcoef(lifts[one][i], lifts[other][i])[0, 1] for i in resamples])


def resampled(values):
    """The correlation, and the interval that its resamples span."""
    return values[0], *np.quantile(values[1:], [0.025, 0.975])


seeds = rho(("attention", 1), ("attention", 2))
tasks = rho(("attention", 1), ("following", 1))
numbers = {"two seeds": seeds, "two tasks": tasks, "drop": seeds - tasks}
numbers = {what: resampled(values) for what, values in numbers.items()}
say("C4", f"how far do the lifts of {N} pairs agree?", numbers, "rank correlation")

# %% [markdown]
# ## C5. Query, key and value are different roles
#
#     cost of a tie = loss(W_k = W_q) - loss(all free)        and the same for W_v = I

# %%
free = loss(model)
ties = {"K = Q": "one_map_qk", "V = I": "no_value_map"}
numbers = {tie: mean(loss(load(name)) - free) for tie, name in ties.items()}
say("C5", f"what does a tie cost at {N} places?", numbers, "nats")

# %% [markdown]
# ## C6. The maps do something
#
#     score(a, b) = (W_q x_a) . (W_k x_b)     against     x_a . x_b

# %%
numbers = {"all three maps": mean(loss(load("dot_product_attention")) - free)}
say("C6", f"what do the maps save at {N} places?", numbers, "nats")

# %% [markdown]
# ## C7. A soft dictionary
#
#     y = sum_j softmax_j(q . k_j) v_j
#
# A dictionary is used where hiding the word with the largest weight costs more than hiding another.
# The word that asks stays: it is the last one before the place.

# %%
found = model.context.weights(parts.ravel(), part_ends)
part, asking = np.divmod(found.state, size)
here = (asking == W - 1) & (found.offset < -1)
weights = np.zeros((N, W - 1))
weights[part[here], W + found.offset[here]] = found.weight[here]
largest = weights.argmax(axis=1)
another = (largest + rng.integers(1, W - 1, N)) % (W - 1)
numbers = {"largest weight": mean(added(model, largest)), "another": mean(added(model, another))}
say("C7", f"what does it cost to hide a word, at {N} places?", numbers, "nats of added loss")

# %% [markdown]
# ## C8. It does not care about order
#
#     y(context) = y(shuffled context)     without positions
#
# The words around each place change places among themselves.

# %%
around = np.delete(np.arange(size), W)
shuffled = parts.copy()
shuffled[:, around] = rng.permuted(parts[:, around], axis=1)
numbers = {}
for name in ("mean", "position_weight", "mean_query_attention", "mean_query_attention_position"):
    one = load(name)
    numbers[name] = mean(np.abs(loss(one, shuffled) - loss(one)))
say("C8", f"how far does the loss of {N} places move in a shuffled context?", numbers, "nats")

# %% [markdown]
# ## C9. So how does it differ?
#
#     loss(mean) - loss(mean + positions)       against       loss(mean) - loss(mean + q.k)

# %%
plain = loss(load("mean"))
adds = {
    "positions": "position_weight",
    "word-word scores": "mean_query_attention",
    "both": "mean_query_attention_position",
}
numbers = {what: mean(plain - loss(load(name))) for what, name in adds.items()}
say("C9", f"what does each ingredient save at {N} places?", numbers, "nats")
