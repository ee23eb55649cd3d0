"""Files for model hubs: a model card, a licence, a Croissant description.

Reads stored tables; `write_croissant` writes croissant.json into a results folder. Source:
MLCommons Croissant 1.0, https://docs.mlcommons.org/croissant/docs/croissant-spec.html.
"""

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd

from wordrel.errors import StoreError
from wordrel.io.files import write_json
from wordrel.report import document as doc
from wordrel.report import labels, markdown, queries
from wordrel.report.document import Paragraph, Section, Table
from wordrel.report.queries import Row, rows
from wordrel.report.text import count, number, with_interval
from wordrel.study.results import Results, read_results
from wordrel.study.schema import COLUMNS, stored_file

_LICENCES = {
    "wiki17m": ("cc-by-sa-3.0", "CC BY-SA 3.0, Wikipedia contributors"),
    "gensim:wiki-sample": ("other", "CC BY-SA, Wikipedia contributors"),
}
"""Source of a text -> the identifier of its licence on model hubs, and the licence in words."""

_OPEN = """## Open it

```python
from safetensors.numpy import load_file
import json

rows = load_file("model.safetensors")["embeddings"]
words = json.load(open("tokenizer.json", encoding="utf-8"))["model"]["vocab"]
rows[words["WORD"]]
```

`model2vec.StaticModel.from_pretrained(FOLDER)` and `wordrel evaluate FOLDER` read it, too. The last
row is zero and stands for unknown words.
"""


def model_card(
    results: Results, run: Row, embedding: str, shape: tuple[int, int], *, own_licence: bool
) -> str:
    """README.md: what the vectors are, how to open them, and every stored score of the table.

    Args:
        results: the study.
        run: the row of `runs` whose vectors these are.
        embedding: which of its tables.
        shape: words and dimensions.
        own_licence: whether LICENSE is the user's, and not that of the text.
    """
    corpus = queries.corpus(results, run.corpus)
    licence = "other" if own_licence else _LICENCES.get(corpus["source"], ("other", ""))[0]
    head = [f"license: {licence}", *(["license_link: LICENSE"] if licence == "other" else [])]
    front = ["---", *head, "library_name: model2vec", "tags:", "- word-embeddings", "---"]
    what = [
        f"{count(shape[0])} vectors of {shape[1]} numbers. Model {doc.name(run.model)}, seed "
        f"{run.seed}, table {doc.name(embedding)}, of the study {doc.name(results.study)}.",
        f"Text: {doc.name(run.corpus)}, {count(corpus['tokens'])} words.",
    ]
    scores = [Section("Scores", _scores(results, run, embedding))]
    title = f"# {markdown.inline(doc.name(f'{results.study}: {run.model}'))}"
    text = markdown.blocks([Paragraph(line) for line in what])
    return (
        "\n\n".join(["\n".join(front), title, text, _OPEN.rstrip(), markdown.blocks(scores)]) + "\n"
    )


def _scores(results: Results, run: Row, embedding: str) -> list[doc.Block]:
    """Of this seed, beside the mean of all seeds; splits that chose an embedding are left out."""
    wanted: dict[str, str | bool] = {"corpus": run.corpus, "model": run.model}
    wanted |= {"embedding": embedding, "split": "test", "detail": False}
    ours = rows(results.scores[results.scores["seed"] == run.seed], **wanted)
    of_seed = {(r.task, r.measure): r.score for r in ours}
    of_study = [r for r in rows(results.summary, **wanted) if r.n_scored > 0]
    if not of_study:
        return [Paragraph("The study has no test of this table.")]
    heads = ["test", "measure", "this seed", "mean of the seeds [interval]", "seeds", "items"]
    body = [
        [
            doc.name(labels.label(r.task, "task")),
            doc.name(labels.label(r.measure, "measure")),
            number(of_seed.get((r.task, r.measure))),
            with_interval(r.score, r.low, r.high),
            count(r.seeds),
            f"{count(r.n_scored)} of {count(r.n_items)}",
        ]
        for r in of_study
    ]
    note = "A test has only items whose words the vocabulary has; the last column counts them."
    return [Table(heads, body, words=2), Paragraph(note)]


def licence_note(results: Results, corpus: str) -> str:
    """LICENSE where the user gives none: whose text the numbers come from."""
    source = queries.corpus(results, corpus)["source"]
    known = _LICENCES.get(source, ("", "not known to wordrel; ask the owner of the text"))[1]
    return (
        f"These numbers were learned from the text {corpus}.\n"
        f"Licence of the text: {known}.\n"
        "The licence of wordrel covers its code, and not these numbers.\n"
    )


NAME = "croissant.json"
_TERMS = "citeAs column conformsTo data extract field fileProperty fileObject fileSet format"
_TERMS += " includes isLiveDataset jsonPath key md5 parentField path recordSet references regex"
_TERMS += " repeated replace separator source subField transform"
_KINDS = {"f": "sc:Float", "i": "sc:Integer", "u": "sc:Integer", "b": "sc:Boolean"}


def write_croissant(folder: Path) -> Path:
    """Write croissant.json into a results folder; the same tables give the same bytes.

    Raises:
        StoreError: a file that is missing or damaged, or the disk refuses.
    """
    write_json(folder / NAME, croissant(folder))
    return folder / NAME


def croissant(folder: Path) -> dict[str, Any]:
    """The description: each table as a file with its digest, each column with its type.

    A packed table (.csv.xz) has no record set, since readers of Croissant unpack no xz.

    Raises:
        StoreError: a file that is missing or damaged.
    """
    results = read_results(folder)
    paths = [path for name in COLUMNS if (path := stored_file(folder, name)).is_file()]
    return {
        "@context": _context(),
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": results.study,
        "description": f"Scores of word embeddings: the tables of the study {results.study}.",
        "datePublished": results.manifest["started"],
        "version": "1.0.0",
        "creator": {"@type": "sc:Organization", "name": f"wordrel {results.manifest['wordrel']}"},
        "distribution": [_file(path) for path in paths],
        "recordSet": [_records(path) for path in paths if path.suffix == ".csv"],
    }


def _context() -> dict[str, Any]:
    """The names of the vocabulary, as the standard lists them."""
    schema = {"@language": "en", "@vocab": "https://schema.org/", "sc": "https://schema.org/"}
    spaces = {
        "cr": "http://mlcommons.org/croissant/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "dct": "http://purl.org/dc/terms/",
    }
    terms = {term: f"cr:{term}" for term in _TERMS.split()} | {"conformsTo": "dct:conformsTo"}
    typed = {
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "examples": {"@id": "cr:examples", "@type": "@json"},
    }
    return schema | spaces | terms | typed


def _file(path: Path) -> dict[str, Any]:
    data = _bytes(path)
    return {
        "@type": "cr:FileObject",
        "@id": path.name,
        "name": path.name,
        "contentUrl": path.name,
        "contentSize": f"{len(data)} B",
        "encodingFormat": "text/csv" if path.suffix == ".csv" else "application/x-xz",
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error}); run the study again") from error


def _records(path: Path) -> dict[str, Any]:
    """The columns as the file spells them, which in older folders are older names."""
    table, frame = path.name.partition(".")[0], pd.read_csv(path)
    return {
        "@type": "cr:RecordSet",
        "@id": table,
        "name": table,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{table}/{column}",
                "name": f"{table}/{column}",
                "dataType": _KINDS.get(frame[column].dtype.kind, "sc:Text"),
                "source": {"fileObject": {"@id": path.name}, "extract": {"column": column}},
            }
            for column in map(str, frame)
        ],
    }
