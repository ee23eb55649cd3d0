"""Is anything lost when something goes wrong? Harnesses that disturb wordrel, and count.

Each try disturbs a command on a study of a second, and looks at what is left: the old state, the
new state, or a named error. `python -m benchmarks.reliability` runs them and stores a row a try.
"""
