"""One folder a case: `case.py` with `make`, what it needs, columns.yml, words.yml and the datasheets' templates."""
