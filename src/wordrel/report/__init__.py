"""Reports for people, computed from the stored tables of a results folder and nothing else."""
