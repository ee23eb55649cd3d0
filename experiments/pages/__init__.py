"""The parts of results/ANSWER.md, and of the blocks that experiments/answer.py fills elsewhere."""
