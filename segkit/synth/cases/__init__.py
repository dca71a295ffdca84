"""One generator a case; a case that needs more than one file carries its name in front."""
