"""The case jd: generator, columns, words, datasheets."""
