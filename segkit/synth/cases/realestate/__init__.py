"""The case realestate: generator, columns, words, datasheets."""
