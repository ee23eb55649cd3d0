"""The end of a report: how the numbers were made, how to make them again, and from what."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from wordrel.config import ARCHITECTURES
from wordrel.corpus.splits import BLOCK_WORDS
from wordrel.io.visible import shell_word
from wordrel.report import queries
from wordrel.report.document import (
    Block,
    Bullets,
    Commands,
    Paragraph,
    Section,
    Table,
    code,
    link,
    name,
)
from wordrel.report.findings import title
from wordrel.report.labels import label, term
from wordrel.report.text import NOTHING, count, number, percent
from wordrel.study.results import Results

_QUERIES = {
    "none": "the same for all",
    "mask": "one learned number a word",
    "mean": "product of its key with the query of the context mean",
    "previous": "product of its key with the query of the last word",
}
"""Query of an architecture -> what decides the weight of a context word."""

_CORPUS = {
    "tokens": "tokens",
    "types": "vocabulary",
    "sentences": "sentences",
    "documents": "documents",
    "held_out_documents": "held-out documents",
    "held_out_tokens": "held-out tokens",
    "dropped_tokens": "dropped tokens",
}
"""What the manifest counts in a corpus -> the head of its column."""
_NOTES = {
    "replaced_bytes": "bytes were not UTF-8 and were replaced",
    "ignored_files": "other files in its folder were not read, because of their endings",
}
"""Likewise -> the words behind the number, where it is not 0."""


def method(results: Results) -> Section:
    """The rules of the scores with the settings of this study, its corpora and its models."""
    statistics = results.manifest["statistics"]
    lines = (
        "Models of a corpus are scored on the items that all of them can answer. Coverage is the "
        "share of items whose words are in the vocabulary.",
        *_statistics(statistics),
        "Two models are compared on the same items. p is that of a paired permutation test.",
        "Only selected embeddings are tested. Development sets select them; no conclusion rests on "
        "a development set.",
        *_documents(results.manifest["corpora"]),
        f"Everything that the numbers depend on: {code(_signature(results.manifest))}",
        *_rule(results),
    )
    return Section("Method", [Bullets(lines), *_corpora(results), _models(results)], "method")


def _statistics(statistics: Mapping[str, Any]) -> list[str]:
    """How intervals and corrections were made: in schema 1 and 2 otherwise than now."""
    level, correction = percent(statistics["confidence"]), statistics.get("correction")
    intervals = (
        f"Intervals have a level of {level}: the variance of items plus that of seeds, and "
        "Student's t with Satterthwaite's degrees of freedom."
        if "intervals" in statistics
        else f"Intervals hold {level} of {count(statistics['resamples'])} resamples of items and "
        f"seeds together (generator seed {statistics['seed']})."
    )
    covered = (
        "covers the tests of a question on a corpus, without random vectors and variants of tasks"
        if correction
        else "covers all tests of a question on a corpus"
    )
    return [
        intervals,
        f"{name(correction or 'Holm')}'s correction {covered}. Two models without a significant "
        "difference may still differ.",
    ]


def _documents(corpora: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What counts as a document, where that is no document of the text."""
    for corpus in corpora:
        if corpus.get("split_by") == "block":
            yield (
                f"{name(corpus['name'])} has too few documents. Blocks of about "
                f"{count(BLOCK_WORDS)} words count as documents."
            )


def _signature(manifest: Mapping[str, Any]) -> str:
    statistics = manifest["statistics"]
    parts = [f"corpus:{c['name']}@{c['digest']}" for c in manifest["corpora"]]
    parts += [f"config:{manifest['config_digest']}"] if "config_digest" in manifest else []
    parts += [] if "intervals" in statistics else [f"boot:{statistics['resamples']}"]
    parts += [f"rng:{statistics['seed']}"]
    return "|".join([*parts, f"wordrel:{manifest['wordrel']}"])


def _rule(results: Results) -> list[str]:
    """Where the prediction stands; the experiments of a repository lie beside its results."""
    path = f"experiments/{results.study}.py"
    if not (results.folder.resolve().parent.parent / path).is_file():
        return []
    where = link(code(path), f"../../{quote(path)}")
    return [f"The question, the prediction and the decision rule stand in {where}."]


def _models(results: Results) -> Table:
    """Each model by its label, what the tables call it, and its selected embeddings."""
    corpora = queries.corpora(results)
    selected = results.summary[results.summary["selected"] & (results.summary["split"] != "dev")]
    embeddings = (
        selected[selected["score"].notna()].groupby("model", sort=False)["embedding"].unique()
    )
    body = []
    for model, kind in queries.kinds(results).items():
        costs = [queries.cost(results, corpus, model) for corpus in corpora]
        shown = [label(e, "embedding") for e in embeddings.get(model, ()) if e]
        runs = f"{sum(cost.done for cost in costs)} of {sum(cost.cells for cost in costs)}"
        parameters = queries.distinct(count(cost.parameters) for cost in costs)
        body.append(
            [
                name(queries.label(results, model)),
                code(model),
                _weights(kind),
                name("; ".join(queries.distinct(shown))),
                " / ".join(parameters),
                runs,
            ]
        )
    heads = ["model", "identifier", "weight of a context word", "selected embeddings"]
    return Table([*heads, "parameters", "runs done"], body, words=4)


def _weights(kind: str) -> str:
    """How an architecture weighs the words of the context; a dash for other kinds of models."""
    if kind not in ARCHITECTURES:
        return NOTHING
    architecture = ARCHITECTURES[kind]
    weight = (
        _QUERIES[architecture.query]
        if architecture.maps or not architecture.words_ask
        else "product of the vectors"
    )
    alone = architecture.positions and architecture.query == "none"
    return "; ".join(
        ["its position"] if alone else [weight, *["its position"] * architecture.positions]
    )


def notes(results: Results) -> list[Section]:
    """What the author of the study wrote in its config."""
    items = [name(note) for note in results.config.get("notes") or ()]
    return [Section("Notes of the study", [Bullets(items)])] if items else []


def again(results: Results) -> Section:
    """The commands that make and check this folder, and where it was made."""
    return Section("Make it again", [Commands(commands(results)), made(results)], "again")


def commands(results: Results) -> list[str]:
    """To make the page, to run the study again, and to check its numbers."""
    arguments: Mapping[str, str] = results.manifest.get("given") or {}
    folder = arguments.get("results", f"results/{results.study}")
    stored, place = f"{folder}/config.yaml", shell_word(folder)
    config = arguments.get("config", stored)
    # a stored config has no folder of results; the default is that of its study
    elsewhere = config == stored and folder != f"results/{results.study}"
    run = f"wordrel run {shell_word(config)}" + (f" --out {place}" if elsewhere else "")
    return [f"wordrel report {place}", run, f"wordrel reproduce {place}"]


def made(results: Results) -> Paragraph:
    """With which version and on which machine; what training took, and the last command."""
    manifest = results.manifest
    machine = manifest["environment"]
    commit = name(manifest.get("commit") or "unknown")
    changed = " with uncommitted changes" if manifest.get("dirty") else ""
    known = [
        name(machine[key]) + unit
        for key, unit in (("platform", ""), ("cpu", ""), ("cores", " cores"), ("memory_gb", " GB"))
        if machine.get(key) is not None
    ]
    where = ", ".join(known) or "an unknown machine"
    python = name(machine.get("python", "unknown"))
    return Paragraph(
        f"Made with wordrel {name(manifest['wordrel'])}, commit {commit}{changed}, "
        f"Python {python}, on {where}. {_trained(results)}The command that wrote the tables took "
        f"{count(manifest['seconds'])} s; it takes trained models from the cache."
    )


def _trained(results: Results) -> str:
    """A sentence on the time that all finished runs trained, each on one core."""
    seconds = float(results.runs["seconds"].sum())  # of failed runs there is none
    size, unit = next(
        (
            (size, unit)
            for size, unit in ((3600, "core-hours"), (60, "core-minutes"))
            if seconds >= size
        ),
        (1, "core-seconds"),
    )
    return f"Training took {number(seconds / size, 1)} {unit}. " if seconds else ""


def data(results: Results) -> Section:
    """The texts and the evaluation sets, with size, source, licence and reference."""
    return Section("Data", [*_corpora(results), *_tasks(results)], "data")


def _corpora(results: Results) -> list[Block]:
    words = ("name", "source", "digest")
    body = [
        [*(name(c[key]) for key in words), *(count(c.get(key)) for key in _CORPUS)]
        for c in results.manifest["corpora"]
    ]
    notes = [
        f"{name(c['name'])}: {count(c[key])} {what}."
        for c in results.manifest["corpora"]
        for key, what in _NOTES.items()
        if c.get(key)
    ]
    heads = ["corpus", *words[1:], *_CORPUS.values()]
    return [Table(heads, body, words=3), *map(Paragraph, notes)]


def _tasks(results: Results) -> list[Block]:
    words = ("source", "license", "reference", "digest")
    heads = ["task", "question", "measure", "source", "licence", *words[2:], "items", "duplicates"]
    body = [
        [
            term(task["name"], "task"),
            _question(task),
            term(task["measure"], "measure"),
            *(name(task[key] or "") or NOTHING for key in words),
            count(task["n_items"]),
            count(task.get("duplicates")),
        ]
        for task in results.manifest["tasks"]
    ]
    skipped = [
        f"Left out, since it was not there when the study ran: {name(task)} ({name(why)})."
        for task, why in results.manifest.get("skipped", {}).items()
    ]
    return [Table(heads, body, words=3 + len(words)), *map(Paragraph, skipped)]


def _question(task: Mapping[str, Any]) -> str:
    development = " (development)" if task.get("split") == "dev" else ""
    return f"{title(task['question'])}{development}"
