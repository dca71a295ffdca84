"""The case auto: generator, columns, words, datasheets."""
