"""The annotated answer runs as a script; each claim prints numbers, a figure, a verdict."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ANSWER = ROOT / "docs" / "answer.py"
CLAIMS = [f"C{i}" for i in range(1, 10)]
NUMBER = re.compile(r"  (.+): (-?\d+\.\d{3}) \[(-?\d+\.\d{3}), (-?\d+\.\d{3})\] \S")
VERDICTS = ("supported", "partly supported", "contradicted", "undecided", "not identified")


def test_every_claim_has_an_equation_and_few_lines() -> None:
    cells = ANSWER.read_text(encoding="utf-8").split("# %%")
    for claim in CLAIMS:
        (i,) = (i for i, cell in enumerate(cells) if f"\n# ## {claim}. " in cell)
        assert re.search(r"^#     \S", cells[i], re.MULTILINE), f"{claim} has no equation"
        code = [line for line in cells[i + 1].splitlines() if line.strip()]
        assert len(code) <= 40, f"{claim} takes {len(code)} lines"
    assert not re.search(r"verdict.*(supported|contradicted|undecided)", ANSWER.read_text("utf-8"))


@pytest.mark.slow
def test_every_claim_prints_numbers_with_intervals_a_figure_and_its_verdict(tmp_path: Path) -> None:
    figures, study = tmp_path / "figures", tmp_path / "study"
    done = subprocess.run(
        [sys.executable, str(ANSWER), str(figures), str(study)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    parts = re.split(r"^(C\d): ", done.stdout, flags=re.MULTILINE)[1:]
    said = dict(zip(parts[::2], parts[1::2], strict=True))
    assert list(said) == CLAIMS
    assert sorted(path.stem for path in figures.glob("*.svg")) == CLAIMS
    values: dict[str, dict[str, float]] = {}
    for claim, text in said.items():
        found = [NUMBER.match(line) for line in text.splitlines()]
        numbers = [match for match in found if match]
        assert numbers, f"{claim} printed no number:\n{text}"
        for match in numbers:
            value, low, high = map(float, match.groups()[1:])
            assert low <= value <= high, match[0]
        values[claim] = {match[1]: float(match[2]) for match in numbers}
        verdicts = re.findall(r"committed verdict: (.+?) \(results/(\w+)\)", text)
        assert verdicts, f"{claim} has no committed verdict:\n{text}"
        for verdict, folder in verdicts:
            assert verdict.startswith(VERDICTS), verdict
            assert (ROOT / "results" / folder / "manifest.json").is_file()
        assert "<svg" in (figures / f"{claim}.svg").read_text(encoding="utf-8")
    # Without positions the order of a context moves nothing but the last bits; with them it does.
    assert max(values["C8"][name] for name in ("mean", "mean_query_attention")) < 0.001
    moved = [values["C8"][name] for name in values["C8"] if "position" in name]
    assert len(moved) == 2
    assert min(moved) > 0.01
