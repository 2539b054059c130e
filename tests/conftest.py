"""Who runs the tests may be root, whom no permission stops."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# a busy machine draws examples slowly, which says nothing of what is tested
settings.register_profile("busy", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


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
