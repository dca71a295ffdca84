"""The case alibaba: generator, columns, words, datasheets."""
