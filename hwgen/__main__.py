"""`python -m hwgen`: the command line, also where its script is not on the path."""

from hwgen.cli import app

app(prog_name="hwgen")
