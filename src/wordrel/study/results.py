"""The stored results of one study, read strictly.

Reads manifest.json, config.yaml and the tables of a results folder.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from wordrel.config import ARCHITECTURES, names
from wordrel.config.dialect import read_stored
from wordrel.config.names import SCHEMA
from wordrel.errors import StoreError
from wordrel.io.files import file_digest, reading
from wordrel.io.marker import own_digest
from wordrel.io.visible import facts_html, facts_text
from wordrel.study.schema import COLUMNS, CURE, PLANNED, read_table, read_text, renamed, stored_file
from wordrel.study.stored_values import check_config, check_manifest

_MANIFEST = ("wordrel", "study", "seconds", "corpora", "tasks", "statistics", "environment")
_MANIFEST_ITEMS = {
    "corpora": ("name", "digest", "source", "tokens", "types"),
    "tasks": ("name", "digest", "question", "measure", "n_items", "source", "license", "reference"),
}
_DIGESTS = "sha256"
_STATISTICS = ("resamples", "confidence", "seed")


@dataclass(frozen=True, eq=False)
class Results:
    """The results of one finished study; the tables have the columns of `COLUMNS`."""

    folder: Path
    manifest: dict[str, Any]
    config: dict[str, Any]
    runs: pd.DataFrame
    scores: pd.DataFrame
    summary: pd.DataFrame
    comparisons: pd.DataFrame
    embeddings: pd.DataFrame
    measurements: pd.DataFrame
    agreement: pd.DataFrame
    contrasts: pd.DataFrame
    orderings: pd.DataFrame

    @property
    def study(self) -> str:
        """The study's name, as in configs/NAME.yaml and results/NAME."""
        return str(self.manifest["study"])

    @property
    def unscaled(self) -> frozenset[str]:
        """Models with maps whose q.k is not divided by sqrt(dim / heads), against the default.

        Only those that are named after their kind: their label has to distinguish
        them from the attention of the literature.
        """
        return frozenset(
            str(model["name"])
            for model in self.config.get("models") or ()
            if (kind := ARCHITECTURES.get(str(model.get("kind")))) is not None
            and kind.maps
            and not model.get("scale", True)
            and str(model.get("name")).startswith(str(model["kind"]))
        )

    def __repr__(self) -> str:
        return facts_text(self._title, self._facts())

    def _repr_html_(self) -> str:
        """The same facts, and the scores of each model's selected embedding: a column a task."""
        table = self.summary
        shown = table[table["selected"] & ~table["detail"] & (table["split"] == "test")]
        scores = shown.pivot_table(
            "score", ["corpus", "model"], ["task", "measure"], sort=False, aggfunc="first"
        )
        facts = facts_html(self._title, self._facts())
        return facts + str(scores.to_html(float_format="{:.3f}".format, na_rep="-"))

    @property
    def _title(self) -> str:
        return f"Results of the study {self.study} in {self.folder}"

    def _facts(self) -> dict[str, str]:
        """The facts that `repr` and a notebook show."""
        failed = int((self.runs["status"] == "failed").sum())
        models = ", ".join(self.runs["model"].unique())
        seeds = ", ".join(map(str, self.runs["seed"].unique()))
        rows = ", ".join(f"{name} ({len(getattr(self, name)):,})" for name in COLUMNS)
        return {
            "corpora": ", ".join(self.runs["corpus"].unique()),
            "models": models,
            "seeds": seeds,
            "runs": f"{len(self.runs) - failed} done, {failed} failed",
            "tasks": ", ".join(str(task["name"]) for task in self.manifest["tasks"]),
            "tables": rows,
        }


def read_results(folder: Path) -> Results:
    """Read a results folder, with fixed types: empty numbers are NaN (float) or NA (Int64).

    Raises:
        StoreError: a file or column that is missing, or a value that cannot be what it should be,
            with file and line; other bytes than the run wrote; or a newer version wrote it.
    """
    _check_is_result(folder)
    manifest = stored = _read_mapping(folder / "manifest.json", json.loads)
    schema = manifest.get("schema", 1)
    _check_schema(folder / "manifest.json", schema)
    _check_manifest(folder / "manifest.json", manifest)
    paths = {name: stored_file(folder, name, schema) for name in COLUMNS}
    tables = {name: read_table(path, name, schema) for name, path in paths.items()}
    config = _read_mapping(folder / "config.yaml", read_stored)
    check_config(folder / "config.yaml", config)
    if schema < SCHEMA:
        manifest, config, tables = _under_present_names(folder, manifest, config, tables)
    _check_rows(paths, manifest.get("rows", {}), tables)
    _check_models(paths, manifest, tables)
    _check_digests(folder, stored)
    return Results(folder=folder, manifest=manifest, config=config, **tables)


FILES = frozenset(
    {f"{name}.csv{packed}" for name in (*COLUMNS, *names.TABLES) for packed in ("", ".xz")}
    | {"manifest.json", "config.yaml", "answers.zip", "report.md", "report.html"}
)
"""Names of the files that a run writes into its folder of results."""
OURS = FILES | {"figures", "explorer.html", "explorer-data", "croissant.json"}
"""Names that the next run removes or replaces; other files there are their user's."""


def check_place(path: Path) -> None:
    """Refuse to write over a file of a result, whose digest would no longer fit.

    Raises:
        StoreError: the path is one of them.
    """
    if path.name in FILES and path.exists() and path.with_name("manifest.json").exists():
        raise StoreError(f"{path}: found a file of a result, which stays; choose another name")


def _check_is_result(folder: Path) -> None:
    """Check that a run wrote this folder; one that lost its manifest still has tables."""
    files = ("manifest.json", "config.yaml", "runs.csv")
    with reading(folder, CURE):
        content = "no manifest.json" if folder.exists() else "nothing"
        cure = "give the path of one, such as results/STUDY"
        if folder.is_file():
            content, cure = "a file", f"{cure}; `wordrel evaluate` compares files of vectors"
        if not any((folder / name).exists() for name in files):
            raise StoreError(f"{folder}: found {content}, expected a folder of results; {cure}")


def _read_mapping(path: Path, parse: Callable[[str], Any]) -> dict[str, Any]:
    with reading(path, CURE):
        data = parse(read_text(path))
    if not isinstance(data, dict):
        raise StoreError(f"{path}: found {type(data).__name__}, expected keys; {CURE}")
    return data


def _under_present_names(
    folder: Path, manifest: dict[str, Any], config: dict[str, Any], tables: dict[str, pd.DataFrame]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, pd.DataFrame]]:
    """The content of a folder of schema 1 or 2, its models and tables under present names.

    A model that the config does not describe is called after its kind where its run is.
    """
    runs = tables["runs"][["model", "kind"]].itertuples(index=False, name=None)
    kinds = {then: now for then, now in names.KINDS.items() if (then, now) in set(runs)}
    try:
        config, models = names.config_now(config)
        models = kinds | models
        names.distinct({model: models.get(model, model) for model in tables["runs"]["model"]})
    except ValueError as error:
        raise StoreError(f"{folder / 'config.yaml'}: {error}; {CURE}") from error
    for table in tables.values():
        for column in {"model", "model_a", "model_b"} & set(table.columns):
            table[column] = renamed(table[column], models)
    rows = manifest.get("rows")
    if isinstance(rows, dict):
        rows = {names.TABLES.get(name, name): n for name, n in rows.items()}
        manifest = manifest | {"rows": rows}
    return manifest, config, tables


def _check_schema(path: Path, schema: Any) -> None:
    if not isinstance(schema, int) or schema < 1:
        raise StoreError(f"{path}: schema: found {schema!r}, expected 1 to {SCHEMA}; {CURE}")
    if schema > SCHEMA:
        raise StoreError(
            f"{path}: schema: found {schema}, expected at most {SCHEMA}: a newer wordrel wrote it; "
            "install that version"
        )


def _check_manifest(path: Path, manifest: dict[str, Any]) -> None:
    _check_keys(str(path), manifest, _MANIFEST)
    _check_keys(f"{path}: statistics", manifest["statistics"], _STATISTICS)
    for group, keys in _MANIFEST_ITEMS.items():
        if not isinstance(manifest[group], list):
            raise StoreError(f"{path}: {group}: expected a list; {CURE}")
        for i, item in enumerate(manifest[group]):
            _check_keys(f"{path}: {group}.{i}", item, keys)
    check_manifest(path, manifest)


def _check_rows(paths: Mapping[str, Path], expected: Any, tables: dict[str, pd.DataFrame]) -> None:
    """Check that no table lost its end; manifests of the first edition lack the lengths."""
    for name, table in tables.items():
        rows = expected.get(name, len(table)) if isinstance(expected, dict) else None
        if rows != len(table):
            raise StoreError(
                f"{paths[name]}: found {len(table)} rows, expected {rows} as manifest.json says; "
                f"{CURE}"
            )


def _check_models(
    paths: Mapping[str, Path], manifest: dict[str, Any], tables: dict[str, pd.DataFrame]
) -> None:
    """Check that tables belong together: each model ran, each corpus is in the manifest.

    Of a study that still runs, planned contrasts may also name models that have not run yet.
    """
    ran = set(tables["runs"][["corpus", "model"]].itertuples(index=False, name=None))
    described = {(str(corpus["name"]), model) for corpus in manifest["corpora"] for _, model in ran}
    for name, whole in tables.items():
        table = whole[whole["seeds"] > 0] if name in PLANNED else whole
        for column in {"model", "model_a", "model_b"} & set(table.columns):
            named = set(table[["corpus", column]].itertuples(index=False, name=None))
            strange = sorted(pair for pair in named - (ran & described) if pair[1])
            if strange:
                what = f"{strange[0][1]} on {strange[0][0]}"
                place = f"{paths[name]}: {column}"
                raise StoreError(f"{place}: {what} is not in runs.csv or manifest.json; {CURE}")


def sealed(folder: Path, manifest: dict[str, Any], rows: Mapping[str, int]) -> dict[str, Any]:
    """The manifest with rows and digests, which show whether a folder is unchanged.

    Args:
        folder: with its tables and config.yaml.
        manifest: everything else.
        rows: of each table.
    """
    described = manifest | {"rows": dict(rows)}
    files = sorted(path for path in folder.iterdir() if path.suffix in (".csv", ".xz", ".yaml"))
    digests = {path.name: file_digest(path) for path in files}
    return described | {_DIGESTS: {"manifest.json": own_digest(described), **digests}}


def _check_digests(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Compare digests: only they show a changed digit. Older manifests have none."""
    digests = manifest.get(_DIGESTS, {})
    if not isinstance(digests, dict):
        problem = f"found {type(digests).__name__}, expected a digest a file"
        raise StoreError(f"{folder / 'manifest.json'}: {_DIGESTS}: {problem}; {CURE}")
    for name, digest in digests.items():
        with reading(folder / name, CURE):
            own = name == "manifest.json"
            actual = own_digest(manifest) if own else file_digest(folder / Path(name).name)
        if actual != digest:
            raise StoreError(f"{folder / name}: found other bytes than the run wrote; {CURE}")


def _check_keys(place: str, mapping: Any, expected: tuple[str, ...]) -> None:
    missing = [key for key in expected if not isinstance(mapping, dict) or key not in mapping]
    if missing:
        raise StoreError(f"{place}: {', '.join(missing)} missing; {CURE}")
