"""The case value_added_services: generator, columns, words, datasheets."""
