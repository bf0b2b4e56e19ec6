"""The steps of `packaging/build.py`, one module a step. Needs nothing but Python's standard library."""
