from skflow.proto import (
    SaverDef as SaverDef,
)
from skflow.summary.iterator import (
    summary_iterator as summary_iterator,
)
from skflow.train.checkpoint_reader import (
    NewCheckpointReader as NewCheckpointReader,
    list_variables as list_variables,
    load_checkpoint as load_checkpoint,
    load_variable as load_variable,
)
from skflow.train.checkpoint_state import (
    checkpoint_exists as checkpoint_exists,
    generate_checkpoint_state_proto as generate_checkpoint_state_proto,
    get_checkpoint_mtimes as get_checkpoint_mtimes,
    get_checkpoint_state as get_checkpoint_state,
    latest_checkpoint as latest_checkpoint,
    update_checkpoint_state as update_checkpoint_state,
)
from skflow.train.global_step import (
    assert_global_step as assert_global_step,
    create_global_step as create_global_step,
    get_global_step as get_global_step,
    get_or_create_global_step as get_or_create_global_step,
    global_step as global_step,
)
from skflow.train.hooks import (
    CheckpointSaverHook as CheckpointSaverHook,
    SummarySaverHook as SummarySaverHook,
)
from skflow.train.meta_graph import (
    export_meta_graph as export_meta_graph,
    write_graph as write_graph,
)
from skflow.train.meta_graph_import import (
    import_meta_graph as import_meta_graph,
)
from skflow.train.optimizer import (
    Optimizer as Optimizer,
)
from skflow.train.optimizers.adadelta import (
    AdadeltaOptimizer as AdadeltaOptimizer,
)
from skflow.train.optimizers.adagrad import (
    AdagradDAOptimizer as AdagradDAOptimizer,
    AdagradOptimizer as AdagradOptimizer,
)
from skflow.train.optimizers.adam import (
    AdamOptimizer as AdamOptimizer,
    AdamWOptimizer as AdamWOptimizer,
    LazyAdamOptimizer as LazyAdamOptimizer,
    NadamOptimizer as NadamOptimizer,
)
from skflow.train.optimizers.ftrl import (
    FtrlOptimizer as FtrlOptimizer,
)
from skflow.train.optimizers.gradient_descent import (
    GradientDescentOptimizer as GradientDescentOptimizer,
)
from skflow.train.optimizers.momentum import (
    MomentumOptimizer as MomentumOptimizer,
)
from skflow.train.optimizers.proximal import (
    ProximalAdagradOptimizer as ProximalAdagradOptimizer,
    ProximalGradientDescentOptimizer as ProximalGradientDescentOptimizer,
)
from skflow.train.optimizers.rmsprop import (
    RMSPropOptimizer as RMSPropOptimizer,
)
from skflow.train.saver import (
    Saver as Saver,
)
from skflow.train.schedules import (
    cosine_decay as cosine_decay,
    exponential_decay as exponential_decay,
    inverse_time_decay as inverse_time_decay,
    natural_exp_decay as natural_exp_decay,
    piecewise_constant as piecewise_constant,
    polynomial_decay as polynomial_decay,
)
from skflow.train.session_run_hook import (
    SessionRunArgs as SessionRunArgs,
    SessionRunContext as SessionRunContext,
    SessionRunHook as SessionRunHook,
    SessionRunValues as SessionRunValues,
)
