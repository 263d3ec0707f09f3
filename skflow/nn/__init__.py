"""Activations, losses and other pieces of neural networks: `tf.nn`."""

from skflow.graph.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "": "losses",
        "graph.functions.elementary": "log_sigmoid sigmoid tanh",
        "graph.functions.embedding": "embedding_lookup embedding_lookup_sparse",
        "graph.functions.losses": (
            "log_poisson_loss sigmoid_cross_entropy_with_logits "
            "softmax_cross_entropy_with_logits sparse_softmax_cross_entropy_with_logits "
            "weighted_cross_entropy_with_logits"
        ),
        "graph.functions.moments": (
            "moments normalize_moments sufficient_statistics weighted_moments zero_fraction"
        ),
        "graph.functions.nn": (
            "bias_add crelu dropout elu in_top_k l2_loss l2_normalize log_softmax relu relu6 "
            "relu_layer softmax softplus softsign top_k xw_plus_b"
        ),
    },
)
