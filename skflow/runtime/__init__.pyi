from skflow.runtime import (
    describe as describe,
    run_metadata as run_metadata,
    tracing as tracing,
)
