"""Small notebooks are made with what the tests of the workshop use."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "workshop"))
