"""Who runs the tests may be root, whom no permission stops."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def as_nobody():
    """Take from root what it may always do; gives a folder that is its own."""
    own = Path(tempfile.mkdtemp())
    own.chmod(0o777)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield own
    finally:
        os.seteuid(user)
        for path in (own, *own.rglob("*")):
            path.chmod(0o777)
        shutil.rmtree(own)
