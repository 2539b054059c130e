"""Training of quantized networks: recipes, data, loops, sweeps.

A thread of OpenMP that waits for work spins: for ten microseconds or so it pays, since the next
operation is near, and for milliseconds, as is the default, it takes the core from whoever could use
it. It must be said before torch is loaded, and gives way to what the user has set.
"""

import os

if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
