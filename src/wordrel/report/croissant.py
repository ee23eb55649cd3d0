"""A results folder in words that other programs know: a Croissant description of its tables.

Reads the manifest and the tables of a folder; `write_croissant` writes croissant.json into it.
Source: MLCommons Croissant 1.0, https://docs.mlcommons.org/croissant/docs/croissant-spec.html.
"""

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd

from wordrel.errors import StoreError
from wordrel.io.files import write_json
from wordrel.study.results import read_results
from wordrel.study.schema import COLUMNS, stored_file

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

    A packed table (.csv.xz) is a file alone, since readers of Croissant unpack no xz.

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
    table, found = path.name.partition(".")[0], pd.read_csv(path)
    return {
        "@type": "cr:RecordSet",
        "@id": table,
        "name": table,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{table}/{column}",
                "name": f"{table}/{column}",
                "dataType": _KINDS.get(found[column].dtype.kind, "sc:Text"),
                "source": {"fileObject": {"@id": path.name}, "extract": {"column": column}},
            }
            for column in map(str, found)
        ],
    }
