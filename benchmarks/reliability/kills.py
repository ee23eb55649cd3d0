"""kill -9 at a random moment of every command; then the same command goes on to the end."""

import random
import time
from pathlib import Path

from benchmarks.reliability.children import Child
from benchmarks.reliability.harness import Harness
from benchmarks.reliability.material import COMMANDS, Bench, leftovers
from benchmarks.reliability.record import OK, Try, cleaned

_ROUND = (
    *("run", "tune", "run", "partial", "run", "report", "prepare", "run", "hub", "evaluate"),
    *("run", "tune", "explore", "run", "partial", "export", "run", "report", "fetch", "tune"),
)
"""Commands in turn; those with more stages come more often."""


def attempt(bench: Bench, number: int) -> Try:
    """Kill the command once, or sometimes twice, and run it again."""
    rng = random.Random(f"kills {number}")
    name = _ROUND[number % len(_ROUND)]
    template = "done" if COMMANDS[name].done else rng.choice(("empty", "older"))
    share, twice = rng.random(), rng.random() < 0.25
    moments = [share, rng.random()] if twice else [share]
    case = f"{name} ({template}), killed at {' and '.join(f'{m:.0%}' for m in moments)} of its time"
    for sooner in (1, 0.6, 0.3):  # it may be quicker than when it was measured
        with bench.place(template) as place:
            killed = [
                kill_at(bench.run(name, place), sooner * moment * bench.cpu[name])
                for moment in moments
            ]
            finding = after(bench, name, place)
        if finding or any(killed):
            break
    ending = "killed, went on" if any(killed) else "it ended first"
    return Try(
        number, case, finding[0] if finding else f"{OK}: {ending}", finding[1] if finding else ""
    )


def kill_at(child: Child, seconds: float) -> bool:
    """Kill after so much processor time; whether it was still running."""
    while child.poll() is None:
        if child.cpu() >= seconds:
            time.sleep(random.random() / 100)  # processor time is counted in hundredths
            child.kill()
            return child.wait() < 0
        time.sleep(0.002)
    return False


def after(bench: Bench, name: str, place: Path) -> tuple[str, str] | None:
    """Run the command again, to the end; the kind of finding and what was seen, or nothing."""
    child = bench.run(name, place)
    status = child.wait()
    if status:
        return "it does not go on", cleaned(f"status {status}: {child.stderr[-300:]}")
    if different := bench.differences(name, place):
        return "other results", cleaned(different)
    if name == "evaluate" and child.stdout != bench.printed[name]:
        return "other results", "stdout"
    if names := leftovers(place):
        return "left behind", cleaned(", ".join(names))
    return None


KILLS = Harness(
    "kills",
    "kill -9 at random moments",
    "A command is killed after a random share of its processor time, one time in four twice, and "
    "run again. The second run must end well, and leave the same bytes as an undisturbed one and "
    "no temporary name.",
    200,
    attempt,
)
