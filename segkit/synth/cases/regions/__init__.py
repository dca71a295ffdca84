"""The case regions: generator, columns, words, datasheets."""
