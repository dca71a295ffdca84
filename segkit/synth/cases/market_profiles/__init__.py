"""The case market_profiles: generator, columns, words, datasheets."""
