"""A made-up study of the full size: seven models, two corpora, every question, every table.

Scores are whole thousandths, so that the page can be worked out by hand: a task's
level, times a model's strength, less a step for each embedding behind the selected one.
"""

import itertools
from pathlib import Path
from typing import Any

import pandas as pd

from wordrel.study.results import Results
from wordrel.study.schema import COLUMNS

NAN = float("nan")
Row = dict[str, Any]

KINDS = {
    "random": "random",
    "ppmi_svd": "counts",
    "skip_gram": "word2vec",
    "cbow": "word2vec",
    "attention": "attention",
    "attention_position": "attention_position",
    "mask_query_attention": "mask_query_attention",
}
MODELS = tuple(KINDS)
STRENGTH = dict(zip(MODELS, (0, 90, 100, 85, 70, 75, 95), strict=True))  # per cent of the level
CORPORA = {"wiki17m": 0, "novels": -40}  # thousandths
RELATION_VIEWS = {
    "random": ("cosine", "in.out"),
    "ppmi_svd": ("pmi", "conditional"),
    "skip_gram": ("in.out", "in.in", "cosine"),
    "cbow": ("in.out", "in.in", "cosine"),
}
ATTENTION_RELATIONS = ("q.k", "value.out", "attention", "cosine")
SPACES = ("input", "output", "input+output", "input.centred", "output.centred")

# question -> task -> kind, measure, items, level in thousandths; ".x" is a variant of the task
TASKS: dict[str, dict[str, tuple[str, str, int, int]]] = {
    "alike": {
        "men_dev": ("pairs", "spearman", 2000, 700),
        "simverb_dev": ("pairs", "spearman", 500, 200),
        "ws353": ("pairs", "spearman", 353, 640),
        "ws353_sim": ("pairs", "spearman", 203, 700),
        "ws353_rel": ("pairs", "spearman", 252, 600),
        "simlex999": ("pairs", "spearman", 999, 300),
        "men_test": ("pairs", "spearman", 1000, 680),
        "rw": ("pairs", "spearman", 2034, 330),
        "simverb_test": ("pairs", "spearman", 3000, 180),
        "mturk287": ("pairs", "spearman", 287, 650),
        "google_analogies": ("analogies", "accuracy", 19544, 380),
        "google_analogies.3cosmul": ("analogies", "accuracy", 19544, 390),
        "google_analogies.only_b": ("analogies", "accuracy", 19544, 100),
        "msr_analogies": ("analogies", "accuracy", 8000, 350),
        "msr_analogies.3cosmul": ("analogies", "accuracy", 8000, 360),
        "msr_analogies.only_b": ("analogies", "accuracy", 8000, 80),
        "bats": ("analogies", "accuracy", 20000, 200),
        "bats.3cosmul": ("analogies", "accuracy", 20000, 210),
        "bats.only_b": ("analogies", "accuracy", 20000, 60),
        "ap_categories": ("categories", "accuracy", 402, 500),
    },
    "relate": {
        "hyperlex_dev": ("directed_pairs", "spearman", 130, 180),
        "hyperlex_test": ("directed_pairs", "spearman", 655, 170),
        "hyperlex_direction": ("direction", "accuracy", 900, 640),
        "sp10k_nsubj": ("directed_pairs", "spearman", 2000, 420),
        "sp10k_dobj": ("directed_pairs", "spearman", 2000, 440),
        "sp10k_amod": ("directed_pairs", "spearman", 2000, 430),
        "usf_strength": ("directed_pairs", "spearman", 72000, 240),
        "usf_direction": ("direction", "accuracy", 8384, 560),
        "bless.coord": ("labelled_pairs", "auc", 3565, 880),
        "bless.hyper": ("labelled_pairs", "auc", 1337, 700),
    },
    "syntax": {
        "ud_syntax": ("syntax", "auc", 20000, 620),
        "ud_syntax.from_head": ("syntax", "auc", 20000, 610),
        "ud_parts_of_speech": ("parts_of_speech", "auc", 9000, 660),
    },
    "in_context": {
        "wic_dev": ("same_sense", "accuracy", 638, 560),
        "wic_test": ("same_sense", "accuracy", 1400, 570),
        "scws": ("context_pairs", "spearman", 2003, 640),
    },
    "fit": {
        "held_out_loss.masked_word": ("held_out_loss", "loss_per_token", 1054, 6000),
        "held_out_loss.next_word": ("held_out_loss", "loss_per_token", 1054, 6300),
    },
}
PARTS = {
    "google_analogies": ("capital", "family", "plural"),
    "ud_syntax": ("nsubj", "obj", "amod"),
}
LOSS = {
    "held_out_loss.masked_word": {"cbow": 6824, "mask_query_attention": 6151},
    "held_out_loss.next_word": {"attention": 6366, "attention_position": 6364},
}
PAIRS = ("NOUN>VERB", "VERB>NOUN", "VERB>ARTICLE", "ARTICLE>VERB", "NOUN>NOUN")
CHANCE = {"direction": 0.5, "labelled_pairs": 0.5, "syntax": 0.5, "parts_of_speech": 0.5}
CHANCE |= {"same_sense": 0.5, "held_out_loss": 7.367}
SEEDS = 5


def embeddings_of(model: str, question: str) -> tuple[str, ...]:
    """The embeddings of a model, the selected one first."""
    if question in ("relate", "syntax"):
        return RELATION_VIEWS.get(model, ATTENTION_RELATIONS)
    if question == "in_context":
        return ("static",) if model in ("random", "ppmi_svd", "skip_gram") else ("joined", "static")
    if question == "fit":
        return ("context",)
    return ("value", *SPACES) if "attention" in model else SPACES


def wide_results(corpora: tuple[str, ...] = tuple(CORPORA)) -> Results:
    """The whole study, or that of some of its corpora."""
    summary = [row for corpus in corpora for row in _summary(corpus)]
    rows = {
        "runs": [_run(c, i, m, s) for c in corpora for i, m in enumerate(MODELS) for s in range(5)],
        "scores": [row | {"seed": 0} for row in summary],
        "summary": summary,
        "comparisons": _comparisons(summary),
        "embeddings": [row for corpus in corpora for row in _embeddings(corpus)],
        "measurements": [row for corpus in corpora for row in _measurements(corpus)],
        "agreement": [row for corpus in corpora for row in _agreement(corpus)],
    }
    tables = {
        name: pd.DataFrame(rows.get(name, []), columns=list(COLUMNS[name])) for name in COLUMNS
    }
    config = {"study": "wide", "models": [{"name": m, "kind": k} for m, k in KINDS.items()]}
    return Results(folder=Path("wide"), manifest=_manifest(corpora), config=config, **tables)


def _summary(corpus: str) -> list[Row]:
    rows = []
    for question, tasks in TASKS.items():
        for task, (kind, measure, n, level) in tasks.items():
            keys = {"corpus": corpus, "question": question, "task": task, "measure": measure}
            split = "dev" if task.endswith("_dev") else "test"
            common = keys | {"split": split, "detail": False, "chance": CHANCE.get(kind, 0.0)}
            common |= {"n_items": n, "n_covered": n * 9 // 10, "n_scored": n * 9 // 10}
            common |= {"better": "lower" if question == "fit" else "higher", "note": ""}
            rows += [row for m in MODELS for row in _answers(common, m, level)]
            for part in PARTS.get(task, ()):
                of_part = common | {"task": f"{task}.{part}", "detail": True}
                of_part |= {"n_scored": 50, "n_items": 60}
                rows += [_part(of_part, m, level) for m in MODELS]
    return rows


def _answers(common: Row, model: str, level: int) -> list[Row]:
    """A row an embedding; thousandths are summed before they are divided."""
    question, task = common["question"], common["task"]
    if question == "fit" and model not in LOSS[task]:
        silent = {"score": NAN, "low": NAN, "high": NAN, "seed_sd": NAN, "n_scored": 0}
        why = {"embedding": "", "selected": True, "seeds": SEEDS, "note": "not trained for it"}
        return [common | {"model": model} | silent | why]
    rows = []
    for place, embedding in enumerate(embeddings_of(model, question)):
        score = (level * STRENGTH[model] // 100 + CORPORA[common["corpus"]] - 10 * place) / 1000
        if common["chance"] == 0.5:
            score = 0.5 + (level - 500) * STRENGTH[model] // 100 / 1000 - place / 100
        if question == "fit":
            score = (LOSS[task][model] + 10 * CORPORA[common["corpus"]]) / 1000
        ends = {"score": score, "low": score - 0.03, "high": score + 0.03, "seed_sd": 0.004}
        row = {"model": model, "embedding": embedding, "selected": not place, "seeds": SEEDS}
        rows.append(common | row | ends)
    return rows


def _part(common: Row, model: str, level: int) -> Row:
    """Of the first embedding; that of `attention` is not selected, as one chosen later."""
    row = _answers(common, model, level)[0]
    return row | {"selected": model != "attention"}


def _comparisons(summary: list[Row]) -> list[Row]:
    """All selected pairs; significant beyond .02, equal (where a margin applies) below .01."""
    keys = ("corpus", "question", "task", "measure", "better", "n_scored")
    selected = [r for r in summary if r["selected"] and not r["detail"] and r["split"] == "test"]
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for r in selected:
        if not pd.isna(r["score"]):
            groups.setdefault(tuple(r[k] for k in keys), []).append(r)
    return [
        dict(zip(keys, key, strict=True)) | _difference(a, b)
        for key, rows in groups.items()
        for a, b in itertools.combinations(rows, 2)
    ]


def _difference(a: Row, b: Row) -> Row:
    gap = round(a["score"] - b["score"], 3)
    apart = abs(gap) > 0.02
    names = {f"{k}_{s}": r[k] for s, r in (("a", a), ("b", b)) for k in ("model", "embedding")}
    p = {"p": 1e-4 if apart else 0.3, "p_adjusted": 0.004 if apart else 1.0}
    p["p_steiger"] = p["p"] / 2 if a["measure"] == "spearman" else NAN
    p["p_equivalence"] = NAN
    if a["measure"] != "loss_per_token":
        p["p_equivalence"] = 0.01 if abs(gap) < 0.01 else 0.6
    ends = {"difference": gap, "low": gap - 0.02, "high": gap + 0.02, "detectable": 0.028}
    return names | p | ends | {"seeds": SEEDS}


def _embeddings(corpus: str) -> list[Row]:
    rows = []
    for question in ("alike", "relate", "in_context"):
        dev = [task for task in TASKS[question] if task.endswith("_dev")]
        for model in MODELS:
            embeddings = embeddings_of(model, question)
            alone = len(embeddings) == 1
            for place, embedding in enumerate(embeddings):
                score = NAN if alone else (500 - 10 * place) / 1000
                row = {
                    "corpus": corpus,
                    "model": model,
                    "question": question,
                    "embedding": embedding,
                }
                row |= {"dev_task": "+".join(dev), "seeds": SEEDS, "score": score}
                rows.append(row | {"chosen": not place, "by": "design" if alone else "development"})
    return rows


def _measurements(corpus: str) -> list[Row]:
    rows = []
    for m, model in enumerate(MODELS):
        for place, embedding in enumerate(embeddings_of(model, "syntax")):
            row = {
                "corpus": corpus,
                "model": model,
                "task": "ud_parts_of_speech",
                "embedding": embedding,
            }
            row |= {"selected": not place, "seeds": SEEDS, "n": 400}
            for i, (pair, kind) in enumerate(itertools.product(PAIRS, ("", " linked"))):
                for statistic in ("mean", "standardised_mean"):
                    value = (100 * m - 90 * i + 50 * place) / 1000
                    measured = {"group": pair + kind, "statistic": statistic, "value": value}
                    rows.append(row | measured | {"low": value - 0.02, "high": value + 0.02})
    moved = {"task": "sense_shift", "embedding": "context", "selected": False, "seeds": SEEDS}
    moved |= {"group": "difference", "statistic": "mean_distance", "value": 0.125, "n": 5000}
    measured = {"corpus": corpus, "low": 0.1, "high": 0.15} | moved
    rows += [measured | {"model": "cbow"}, measured | {"model": "attention", "n": 400}]
    rows.append(measured | {"model": "cbow", "task": "wic_dev"})
    return rows


def _agreement(corpus: str) -> list[Row]:
    rows = []
    for a, b in itertools.combinations_with_replacement(range(len(MODELS)), 2):
        for measure, most in (("overlap", 600), ("rank_correlation", 800), ("cka", 900)):
            score = (most - 80 * (b - a) - 10 * a) / 1000
            names = {"model_a": MODELS[a], "model_b": MODELS[b], "measure": measure}
            names |= {
                f"embedding_{s}": embeddings_of(MODELS[m], "alike")[0]
                for s, m in (("a", a), ("b", b))
            }
            ends = {"score": score, "low": score - 0.01, "high": score + 0.01, "pairs": 10}
            row = {"corpus": corpus, "between": "models" if b - a else "seeds", "n_items": 1000}
            rows.append(row | names | ends | {"chance": 0.0002})
    return rows


def _run(corpus: str, i: int, model: str, seed: int) -> Row:
    row = {"corpus": corpus, "model": model, "kind": KINDS[model], "status": "done", "message": ""}
    row |= {"seed": seed, "cell": f"{model}-seed{seed}", "parameters": 2_000_000 + 10_000 * i}
    row |= {"trained_tokens": 75_000_000, "seconds": 100.0 + i, "tokens_per_second": 7e5}
    return row | {"peak_memory_mb": 311.0}


def _manifest(corpora: tuple[str, ...]) -> Row:
    about = {"digest": "d0", "source": "made up", "license": "none", "reference": "none"}
    tasks = {
        task.partition(".")[0]: (question, kind, measure, n)
        for question, listed in TASKS.items()
        for task, (kind, measure, n, _) in listed.items()
    }
    tasks["sense_shift"] = ("in_context", "sense_shift", "spearman", 7466)
    return {
        "wordrel": "0.1.0",
        "study": "wide",
        "seconds": 1.0,
        "corpora": [{"name": c, "tokens": 15_000_000, "types": 50_000, **about} for c in corpora],
        "tasks": [
            {"name": t, "question": q, "kind": k, "measure": m, "n_items": n, **about}
            | {"split": "dev" if t.endswith("_dev") else "test"}
            for t, (q, k, m, n) in tasks.items()
        ],
        "statistics": {"resamples": 2000, "confidence": 0.95, "seed": 7, "margin": 0.03},
        "environment": {},
    }
