"""Optimizers, schedules, the global step and checkpoints: `tf.train`."""

from skflow.graph.lazy import attach

# One of these has its module's name, and so has to be there before the module is imported alone.
from skflow.train.global_step import (
    assert_global_step as assert_global_step,
    create_global_step as create_global_step,
    get_global_step as get_global_step,
    get_or_create_global_step as get_or_create_global_step,
    global_step as global_step,
)

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "proto": "SaverDef",
        "summary.iterator": "summary_iterator",
        "train.checkpoint_reader": (
            "NewCheckpointReader list_variables load_checkpoint load_variable"
        ),
        "train.checkpoint_state": (
            "checkpoint_exists generate_checkpoint_state_proto get_checkpoint_mtimes "
            "get_checkpoint_state latest_checkpoint update_checkpoint_state"
        ),
        "train.hooks": "CheckpointSaverHook SummarySaverHook",
        "train.meta_graph": "export_meta_graph write_graph",
        "train.meta_graph_import": "import_meta_graph",
        "train.optimizer": "Optimizer",
        "train.optimizers.adadelta": "AdadeltaOptimizer",
        "train.optimizers.adagrad": "AdagradDAOptimizer AdagradOptimizer",
        "train.optimizers.adam": "AdamOptimizer AdamWOptimizer LazyAdamOptimizer NadamOptimizer",
        "train.optimizers.ftrl": "FtrlOptimizer",
        "train.optimizers.gradient_descent": "GradientDescentOptimizer",
        "train.optimizers.momentum": "MomentumOptimizer",
        "train.optimizers.proximal": "ProximalAdagradOptimizer ProximalGradientDescentOptimizer",
        "train.optimizers.rmsprop": "RMSPropOptimizer",
        "train.saver": "Saver",
        "train.schedules": (
            "cosine_decay exponential_decay inverse_time_decay natural_exp_decay "
            "piecewise_constant polynomial_decay"
        ),
        "train.session_run_hook": (
            "SessionRunArgs SessionRunContext SessionRunHook SessionRunValues"
        ),
    },
)
__all__ += [
    "assert_global_step",
    "create_global_step",
    "get_global_step",
    "get_or_create_global_step",
    "global_step",
]
