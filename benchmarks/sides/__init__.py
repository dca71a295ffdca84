"""What each side does: one module a side, with only its own imports."""
