"""The case education: generator, columns, words, datasheets."""
