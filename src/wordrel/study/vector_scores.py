"""Vectors beside each other: the same items, intervals, and differences in pairs.

No corpus and no config: each file, or each table in memory, is a model with the words that the
tasks need. The cache keeps what files are converted to.
"""

import hashlib
import itertools
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd
from jaxtyping import Float32

from wordrel.config import PairsTask, StatisticsConfig
from wordrel.corpus.tokens import spelled
from wordrel.corpus.vocab import Vocab
from wordrel.errors import ConfigError, DatasetError, VectorsError
from wordrel.io.store import cache_folder
from wordrel.models.fasttext_files import composed
from wordrel.models.relations import Cosine
from wordrel.models.vectors import Vectors, open_vectors
from wordrel.models.word_model import WordModel
from wordrel.study.analysis import analyse, selected_pairs
from wordrel.study.answers import Evaluation, collect
from wordrel.study.contrasts import step_down
from wordrel.study.schema import Row
from wordrel.tasks import Predictions, Task, ask, load_task, own_task, remarks
from wordrel.tasks.base import MORE_TEXT, RESTRICT_VOCAB
from wordrel.tasks.registry import REGISTRY

_log = logging.getLogger("wordrel")
DEFAULT_TASKS = ("ws353", "simlex999")
STATISTICS = StatisticsConfig()
_QUESTIONS = ("alike",)
_EXPECTED = "a path, a WordModel, or vectors with index_to_key and vectors, as gensim has them"
_SHOWN = 5
_LONGEST_NAME = 60  # of a task
SCORES = ["task", "file", "score", "low", "high", "n_scored", "n_covered", "n_items", "measure"]
CONTRASTS = ["task", "file_a", "file_b", "difference", "low", "high", "p_adjusted", "n_scored"]


@dataclass(frozen=True)
class VectorScores:
    """The result of `evaluate`.

    Attributes:
        scores: a row a task and file: score with its interval, on the `n_scored` items that all
            files cover; `n_covered` and `n_items` are of the file; `note` is why there is none.
        contrasts: a row a task and two files: a minus b on the same items, interval, and p of the
            paired permutation test after Holm's correction for all rows of this table. Intervals
            are not corrected.
        lacks: a row a task and file: how many words of the set have no vector, and the first of
            them; `composed` words have one that fastText made of their parts.
        files: a row a file: form, digest, words, dimensions.
    """

    scores: pd.DataFrame
    contrasts: pd.DataFrame
    lacks: pd.DataFrame
    files: pd.DataFrame


@runtime_checkable
class WordTable(Protocol):
    """Vectors in memory, as gensim's KeyedVectors has them."""

    @property
    def index_to_key(self) -> Sequence[str]:
        """The words of the rows."""

    @property
    def vectors(self) -> Float32[np.ndarray, "V D"]:
        """The rows."""


Source = Path | str | WordModel | WordTable


def evaluate(
    files: Sequence[Source] | Source,
    *,
    tasks: Iterable[str] | str = DEFAULT_TASKS,
    pairs: Iterable[Path | str] | Path | str = (),
    lowercase: bool = True,
    cache: Path | str | None = None,
) -> VectorScores:
    """Compare files of word vectors on the same items, with intervals; no config is needed.

    Args:
        files: word2vec, GloVe, fastText, safetensors or .npy with words beside it, or folders of
            static embeddings. Also vectors in memory: a `WordModel`, by its selected embedding, or
            gensim's KeyedVectors. One of these or several; pickled files are refused.
        tasks: sets of word similarity of the registry, or one of them.
        pairs: tables of your own, or one: word, word, score a line.
        lowercase: whether words that differ in case alone are one; the first of a file counts.
        cache: where converted vectors and downloaded sets are; default: WORDREL_CACHE, else the
            user's cache folder.

    Raises:
        ConfigError: a task is unknown, or needs more than vectors; a set cannot be
            read, or is not here. All of these are in one error.
        VectorsError: a file cannot be read, or these are no vectors.
    """
    if isinstance(files, Mapping):  # its words are no paths
        raise VectorsError(f"files: found {type(files).__name__}, expected {_EXPECTED}")
    sources = [files] if isinstance(files, Source) else [*files]
    tables = [Path(path) for path in _listed(pairs)]
    named = [str(task) for task in _listed(tasks)]
    if not sources:
        raise ConfigError(["files: found none, expected a file of vectors, or several"])
    if not named and not tables:
        raise ConfigError(["tasks, pairs: found neither, expected a set of words or a table"])
    cache = cache_folder(cache)
    paths = [Path(source) for source in sources if isinstance(source, Path | str)]
    sets = _sets(named, tables, paths, cache)
    opened = dict(zip(_names(sources), (_opened(s, cache) for s in sources), strict=True))
    wanted = set[str]().union(*(_words(task, lowercase) for task in sets))
    made = {name: _model(file, wanted, lowercase) for name, file in opened.items()}
    models = {name: model for name, (model, _) in made.items()}
    answers, lacks = list[Evaluation](), []
    for task in sets:
        answers += _answers(task, models, lowercase)
        lacks += [_lack(task, name, *pair, lowercase) for name, pair in made.items()]
    family = sum(len(selected_pairs(row)) for row in answers)
    analyses = [analyse(row, STATISTICS, family) for row in answers]
    scores = [row for analysis in analyses for row in analysis["summary"]]
    contrasts = [row for analysis in analyses for row in analysis["comparisons"]]
    return VectorScores(
        _table(scores, {"model": "file"}, [*SCORES, "note"]),
        _table(_adjusted(contrasts), {"model_a": "file_a", "model_b": "file_b"}, CONTRASTS),
        pd.DataFrame(lacks, columns=["task", "file", "words", "lacking", "composed", "examples"]),
        pd.DataFrame([_described(name, file) for name, file in opened.items()]),
    )


def _words(task: Task, lowercase: bool) -> set[str]:
    """The words of a set, as they are looked up; several right answers are several words."""
    words = {word for item in task.items.words for word in item}
    if task.kind == "analogies":
        words = {one for word in words for one in word.split("/")}
    return {spelled(word, lowercase=lowercase) for word in words}


def _answers(task: Task, models: Mapping[str, WordModel], lowercase: bool) -> list[Evaluation]:
    """The predictions of all files on a task."""
    outcomes = [
        (name, 0, [*map(_of_a_file, ask(task, model, lowercase=lowercase))])
        for name, model in models.items()
    ]
    return collect("vectors", task.question, outcomes, task.split)


def _adjusted(contrasts: Sequence[Row]) -> list[Row]:
    """The contrasts with p after Holm's correction for all of them."""
    p_values = [float(str(row["p"])) for row in contrasts]
    adjusted, _ = step_down(p_values, 1 - STATISTICS.confidence)
    return [row | {"p_adjusted": p} for row, p in zip(contrasts, adjusted, strict=True)]


def _described(name: str, file: Vectors) -> Row:
    return {
        "file": name,
        "form": file.file_format,
        "digest": file.digest,
        "words": len(file.words),
        "dim": file.table.shape[1],
    }


def _listed(values: Iterable[Path | str] | Path | str) -> list[Path | str]:
    """One path or name is a list of one, not a list of letters."""
    return [values] if isinstance(values, Path | str) else [*values]


def _opened(source: Source, cache: Path) -> Vectors:
    """The vectors of a file, or what those in memory have in common with them."""
    if isinstance(source, Path | str):
        return open_vectors(Path(source), cache)
    if isinstance(source, WordModel):
        words = source.vocab.words
        table = source.embeddings[source.chosen(None, "alike", source.embeddings)]
    elif isinstance(source, WordTable):
        words, table = tuple(map(str, source.index_to_key)), np.asarray(source.vectors, np.float32)
    else:
        raise VectorsError(f"files: found {type(source).__name__}, expected {_EXPECTED}")
    if table.ndim != 2 or len(words) != len(table) or not np.isfinite(table).all():
        raise VectorsError(
            f"{_in_memory(source)}: found an array of shape {table.shape} for {len(words):,} "
            "words, expected a row of finite numbers for each"
        )
    digest = hashlib.sha256(np.ascontiguousarray(table).tobytes()).hexdigest()[:12]
    return Vectors(None, digest, "in memory", words, table, 0)


def _in_memory(source: Source) -> str:
    """What to call vectors that no file names."""
    return source.origin.name if isinstance(source, WordModel) and source.origin else "vectors"


def _of_a_file(outcome: Predictions) -> Predictions:
    """With a note that names no corpus: there is none."""
    lacks = ": the file lacks a word of each"
    return replace(outcome, note=outcome.note.replace(MORE_TEXT, lacks))


def _sets(
    tasks: Sequence[str], pairs: Sequence[Path], files: Sequence[Path], cache: Path
) -> list[Task]:
    """All sets; one error names all their problems and the missing files."""
    beyond = [n for n in tasks if n in REGISTRY and REGISTRY[n].question not in _QUESTIONS]
    loads = [partial(load_task, name, cache) for name in tasks if name not in beyond]
    loads += [
        partial(own_task, PairsTask(kind="pairs", name=name, path=path))
        for name, path in zip(table_names(pairs, tasks), pairs, strict=True)
    ]
    loaded: list[Task] = []
    problems: list[str] = []
    if len({path.resolve() for path in pairs}) < len(pairs):
        problems.append("pairs: found one file twice, expected each once")
    for load in loads:
        try:
            loaded.append(load())
        except ConfigError as error:
            problems += error.problems
        except DatasetError as error:
            problems.append(str(error))
    problems += [f"tasks: {name} needs more than vectors: a trained model" for name in beyond]
    if problems:
        missing = (path for path in files if not path.exists())
        raise ConfigError([*problems, *(f"{path}: there is no such file" for path in missing)])
    for message in itertools.chain.from_iterable(map(remarks, loaded)):
        _log.info("%s", message)
    return loaded


def _table(rows: Sequence[Row], names: dict[str, str], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(rows).rename(columns=names).reindex(columns=columns)


def table_names(paths: Sequence[Path], tasks: Sequence[str]) -> list[str]:
    """A legal name of a task for each table, after its file; numbered where there is one so."""
    names: list[str] = []
    for path in paths:
        first = _name(path)
        names.append(_free(first, f"{first[: _LONGEST_NAME - 4]}-", (*names, *tasks)))
    return names


def _free(first: str, stem: str, taken: Collection[str]) -> str:
    """The first name, or its stem with the first number from 2 on, that is not taken."""
    numbered = (f"{stem}{number}" for number in itertools.count(2))
    return next(name for name in itertools.chain([first], numbered) if name not in taken)


def _name(path: Path) -> str:
    kept = "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in path.stem.lower())
    return kept.strip("-")[:_LONGEST_NAME] or "pairs"


def _names(sources: Sequence[Source]) -> list[str]:
    """The names of files, with as many folders as they need to differ, and of those in memory."""
    paths = [Path(source) for source in sources if isinstance(source, Path | str)]
    given = _file_names(paths)
    of_paths, names = iter(given), list[str]()
    for source in sources:
        if isinstance(source, Path | str):
            names.append(next(of_paths))
            continue
        first = _in_memory(source)
        names.append(_free(first, f"{first} ", (*names, *given)))
    return names


def _file_names(paths: Sequence[Path]) -> list[str]:
    for parts in itertools.count(1):
        names = ["/".join(path.absolute().parts[-parts:]) for path in paths]
        deepest = max((len(path.absolute().parts) for path in paths), default=0)
        if len({*names}) == len(names):
            return names
        if parts >= deepest:
            raise ConfigError(["files: found one file twice, expected each once"])
    raise AssertionError("unreachable")


def _model(file: Vectors, wanted: set[str], lowercase: bool) -> tuple[WordModel, frozenset[str]]:
    """The wanted words, and the first of the file, among which analogies are sought.

    Returns:
        The model, and those of its words that fastText made of their parts.
    """
    rows: dict[str, int] = {}
    for i, word in enumerate(file.words):
        written = spelled(word, lowercase=lowercase)
        if (i < RESTRICT_VOCAB or written in wanted) and written not in rows:
            rows[written] = i
    table = np.asarray(file.table[np.fromiter(rows.values(), np.int64, len(rows))])
    made = composed(file.path, sorted(wanted - {*rows})) if file.path else {}
    if made:
        table = np.concatenate([table, np.stack(list(made.values()))])
    words = (*rows, *made)
    counts = np.arange(len(words), 0, -1, dtype=np.int64)  # files come by descending frequency
    why = "a file of vectors says nothing of words in a context"
    model = WordModel(
        Vocab(words, counts),
        embeddings={"input": table},
        relations={"cosine": Cosine(table)},
        selected={"alike": "input", "relate": "cosine"},
        unavailable={"context": why, "fit": why},
    )
    return model, frozenset(made)


def _lack(task: Task, name: str, model: WordModel, made: frozenset[str], lowercase: bool) -> Row:
    words = sorted(_words(task, lowercase))
    lacking = [word for word in words if word not in model.vocab.index]
    few = ", ".join(lacking[:_SHOWN]) + (" ..." if len(lacking) > _SHOWN else "")
    return {
        "task": task.name,
        "file": name,
        "words": len(words),
        "lacking": len(lacking),
        "composed": len(made.intersection(words)),
        "examples": few,
    }
