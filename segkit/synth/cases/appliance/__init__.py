"""The case appliance: generator, columns, words, datasheets."""
