"""YAML files as people write them: read as they were meant, with the line of every key."""

from segkit.yaml_files.notepad import decode
from segkit.yaml_files.reading import read_mapping, read_text
from segkit.yaml_files.tree import BadText, Tree, dotted

__all__ = ["BadText", "Tree", "decode", "dotted", "read_mapping", "read_text"]
