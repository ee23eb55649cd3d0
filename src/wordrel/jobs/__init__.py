"""Cells run in parallel, on this machine or on a cluster."""
