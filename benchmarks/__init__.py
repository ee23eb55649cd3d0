"""Speed, measured beside something that a reader knows; `benchmarks.speed` runs it.

Parts measure and give rows; `table` stores and renders them. No test depends on what is measured.
"""
