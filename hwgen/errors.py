"""What a user can do wrong, as exceptions whose text is one clear sentence.

The form of every message is *where: what must hold, not what was given; what to do*.
Wrong arguments in code stay `TypeError` and `ValueError`.
"""

import errno


class HwgenError(Exception):
    """A user's mistake or a failed check; the command line prints it without a traceback."""

    exit_status = 2


class ModelError(HwgenError):
    """A model or matrix that cannot be read, does not hold together or is not supported."""

    @classmethod
    def collect(cls, problems: list[str]) -> "ModelError":
        """All problems of one model in one error, a line each."""
        return cls("\n".join(problems))


class SettingError(HwgenError, ValueError):
    """A layer or quantizer told what cannot be: a `ValueError` to code, a sentence to its user."""


class PlanError(HwgenError):
    """A design that cannot be built as asked."""


class ToolError(HwgenError):
    """A program that is missing or failed."""


def system_error(error: OSError | MemoryError) -> ToolError:
    """Give what the system refuses, wherever that was, as one sentence.

    Raises
    ------
    OSError
        The error itself where it only says that nobody reads on.
    """
    if isinstance(error, MemoryError):
        return ToolError("memory: must hold the work, and does not; make the work smaller")
    if error.errno == errno.EPIPE:
        raise error
    where = "system" if error.filename is None else error.filename
    return ToolError(
        f"{where}: must be usable, and is not ({error.strerror or error}); change that"
    )


class VerifyError(HwgenError):
    """Outputs that differ from the reference, or a bound that does not hold."""

    exit_status = 1
