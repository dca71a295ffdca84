"""The case client_export: generator, columns, words, datasheets."""
