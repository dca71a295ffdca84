"""The case health: generator, columns, words, datasheets."""
