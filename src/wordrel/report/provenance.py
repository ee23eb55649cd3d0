"""The end of the page: how the numbers were made, how to make them again, and from what."""

from collections.abc import Mapping
from typing import Any

from wordrel.report.document import Block, Bullets, Commands, Paragraph, Section, Table, name
from wordrel.report.text import NOTHING, count, percent
from wordrel.study.results import Results


def method(results: Results) -> Section:
    """The rules of the scores, with the settings of this study."""
    statistics = results.manifest["statistics"]
    level, resamples = percent(statistics["confidence"]), count(statistics["resamples"])
    lines = (
        "A word that the vocabulary lacks is skipped, and the models of a corpus are scored on the "
        "items that all of them answer.",
        f"Intervals hold {level} of {resamples} resamples in which items and seeds are drawn "
        f"together (generator seed {statistics['seed']}).",
        "Two models are compared on the same items and the same resamples; "
        "p = (c + 1) / (n + 1), and never 0.",
        "Holm's correction covers all tests of a question on a corpus, in however many tables they "
        "stand. A pair that is not told apart is not thereby equal.",
        "Tests are made on selected embeddings only. Development splits may choose them and "
        "conclude nothing; parts of a task (sections, relations) are shown and not tested.",
        "The last line under each table names what its numbers depend on: corpus and task digests, "
        "vocabulary (V), tokens, measure, the rule for missing words (oov), seeds, resamples "
        "(boot), generator seed (rng), interval (ci) and version.",
    )
    return Section("Method", [Bullets(lines)], "method")


def again(results: Results) -> Section:
    """The commands that make and check this folder, and where it was made."""
    study = results.study
    commands = (f"wordrel run configs/{study}.yaml", f"wordrel reproduce results/{study}")
    made = Paragraph(_made(results.manifest))
    return Section("Make it again", [Commands(commands), made], "again")


def _made(manifest: Mapping[str, Any]) -> str:
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
    return (
        f"Made with wordrel {name(manifest['wordrel'])}, commit {commit}{changed}, "
        f"Python {python}, in {count(manifest['seconds'])} s on {where}."
    )


def data(results: Results) -> Section:
    """The texts and the evaluation sets, with size, source, licence and reference."""
    return Section("Data", [*_corpora(results), *_tasks(results)], "data")


def _corpora(results: Results) -> list[Block]:
    numbers = ("tokens", "held_out_tokens", "types", "sentences", "documents", "dropped_tokens")
    heads = ["corpus", "source", "digest", *(n.replace("_", " ") for n in numbers)]
    body = [
        [
            *(name(corpus[key]) for key in ("name", "source", "digest")),
            *(count(corpus.get(key)) for key in numbers),
        ]
        for corpus in results.manifest["corpora"]
    ]
    replaced = [
        f"{name(c['name'])}: {count(c['replaced_bytes'])} bytes were not UTF-8 and were replaced."
        for c in results.manifest["corpora"]
        if c.get("replaced_bytes")
    ]
    return [Table(heads, body, words=3), *map(Paragraph, replaced)]


def _tasks(results: Results) -> list[Block]:
    words = ("name", "question", "measure", "source", "license", "reference", "digest")
    heads = ["task", *words[1:4], "licence", *words[5:], "items", "duplicates"]
    body = [
        [
            *(name(_told(task, key)) or NOTHING for key in words),
            count(task["n_items"]),
            count(task.get("duplicates")),
        ]
        for task in results.manifest["tasks"]
    ]
    skipped = [
        f"Left out, since it was not there when the study ran: {name(task)} ({name(why)})."
        for task, why in results.manifest.get("skipped", {}).items()
    ]
    return [Table(heads, body, words=len(words)), *map(Paragraph, skipped)]


def _told(task: Mapping[str, Any], key: str) -> str:
    development = key == "question" and task.get("split") == "dev"
    return f"{task[key] or ''}{' (development)' if development else ''}"
