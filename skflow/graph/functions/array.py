"""The functions on arrays, together: shapes, slices, joins, look-ups, fillings and diagonals."""

from skflow.graph.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "graph.functions.diagonals": (
            "diag diag_part matrix_band_part matrix_diag matrix_diag_part matrix_set_diag"
        ),
        "graph.functions.filling": (
            "eye fill lin_space linspace meshgrid ones ones_like range sequence_mask zeros "
            "zeros_like"
        ),
        "graph.functions.gathering": (
            "boolean_mask dynamic_partition dynamic_stitch gather gather_nd one_hot scatter_nd "
            "unique unique_with_counts where"
        ),
        "graph.functions.joining": (
            "concat pad reverse reverse_sequence reverse_v2 split stack tile unstack"
        ),
        "graph.functions.placeholders": (
            "identity placeholder placeholder_with_default stop_gradient"
        ),
        "graph.functions.shapes": (
            "broadcast_dynamic_shape broadcast_static_shape expand_dims invert_permutation "
            "matrix_transpose rank reshape shape shape_n size squeeze transpose"
        ),
        "graph.functions.slicing": "newaxis slice strided_slice",
    },
)
