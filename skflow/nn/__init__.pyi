from skflow.graph.functions.elementary import (
    log_sigmoid as log_sigmoid,
    sigmoid as sigmoid,
    tanh as tanh,
)
from skflow.graph.functions.embedding import (
    embedding_lookup as embedding_lookup,
    embedding_lookup_sparse as embedding_lookup_sparse,
)
from skflow.graph.functions.losses import (
    log_poisson_loss as log_poisson_loss,
    sigmoid_cross_entropy_with_logits as sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits as softmax_cross_entropy_with_logits,
    sparse_softmax_cross_entropy_with_logits as sparse_softmax_cross_entropy_with_logits,
    weighted_cross_entropy_with_logits as weighted_cross_entropy_with_logits,
)
from skflow.graph.functions.moments import (
    moments as moments,
    normalize_moments as normalize_moments,
    sufficient_statistics as sufficient_statistics,
    weighted_moments as weighted_moments,
    zero_fraction as zero_fraction,
)
from skflow.graph.functions.nn import (
    bias_add as bias_add,
    crelu as crelu,
    dropout as dropout,
    elu as elu,
    in_top_k as in_top_k,
    l2_loss as l2_loss,
    l2_normalize as l2_normalize,
    log_softmax as log_softmax,
    relu as relu,
    relu6 as relu6,
    relu_layer as relu_layer,
    softmax as softmax,
    softplus as softplus,
    softsign as softsign,
    top_k as top_k,
    xw_plus_b as xw_plus_b,
)
from skflow.nn import losses as losses
