"""The case bank: generator, columns, words, datasheets."""
