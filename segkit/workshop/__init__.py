"""The trainer's side: pairs of languages, stubs, agenda, packs and grading of notebooks."""
