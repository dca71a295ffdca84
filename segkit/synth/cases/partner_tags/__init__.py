"""The case partner_tags: generator, columns, words, datasheets."""
