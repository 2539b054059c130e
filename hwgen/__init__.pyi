from hwgen.interface import (
    BuildOptions as BuildOptions,
)
from hwgen.interface import (
    Design as Design,
)
from hwgen.interface import (
    HwgenError as HwgenError,
)
from hwgen.interface import (
    Network as Network,
)
from hwgen.interface import (
    Report as Report,
)
from hwgen.interface import (
    build as build,
)
from hwgen.interface import (
    load as load,
)
from hwgen.interface import (
    open_design as open_design,
)

__version__: str
