"""The case retail: generator, columns, words, datasheets."""
