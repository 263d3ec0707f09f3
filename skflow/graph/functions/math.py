"""The functions of mathematics, together: arithmetic, comparison, reduction, matrices, segments."""

from skflow.graph.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "graph.functions.arithmetic": (
            "abs accumulate_n add add_n cross maximum minimum multiply negative scalar_mul sign "
            "square squared_difference subtract"
        ),
        "graph.functions.casting": (
            "bitcast cast saturate_cast to_double to_float to_int32 to_int64"
        ),
        "graph.functions.comparison": (
            "equal greater greater_equal less less_equal logical_and logical_not logical_or "
            "logical_xor not_equal"
        ),
        "graph.functions.complex": "complex conj imag real",
        "graph.functions.contraction": "einsum tensordot",
        "graph.functions.division": (
            "div divide floor_div floordiv floormod mod realdiv truediv truncatediv truncatemod"
        ),
        "graph.functions.elementary": (
            "acos asin atan ceil cos exp expm1 floor log log1p log_sigmoid pow reciprocal rint "
            "round rsqrt sigmoid sin sqrt tan tanh"
        ),
        "graph.functions.filling": "lin_space linspace range",
        "graph.functions.linalg": (
            "cholesky cholesky_solve matmul matrix_determinant matrix_inverse matrix_solve "
            "matrix_solve_ls matrix_triangular_solve qr self_adjoint_eig self_adjoint_eigvals "
            "svd trace"
        ),
        "graph.functions.numerics": (
            "add_check_numerics_ops check_numerics is_finite is_inf is_nan is_non_decreasing "
            "is_numeric_tensor is_strictly_increasing verify_tensor_all_finite"
        ),
        "graph.functions.reduction": (
            "arg_max arg_min argmax argmin count_nonzero reduce_all reduce_any reduce_logsumexp "
            "reduce_max reduce_mean reduce_min reduce_prod reduce_sum"
        ),
        "graph.functions.scan": "bincount cumprod cumsum",
        "graph.functions.segment": (
            "segment_max segment_mean segment_min segment_prod segment_sum unsorted_segment_max "
            "unsorted_segment_sum"
        ),
        "graph.functions.special": "betainc digamma erf erfc igamma igammac lgamma polygamma zeta",
    },
)
