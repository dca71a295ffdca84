"""The parts of a run: each measures one promise and returns a section of the page."""
