"""An imported network beside the float run of its file: which codes differ, and why."""

from hwgen.float_check.check import Check, check_file

__all__ = ["Check", "check_file"]
