"""The `suyuan` command."""

import suyuan.runtime  # noqa: F401 - sets what polars reads when it is imported
