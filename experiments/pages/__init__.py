"""The parts of README, results/ANSWER.md and docs/paper.md, which answer.py and paper.py fill."""
