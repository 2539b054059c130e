"""Training of quantized networks: recipes, data, loops, sweeps.

Threads of torch that wait for work sleep here instead of spinning: between two parallel operations
lie serial ones, and a spinning thread takes their core. It must be said before torch is loaded,
and gives way to what the user has set.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
