"""Speed, measured beside known implementations; `benchmarks.speed` runs it.

Parts measure and give rows; `table` stores and renders them. No test depends on what is measured.
"""
