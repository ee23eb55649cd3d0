"""results/reliability/report.md, rendered from the stored rows."""

from pathlib import Path


def write_report(folder: Path) -> None:
    """later"""
