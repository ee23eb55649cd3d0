"""The data of the explorer's page: trained tables of the frequent words, as plain JSON.

Reads a study's results and trained runs of its cache. Word tables become whole
numbers of 8 bits with one scale a row, maps float16; other weights stay float32. Only the rows of
the most frequent words are taken, so nearest words in the page are nearest among those.

Glossary: V words, D dimensions.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from wordrel import api
from wordrel.config import (
    ARCHITECTURES,
    CorpusConfig,
    KneserNeyConfig,
    MatchedConfig,
    PpmiSvdConfig,
    StudyConfig,
    Word2vecConfig,
)
from wordrel.corpus.vocab import Vocab
from wordrel.errors import StoreError
from wordrel.explorer.opening import cell_grids, example_gap, first_answer, model_labels, terms
from wordrel.explorer.packed import counts_data, packed_rows, packed_tensor
from wordrel.io.store import cache_folder
from wordrel.models.context import StreamContext
from wordrel.models.kneser_ney import Counted
from wordrel.models.skip_gram import WordByWord
from wordrel.models.spaces import CENTRED
from wordrel.models.trained import Tensors
from wordrel.models.word_model import WordModel
from wordrel.report.queries import Row, chosen, corpora, distinct, rows
from wordrel.study.cell import load_tensors
from wordrel.study.results import Results

WORDS = 10_000
ENOUGH = 1_000_000
"""Training words below which the page warns that its text is too small to mean anything."""
_TABLES = ("input", "output")
_BIAS = "bias"
Explorable = MatchedConfig | Word2vecConfig | PpmiSvdConfig
_NEEDED = {
    Word2vecConfig: "one {kind: word2vec}",
    MatchedConfig: "one attention or mean model (such as {kind: attention})",
}
"""The families of models that the page compares, and the words for a missing one."""
_Runs = tuple[list[tuple[Explorable, Row]], list[Row]]
"""Those of models that the page can explore, and those of counts."""
_Loaded = tuple[list[tuple[Explorable, Row, WordModel]], list[tuple[str, Counted]]]

TEXT_RULES = ("lowercase", "digits", "words", "phrases")
"""The settings of a corpus by which the page cuts what is typed into words."""


def explorer_data(
    results: Results,
    *,
    corpus: str | None = None,
    models: Sequence[str] = (),
    seed: int | None = None,
    words: int = WORDS,
    cache: Path | None = None,
) -> dict[str, Any]:
    """All that the page needs, ready for JSON.

    Args:
        results: of a finished study.
        corpus: one of the study's; default: its first.
        models: names; default: all that the page can show.
        seed: of every model; default: of each the first that did not fail.
        words: how many of the most frequent words.
        cache: where the study was trained; default as in `wordrel.run`.

    Raises:
        StoreError: no such corpus, model, seed or trained run; or no word2vec or no attention.
    """
    config = api.stored_config(results)
    names = corpora(results)
    name = chosen(f"{results.folder}: corpus", corpus or names[0], names)
    root = cache_folder(cache)
    loaded, counted = _loaded(results, _runs(results, config, name, models, seed), root)
    vocab = loaded[0][2].vocab
    shown, reach = list(vocab.words[:words]), config.training.reach
    shown_names = {*(run.model for _, run, _ in loaded), *(model for model, _ in counted)}
    labels = model_labels(model for model in config.models if model.name in shown_names)
    gap = example_gap(shown)
    answer = partial(first_answer, text=gap, index=vocab.index, words=len(shown))
    return {
        "study": results.study,
        "wordrel": results.manifest["wordrel"],
        **_corpus_data(next(c for c in config.corpora if c.name == name), vocab, words),
        "window": reach,
        "shrunk": config.training.shrink_window,
        "gap": gap,
        "terms": terms(word_model for _, _, word_model in loaded),
        "cells": cell_grids([model for model, *_ in loaded if isinstance(model, MatchedConfig)]),
        "models": [
            {
                **model_data(model, load_tensors(api.find_cell(results, run, cache=root)), words),
                "label": labels[run.model],
                **answer(_predictor(word_model), reach=reach),
                **_word_model_data(results, run, word_model, words),
            }
            for model, run, word_model in loaded
        ],
        "counts_models": [
            counts_data(model, counts, vocab.counts[:words])
            | {"label": labels[model]}
            | answer(counts, reach=len(counts.left.grams) - 1)
            for model, counts in counted
        ],
    }


def _loaded(results: Results, runs: _Runs, cache: Path) -> _Loaded:
    """The runs to show, each with the model that it trained."""
    explorable, counts = runs
    counted = (
        (run.model, predictor)
        for run in counts
        for predictor in api.load_run(results, run, cache=cache).predictors
        if isinstance(predictor, Counted)
    )
    loaded = [(model, run, api.load_run(results, run, cache=cache)) for model, run in explorable]
    return loaded, [*counted]


def _corpus_data(corpus: CorpusConfig, vocab: Vocab, words: int) -> dict[str, Any]:
    """The corpus: how its text became words, how large it is, and its most frequent words."""
    return {
        "corpus": corpus.name,
        "text": {key: getattr(corpus, key) for key in TEXT_RULES},
        "vocabulary": len(vocab),
        "tokens": int(vocab.counts.sum()),
        "enough": ENOUGH,
        "words": list(vocab.words[:words]),
        "counts": [int(count) for count in vocab.counts[:words]],
    }


def _word_model_data(
    results: Results, run: Row, word_model: WordModel, words: int
) -> dict[str, Any]:
    """One model: its seed, the means of its embeddings, how scores become log p, what is shown."""
    return {
        "seed": int(run.seed),
        "means": _means(word_model),
        **readout_data(word_model, words),
        **_selected(results, word_model, run),
    }


def other_windows(results: Results, config: StudyConfig) -> tuple[str, ...]:
    """Trained models that the page leaves out, because it draws the window of `training` alone."""
    done = {run.model for run in rows(results.runs) if run.status == "done"}
    return tuple(
        model.name
        for model in config.models
        if isinstance(model, Explorable)
        and model.name in done
        and config.training_of(model).reach != config.training.reach
    )


def has_page(results: Results) -> bool:
    """Whether `explorer_data` finds what it needs in the first corpus of a study."""
    try:
        _runs(results, api.stored_config(results), corpora(results)[0], (), None)
    except StoreError:
        return False
    return True


def _runs(
    results: Results, config: StudyConfig, corpus: str, wanted: Sequence[str], seed: int | None
) -> _Runs:
    """The models that the page can explore, each with the run to show; and the runs of counts."""
    tried = [r for r in rows(results.runs) if r.corpus == corpus]
    done = {r.model for r in tried if r.status == "done"}
    place = f"{results.folder}: corpus {corpus!r}"
    others = other_windows(results, config)
    models = [
        model
        for model in config.models
        if isinstance(model, Explorable)
        and model.name in done
        and model.name not in others
        and is_drawn(model)
    ]
    counted = [m.name for m in config.models if isinstance(m, KneserNeyConfig) and m.name in done]
    shown = [*(model.name for model in models), *counted]
    if unknown := [name for name in wanted if name not in shown]:
        why = " (its window is not that of training)" if unknown[0] in others else ""
        raise StoreError(
            f"{place}: found no model {unknown[0]!r} that the page can show{why}; "
            f"expected some of {', '.join(shown)}"
        )
    models = [model for model in models if not wanted or model.name in wanted]
    families = {type(model) for model in models}
    if missing := [what for family, what in _NEEDED.items() if family not in families]:
        names = ", ".join(wanted or distinct(r.model for r in tried)) or "nothing"
        window = " with the window of training" if others else ""
        cure = "add it to the study and run it again, or choose another corpus"
        expected = f"expected at least {' and '.join(missing)}{window}, to set side by side"
        raise StoreError(
            f"{place}: found trained {names}; {expected}: {'name it, too' if wanted else cure}"
        )

    def run_of(name: str) -> Row:
        return api.find_run(results, name, seed=seed, corpus=corpus)

    return (
        [(model, run_of(model.name)) for model in models],
        [run_of(name) for name in counted if not wanted or name in wanted],
    )


def is_drawn(model: Explorable) -> bool:
    """Whether the page can compute its states: one layer whose values are those of words."""
    if not isinstance(model, MatchedConfig):
        return True
    architecture = ARCHITECTURES[model.kind]
    return architecture.blocks < 2 and architecture.position_values == "none"


def model_data(model: Explorable, tensors: Tensors, words: int = WORDS) -> dict[str, Any]:
    """One model: its settings, its first `words` rows of both tables and biases, its dense weights.

    Raises:
        StoreError: a number that the page cannot hold.
    """
    packed = {
        name: packed_rows(tensor, words)
        if name in _TABLES
        else packed_tensor(tensor.ravel()[:words], "float32")
        if name == _BIAS
        else packed_tensor(tensor, "float16" if tensor.ndim > 1 else "float32")
        for name, tensor in tensors.items()
    }
    described: dict[str, Any] = {"name": model.name, "kind": model.kind, "tensors": packed}
    if isinstance(model, PpmiSvdConfig):
        return described | {"matched": False, "predicts": False, "query": "none", "heads": 1}
    described["predicts"] = True
    if isinstance(model, Word2vecConfig):
        # CBOW is a mean of the words around: attention without a query.
        return described | {
            "matched": False,
            "algorithm": model.algorithm,
            "objective": "masked_word",
            "query": "none",
            "heads": 1,
        }
    architecture = ARCHITECTURES[model.kind]
    return described | {
        "matched": True,
        "objective": architecture.objective,
        "query": architecture.query,
        "positions": architecture.positions,
        "maps": architecture.maps,
        "block": architecture.block,
        "direct": architecture.direct,
        "plain_mean": architecture.plain_mean,
        "heads": model.heads,
        "scale": model.scale,
        "ties": list(model.ties),
    }


def readout_data(word_model: WordModel, words: int = WORDS) -> dict[str, Any]:
    """What the page adds to o . y to get log p of its words, but for a number of the context.

    See `wordrel.models.sampling`: `shift`, and where scores are odds `odds_shift`.
    """
    reader = _predictor(word_model)
    if reader is None:
        return {}
    readout = reader.readout
    shifts = {"shift": readout.shift, "odds_shift": readout.odds_shift}
    return {
        name: packed_tensor(shift[:words].numpy(), "float16")
        for name, shift in shifts.items()
        if shift is not None
    }


def _predictor(word_model: WordModel) -> StreamContext | WordByWord | None:
    """What predicts words of running text, where the page can do the same."""
    reader = word_model.context or next(iter(word_model.predictors), None)
    return reader if isinstance(reader, StreamContext | WordByWord) else None


def _means(word_model: WordModel) -> dict[str, dict[str, Any]]:
    """The mean row over the whole vocabulary of each embedding that has a centred form."""
    bases = [name for name in word_model.embeddings if name + CENTRED in word_model.embeddings]
    return {name: packed_tensor(_mean(word_model, name), "float32") for name in bases}


def _mean(word_model: WordModel, name: str) -> Float32[np.ndarray, " D"]:
    table, centred = word_model.embeddings[name], word_model.embeddings[name + CENTRED]
    nonzero = np.flatnonzero(table.any(axis=1))
    if not len(nonzero):
        return np.zeros(table.shape[1], dtype=np.float32)
    row: Float32[np.ndarray, " D"] = table[nonzero[0]] - centred[nonzero[0]]
    return row


def _selected(results: Results, word_model: WordModel, run: Row) -> dict[str, str]:
    """The selected embedding of the study; where that needs running text, the designed one."""
    selected = rows(
        results.embeddings, corpus=run.corpus, model=run.model, question="alike", chosen=True
    )
    stored = str(selected[0].embedding) if selected else word_model.selected["alike"]
    shown = stored if stored in word_model.embeddings else word_model.selected["alike"]
    return {"selected": shown, "study_selected": stored}
