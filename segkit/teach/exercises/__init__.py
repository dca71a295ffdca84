"""The exercises: one YAML file of words and one module of tests each."""
