"""Optimizers, schedules and the global step: `tf.train`."""

from skflow.train.global_step import (
    assert_global_step as assert_global_step,
    create_global_step as create_global_step,
    get_global_step as get_global_step,
    get_or_create_global_step as get_or_create_global_step,
    global_step as global_step,
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
from skflow.train.schedules import (
    cosine_decay as cosine_decay,
    exponential_decay as exponential_decay,
    inverse_time_decay as inverse_time_decay,
    natural_exp_decay as natural_exp_decay,
    piecewise_constant as piecewise_constant,
    polynomial_decay as polynomial_decay,
)
