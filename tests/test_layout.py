"""The house rules that a reader relies on: names in three places, imports in one direction."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "wordrel"

# The rooms from the ground up: each imports only those before it, and itself.
ORDER = [
    *("errors", "config", "io", "stats", "corpus", "models", "tasks", "jobs", "study"),
    *("report", "api", "explorer", "cli", "__init__"),
]


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name for name in names if name.startswith("wordrel.")}


MODULES = sorted(PACKAGE.rglob("*.py"))
RUNNERS = sorted((ROOT / "experiments").rglob("*.py"))
EXPERIMENTS = sorted(p for p in (ROOT / "experiments").glob("*.py") if p.stem != "__main__")


def upward(path: Path, room: str) -> set[str]:
    """What a module imports from rooms above its own."""
    allowed = (*ORDER[: ORDER.index(room) + 1], "__version__")
    return {name for name in imported(path) if name.split(".")[1] not in allowed}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_follow_the_way_of_the_data(path: Path) -> None:
    room = room_of(path)
    assert not upward(path, room), f"{room} may import only {ORDER[: ORDER.index(room) + 1]}"


def test_the_import_rule_sees_a_forbidden_import(tmp_path: Path) -> None:
    module = tmp_path / "bad.py"
    module.write_text("from wordrel.models import MODELS\nimport wordrel.stats\n")
    assert imported(module) == {"wordrel.models.MODELS", "wordrel.stats"}
    assert upward(module, "study") == set()
    assert upward(module, "corpus") == {"wordrel.models.MODELS"}
    assert upward(module, "config") == {"wordrel.models.MODELS", "wordrel.stats"}


def test_only_entry_points_stand_beside_the_rooms() -> None:
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "api.py", "errors.py"}


def test_every_study_has_a_config_and_an_experiment_and_results_belong_to_one() -> None:
    configs = {path.stem for path in (ROOT / "configs").glob("*.yaml")}
    experiments = {path.stem for path in EXPERIMENTS}
    results = {path.parent.name for path in (ROOT / "results").glob("*/manifest.json")}
    readers = {"answer", "attempts", "paper", "published"}  # of what the others found
    assert configs == experiments - readers
    assert results <= configs  # a rule is committed before its results


@pytest.mark.parametrize(
    "path", [*EXPERIMENTS, ROOT / "benchmarks" / "speed.py"], ids=lambda path: path.stem
)
def test_every_experiment_states_its_rule_beforehand(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    for part in ("Question:", "Prediction", "Decision rule"):
        assert part in docstring, f"{path.name}: no {part!r} in the docstring"


@pytest.mark.parametrize("path", [*MODULES, *RUNNERS], ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 330
