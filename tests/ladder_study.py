"""A made-up study with every architecture of the ladder.

The losses are sums of whole thousandths that differ by primes, so that every share can be worked
out by hand; the other scores are there to fill the page.
"""

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from wordrel.study.results import Results
from wordrel.study.schema import COLUMNS

MASKED = {
    "cbow": 7.001,
    "mean": 6.701,
    "word_weight": 6.608,
    "position_weight": 6.458,
    "mask_query_attention": 6.391,
    "mean_query_attention": 6.618,
    "mean_query_attention_position": 6.428,
}
NEXT = {
    "next_mean": 6.907,
    "next_position_weight": 6.840,
    "dot_product_attention": 6.853,
    "attention": 6.664,
    "attention_position": 6.633,
    "four_heads": 6.622,
    "transformer_block": 6.519,
}
OTHERS = ("random", "ppmi_svd", "skip_gram")
NOISE = {1: 0.0, 2: 0.002, 3: -0.003, 4: 0.005, 5: -0.007}
CORPORA = {"wiki17m": 0.0, "novels": -0.007}
STATIC = {
    "ws353": ("spearman", 353, 0.55),
    "simlex999": ("spearman", 999, 0.25),
    "men": ("spearman", 3000, 0.6),
    "google_analogies": ("accuracy", 12927, 0.2),
}
Row = dict[str, Any]


def models() -> list[Row]:
    """The models of the stored config, in the order of the study."""
    special = {"cbow": "word2vec", "skip_gram": "word2vec", "four_heads": "attention_position"}
    heads = {"four_heads": 4, "transformer_block": 4}
    order = [*OTHERS, *MASKED, *NEXT]
    return [{"name": m, "kind": special.get(m, m), "heads": heads.get(m, 1)} for m in order]


def losses() -> dict[str, dict[str, dict[int, float]]]:
    """Corpus -> model -> seed -> loss; models share a part of a seed's noise, but not its size."""
    return {
        corpus: {
            model: {s: loss + i * shift + n * (3 + 5 * i % 7) / 5 for s, n in NOISE.items()}
            for architectures in (MASKED, NEXT)
            for i, (model, loss) in enumerate(architectures.items())
        }
        for corpus, shift in CORPORA.items()
    }


def ladder_results(
    of_seeds: Mapping[str, Mapping[str, Mapping[int, float]]], settings: list[Row] | None = None
) -> Results:
    """The study with these losses.

    Args:
        of_seeds: corpus -> model -> seed -> loss.
        settings: the models of the config; default: `models()`.
    """
    settings = models() if settings is None else settings
    scores = [
        row
        for corpus, by_model in of_seeds.items()
        for i, model in enumerate(settings)
        for row in (*_static(corpus, i, model), *_held_out(corpus, model, by_model))
    ]
    summary = _summary(scores)
    rows = {
        "runs": [r for c in of_seeds for i, m in enumerate(settings) for r in _runs(c, i, m)],
        "scores": scores,
        "summary": summary,
        "comparisons": _comparisons(summary),
        "embeddings": [],
        "measurements": [],
        "agreement": [r for c in of_seeds for r in _agreement(c, [m["name"] for m in settings])],
    }
    tables = {
        name: pd.DataFrame(rows.get(name, []), columns=list(COLUMNS[name])) for name in COLUMNS
    }
    config = {"study": "ladder", "models": settings}
    return Results(folder=Path("ladder"), manifest=_manifest([*of_seeds]), config=config, **tables)


def _static(corpus: str, i: int, model: Row) -> list[Row]:
    return [
        _score(corpus, model["name"], seed, ("alike", task, measure, "input", "higher"))
        | {"score": base * (1 - (i * 7 % 17) / 40) + noise, "n_items": n, "n_scored": n}
        for task, (measure, n, base) in STATIC.items()
        for seed, noise in NOISE.items()
    ]


def _held_out(corpus: str, model: Row, by_model: Mapping[str, Mapping[int, float]]) -> list[Row]:
    rows = []
    for objective, architectures in (("masked_word", MASKED), ("next_word", NEXT)):
        task = f"held_out_loss.{objective}"
        its_own = model["name"] in by_model and model["name"] not in (
            {*MASKED, *NEXT} - {*architectures}
        )
        for seed in by_model.get(model["name"], NOISE) if its_own else NOISE:
            values = ("fit", task, "loss_per_token", "context" if its_own else "", "lower")
            row = _score(corpus, model["name"], seed, values) | {"n_items": 1054, "chance": 7.367}
            if its_own:
                row |= {"score": by_model[model["name"]][seed], "n_scored": 1054}
            else:
                row |= {"score": float("nan"), "n_scored": 0, "note": "not trained for it"}
            rows.append(row)
    return rows


def _score(corpus: str, model: str, seed: int, values: tuple[str, str, str, str, str]) -> Row:
    keys = ("question", "task", "measure", "embedding", "better")
    row = {"corpus": corpus, "model": model, "seed": seed, **dict(zip(keys, values, strict=True))}
    return (
        row
        | {"selected": True, "low": float("nan"), "high": float("nan"), "note": ""}
        | {"split": "test", "detail": False, "n_covered": 353, "chance": 0.0}
    )


def _runs(corpus: str, i: int, model: Row) -> list[Row]:
    row = {"corpus": corpus, "model": model["name"], "kind": model["kind"], "status": "done"}
    row |= {"message": "", "parameters": 2_000_000 + 10_000 * i, "trained_tokens": 75_000_000}
    row |= {"seconds": 100.0 + i, "tokens_per_second": 7.5e7 / (100 + i), "peak_memory_mb": 311.0}
    return [row | {"seed": s, "cell": f"{model['name']}-seed{s}"} for s in NOISE]


def _summary(scores: list[Row]) -> list[Row]:
    keys = ["corpus", "model", "question", "task", "measure", "embedding"]
    rows = []
    for _, group in pd.DataFrame(scores).groupby(keys, sort=False):
        first, score = group.iloc[0].to_dict(), group["score"].mean()
        ends = {"low": score - 0.03, "high": score + 0.03, "seed_sd": group["score"].std()}
        rows.append(first | {"seeds": len(group), "score": score} | ends)
    return rows


def _comparisons(summary: list[Row]) -> list[Row]:
    """A pair differs significantly where its scores differ by more than a hundredth."""
    rows = []
    keys = ("corpus", "question", "task", "measure", "better", "n_scored")
    for a, b in itertools.combinations([r for r in summary if not pd.isna(r["score"])], 2):
        if all(a[k] == b[k] for k in keys):
            gap = a["score"] - b["score"]
            ends = {"difference": gap, "low": gap - 0.01, "high": gap + 0.01}
            p = (
                {"p": 1e-4, "p_adjusted": 0.01}
                if abs(gap) > 0.01
                else {"p": 0.5, "p_adjusted": 1.0}
            )
            names = {
                f"{k}_{s}": r[k] for s, r in (("a", a), ("b", b)) for k in ("model", "embedding")
            }
            rows.append(
                {k: a[k] for k in keys} | names | ends | p | {"seeds": len(NOISE)} | _UNTESTED
            )
    return rows


_UNTESTED = dict.fromkeys(("p_steiger", "p_equivalence", "detectable"), float("nan"))


def _agreement(corpus: str, names: list[str]) -> list[Row]:
    rows = []
    for i, a in enumerate(names):
        for j, b in enumerate(names[i:]):
            overlap = 0.62 / (1 + j) - 0.01 * (i % 5)
            row = {"corpus": corpus, "between": "models" if j else "seeds", "score": overlap}
            row |= {"measure": "overlap"}
            row |= {
                "model_a": a,
                "model_b": b,
                "embedding_a": "input",
                "embedding_b": "input",
                "pairs": 10,
            }
            rows.append(row | {"low": overlap, "high": overlap, "n_items": 1000, "chance": 0.0002})
    return rows


def _manifest(corpora: list[str]) -> Row:
    about = {"digest": "0", "source": "made up", "license": "none", "reference": "none"}
    tasks = [
        {"name": task, "question": "alike", "measure": measure, "n_items": n, **about}
        for task, (measure, n, _) in STATIC.items()
    ]
    fit = {"question": "fit", "measure": "loss_per_token", "n_items": 1054, **about}
    return {
        "wordrel": "0.1.0",
        "study": "ladder",
        "seconds": 1.0,
        "corpora": [{"name": c, "tokens": 10, "types": 5, **about} for c in corpora],
        "tasks": [*tasks, {"name": "held_out_loss", **fit}],
        "statistics": {"resamples": 2000, "confidence": 0.95, "seed": 7},
        "environment": {},
    }
