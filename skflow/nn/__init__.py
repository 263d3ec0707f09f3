"""Activations, losses and other pieces of neural networks: `tf.nn`."""

from skflow.graph.functions.elementary import (
    log_sigmoid as log_sigmoid,
)
from skflow.graph.functions.elementary import (
    sigmoid as sigmoid,
)
from skflow.graph.functions.elementary import (
    tanh as tanh,
)
from skflow.graph.functions.embedding import (
    embedding_lookup as embedding_lookup,
)
from skflow.graph.functions.embedding import (
    embedding_lookup_sparse as embedding_lookup_sparse,
)
from skflow.graph.functions.losses import (
    log_poisson_loss as log_poisson_loss,
)
from skflow.graph.functions.losses import (
    sigmoid_cross_entropy_with_logits as sigmoid_cross_entropy_with_logits,
)
from skflow.graph.functions.losses import (
    softmax_cross_entropy_with_logits as softmax_cross_entropy_with_logits,
)
from skflow.graph.functions.losses import (
    sparse_softmax_cross_entropy_with_logits as sparse_softmax_cross_entropy_with_logits,
)
from skflow.graph.functions.losses import (
    weighted_cross_entropy_with_logits as weighted_cross_entropy_with_logits,
)
from skflow.graph.functions.moments import (
    moments as moments,
)
from skflow.graph.functions.moments import (
    normalize_moments as normalize_moments,
)
from skflow.graph.functions.moments import (
    sufficient_statistics as sufficient_statistics,
)
from skflow.graph.functions.moments import (
    weighted_moments as weighted_moments,
)
from skflow.graph.functions.moments import (
    zero_fraction as zero_fraction,
)
from skflow.graph.functions.nn import (
    bias_add as bias_add,
)
from skflow.graph.functions.nn import (
    crelu as crelu,
)
from skflow.graph.functions.nn import (
    dropout as dropout,
)
from skflow.graph.functions.nn import (
    elu as elu,
)
from skflow.graph.functions.nn import (
    in_top_k as in_top_k,
)
from skflow.graph.functions.nn import (
    l2_loss as l2_loss,
)
from skflow.graph.functions.nn import (
    l2_normalize as l2_normalize,
)
from skflow.graph.functions.nn import (
    log_softmax as log_softmax,
)
from skflow.graph.functions.nn import (
    relu as relu,
)
from skflow.graph.functions.nn import (
    relu6 as relu6,
)
from skflow.graph.functions.nn import (
    relu_layer as relu_layer,
)
from skflow.graph.functions.nn import (
    softmax as softmax,
)
from skflow.graph.functions.nn import (
    softplus as softplus,
)
from skflow.graph.functions.nn import (
    softsign as softsign,
)
from skflow.graph.functions.nn import (
    top_k as top_k,
)
from skflow.graph.functions.nn import (
    xw_plus_b as xw_plus_b,
)
