"""The runners of experiments/, which is no package, as modules."""

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]


FOLDER = ROOT / "experiments"


def experiment(name: str) -> ModuleType:
    """Load experiments/NAME.py anew, with its folder on the path, as when it is run."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with _on_the_path():
        spec.loader.exec_module(module)
    return module


def pages(name: str) -> ModuleType:
    """experiments/pages/NAME.py, as the runners import it."""
    with _on_the_path():
        return importlib.import_module(f"pages.{name}")


@contextmanager
def _on_the_path() -> Iterator[None]:
    sys.path.insert(0, str(FOLDER))
    try:
        yield
    finally:
        sys.path.remove(str(FOLDER))
