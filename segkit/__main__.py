"""``python -m segkit``: the command line where no script is on the path."""

from segkit.cli import main

main()
