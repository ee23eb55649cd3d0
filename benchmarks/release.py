"""A release: wheel and sdist, tried outside the repository, and the models of the main study.

`python -m benchmarks.release [--models results/STUDY] [--fresh]` writes `dist/`: the wheel, the
sdist, `models-STUDY.tar`, and `SHA256SUMS` of all of them. The wheel is installed into a new
environment; a small text goes through `new`, `run`, `report`, `explore`, `export` and `evaluate`
there. Without `--fresh` that environment takes the dependencies of this one, and nothing is
downloaded.
"""

import argparse
import itertools
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from wordrel.cli.trained import export
from wordrel.errors import NotAvailableError, StoreError
from wordrel.io.files import file_digest, write_text
from wordrel.study.results import read_results

ROOT = Path(__file__).parents[1]
MAIN = "results/word2vec_vs_attention"
SUMS = "SHA256SUMS"
_ANIMALS = ("cat", "dog", "horse", "sheep")
_FOODS = ("bread", "rice", "cheese", "soup")


def main() -> None:
    """Build and try a release, and pack models where the options name some."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--models", type=Path, metavar="DIR", help=f"results whose models to pack; default: {MAIN}"
    )
    parser.add_argument("--fresh", action="store_true", help="download the dependencies again")
    parser.add_argument("--to", type=Path, default=ROOT / "dist", help="default: dist")
    options = parser.parse_args()
    wheel = build(options.to)
    with TemporaryDirectory(prefix="release-") as name:
        python = environment(Path(name, "venv"), wheel, fresh=options.fresh)
        try_wheel(python, Path(name, "elsewhere"))
    if options.models:
        print(pack_models(options.models, options.to))
    else:
        print(pack_main(ROOT / MAIN, options.to))
    print(write_sums(options.to))


def build(to: Path) -> Path:
    """Write wheel and sdist in place of older ones; the wheel's path."""
    for old in (*to.glob("wordrel-*.whl"), *to.glob("wordrel-*.tar.gz")):
        old.unlink()
    _call([sys.executable, "-m", "hatchling", "build", "-d", to.absolute()], ROOT)
    (wheel,) = to.glob("wordrel-*.whl")
    return wheel


def environment(folder: Path, wheel: Path, *, fresh: bool = False) -> Path:
    """A new environment with the wheel; its Python.

    Args:
        folder: where it is made.
        wheel: what is installed.
        fresh: install the locked dependencies too; else those of this environment serve.
    """
    venv.create(folder)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    if fresh:
        index = os.environ.get("TORCH_INDEX")
        torch = ["--index-url", index, "torch"] if index else ["torch"]
        _call([*pip, "-c", ROOT / "constraints.txt", *torch], ROOT)
        _call([*pip, "--require-hashes", "--no-deps", "-r", ROOT / "requirements.lock"], ROOT)
    else:
        (packages,) = folder.glob("lib/python*/site-packages")
        write_text(packages / "others.pth", sysconfig.get_path("purelib") + "\n")
    _call([*pip, "--no-deps", "--no-index", "--force-reinstall", wheel.absolute()], ROOT)
    return python


def try_wheel(python: Path, place: Path) -> None:
    """What a new user does, outside the repository; every step must end with status 0."""
    place.mkdir()
    words = [*_ANIMALS, *_FOODS]
    verbs = ("feeds", "sees", "likes", "buys")
    lines = [
        f"The farmer {verbs[(i // 8) % 4]} the {words[i % 8]} and the {words[(i // 3) % 8]} .\n"
        for i in range(3000)
    ]
    (place / "text.txt").write_text("".join(lines), encoding="utf-8")
    pairs = [f"{a},{b},{9 - i}" for i, (a, b) in enumerate(zip(_ANIMALS, _FOODS, strict=True))]
    pairs += [f"{a},{b},{9 + i}" for i, (a, b) in enumerate(itertools.pairwise(words))]
    (place / "pairs.csv").write_text("\n".join(pairs) + "\n", encoding="utf-8")
    home = _call([python, "-c", "import wordrel; print(wordrel.__file__)"], place)
    if not Path(home.strip()).is_relative_to(python.parents[1].resolve()):
        raise SystemExit(f"{home.strip()}: found another wordrel than that of {python}")
    command = [python.with_name("wordrel")]
    small = ["seeds=[1]", "training.dim=8", "training.epochs=1", "statistics.resamples=100"]
    _call([*command, "new", "mine", "--corpus", "text.txt", "--out", "mine.yaml"], place)
    _call([*command, "run", "mine.yaml", *small, "--out", "out", "--jobs", "1"], place)
    _call([*command, "report", "out"], place)
    _call([*command, "explore", "out"], place)
    vectors = ["--format", "word2vec", "--to", "vectors.txt"]
    _call([*command, "export", "out", "--model", "skip_gram", *vectors], place)
    printed = _call([*command, "evaluate", "vectors.txt", "--pairs", "pairs.csv"], place)
    listed = _call([*command, "tasks", "list"], place)
    made = ("out/report.md", "out/report.html", "out/explorer.html", "vectors.txt")
    lacking = [name for name in made if not (place / name).is_file()]
    lacking += [name for name in ("ws353", "google_analogies") if name not in listed]
    lacking += [] if "pairs" in printed else ["scores of pairs.csv"]
    if lacking:
        raise SystemExit(f"{place}: found no {', '.join(lacking)} after the commands of a new user")


def pack_main(folder: Path, to: Path) -> str:
    """Pack the models of the main study where the cache has all of them; what came of it."""
    try:
        return str(pack_models(folder, to))
    except StoreError as error:
        return f"no models packed: the cache lacks them ({error})"


def pack_models(folder: Path, to: Path) -> Path:
    """One archive with the vectors of every trained model, as `wordrel export --hub` writes them.

    The cache has to hold the models. A model without a table of words is named and left out.
    """
    results, archive = read_results(folder), to / f"models-{folder.name}.tar"
    to.mkdir(parents=True, exist_ok=True)
    archive.unlink(missing_ok=True)
    runs = results.runs[results.runs["status"] == "done"]
    with TemporaryDirectory(prefix="release-", dir=to) as name:
        top = Path(name, folder.name)
        columns = runs["corpus"], runs["model"], runs["seed"]
        for corpus, model, seed in sorted({*zip(*columns, strict=True)}):
            hub = top / f"{corpus}-{model}-seed{seed}"
            try:
                export(folder, model=str(model), seed=int(seed), corpus=str(corpus), hub=hub)
            except NotAvailableError as error:
                print(f"{model}: left out: {error}")
                shutil.rmtree(hub, ignore_errors=True)
        write_text(top / SUMS, "".join(_sums(top)))
        with tarfile.open(archive, "w") as tar:
            for path in sorted(path for path in top.rglob("*") if path.is_file()):
                tar.add(path, path.relative_to(top.parent), filter=_plain)
    return archive


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without time and owner: the same models give the same bytes."""
    member.mtime, member.uid, member.gid, member.uname, member.gname = 0, 0, 0, "", ""
    member.mode = 0o644
    return member


def write_sums(to: Path) -> Path:
    """The digests of all files of a release, as `sha256sum --check` reads them."""
    write_text(to / SUMS, "".join(_sums(to)))
    return to / SUMS


def _sums(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != SUMS:
            yield f"{file_digest(path)}  {path.relative_to(folder).as_posix()}\n"


def _call(command: Sequence[object], place: Path) -> str:
    """Run a command there, without what points to this repository; what it printed."""
    words = [str(word) for word in command]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "WORDREL_"))}
    clean |= {"WORDREL_CACHE": str(place / "cache")} if place != ROOT else {}
    done = subprocess.run(words, cwd=place, env=clean, capture_output=True, text=True, check=False)
    if done.returncode:
        output = f"{done.stdout}{done.stderr}"
        raise SystemExit(f"{' '.join(words)}: ended with {done.returncode}\n{output}")
    return done.stdout


if __name__ == "__main__":
    main()
