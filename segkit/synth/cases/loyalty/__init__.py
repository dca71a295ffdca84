"""The case loyalty: generator, columns, words, datasheets."""
