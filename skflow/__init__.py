"""TensorFlow 1.1.0's graphs and sessions on NumPy: ``import skflow as tf``.

The estimators are in `skflow.estimators`, which this module does not import.
"""

from typing import Final as _Final

import skflow.runtime.session as _session  # noqa: F401  (no graph runs without it)
from skflow.graph import lazy as _lazy
from skflow.graph.dtypes import bool_ as bool

__version__: _Final = "0.1.0"
__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    {
        "": "compat contrib errors logging nn summary test timeline train",
        "errors": "OpError",
        "graph.collections": "GraphKeys add_to_collection get_collection get_collection_ref",
        "graph.conversion": "constant convert_to_tensor register_tensor_conversion_function",
        "graph.core": "Graph get_default_graph reset_default_graph",
        "graph.device": "DeviceSpec",
        "graph.drawing": "graph_to_dot graph_to_svg",
        "graph.dtypes": (
            "DType as_dtype complex128 complex64 double float16 float32 float64 half int16 "
            "int32 int64 int8 string uint16 uint32 uint64 uint8"
        ),
        "graph.functions.arithmetic": (
            "abs accumulate_n add add_n cross maximum minimum multiply negative scalar_mul sign "
            "square squared_difference subtract"
        ),
        "graph.functions.casting": (
            "bitcast cast saturate_cast to_double to_float to_int32 to_int64"
        ),
        "graph.functions.check": (
            "assert_equal assert_greater assert_greater_equal assert_integer assert_less "
            "assert_less_equal assert_negative assert_non_negative assert_non_positive "
            "assert_none_equal assert_positive assert_proper_iterable assert_rank "
            "assert_rank_at_least assert_type"
        ),
        "graph.functions.clip": (
            "clip_by_average_norm clip_by_global_norm clip_by_norm clip_by_value global_norm"
        ),
        "graph.functions.comparison": (
            "equal greater greater_equal less less_equal logical_and logical_not logical_or "
            "logical_xor not_equal"
        ),
        "graph.functions.complex": "complex conj imag real",
        "graph.functions.contraction": "einsum tensordot",
        "graph.functions.control": "case cond",
        "graph.functions.debug": "Assert Print",
        "graph.functions.diagonals": (
            "diag diag_part matrix_band_part matrix_diag matrix_diag_part matrix_set_diag"
        ),
        "graph.functions.division": (
            "div divide floor_div floordiv floormod mod realdiv truediv truncatediv truncatemod"
        ),
        "graph.functions.elementary": (
            "acos asin atan ceil cos exp expm1 floor log log1p log_sigmoid pow reciprocal rint "
            "round rsqrt sigmoid sin sqrt tan tanh"
        ),
        "graph.functions.fft": "fft fft2d fft3d ifft ifft2d ifft3d",
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
        "graph.functions.linalg": (
            "cholesky cholesky_solve matmul matrix_determinant matrix_inverse matrix_solve "
            "matrix_solve_ls matrix_triangular_solve qr self_adjoint_eig self_adjoint_eigvals "
            "svd trace"
        ),
        "graph.functions.loops": "while_loop",
        "graph.functions.norms": "norm",
        "graph.functions.numerics": (
            "add_check_numerics_ops check_numerics is_finite is_inf is_nan is_non_decreasing "
            "is_numeric_tensor is_strictly_increasing verify_tensor_all_finite"
        ),
        "graph.functions.order": "group no_op tuple",
        "graph.functions.placeholders": (
            "identity placeholder placeholder_with_default stop_gradient"
        ),
        "graph.functions.py_func": "py_func",
        "graph.functions.random": (
            "get_seed multinomial random_normal random_shuffle random_uniform set_random_seed "
            "truncated_normal"
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
        "graph.functions.shapes": (
            "broadcast_dynamic_shape broadcast_static_shape expand_dims invert_permutation "
            "matrix_transpose rank reshape shape shape_n size squeeze transpose"
        ),
        "graph.functions.slicing": "newaxis slice strided_slice",
        "graph.functions.sparse": (
            "sparse_matmul sparse_placeholder sparse_reduce_sum sparse_reorder "
            "sparse_segment_mean sparse_segment_sqrt_n sparse_segment_sum "
            "sparse_tensor_dense_matmul sparse_tensor_to_dense sparse_to_dense"
        ),
        "graph.functions.special": "betainc digamma erf erfc igamma igammac lgamma polygamma zeta",
        "graph.functions.state": (
            "assign assign_add assign_sub count_up_to scatter_add scatter_div scatter_mul "
            "scatter_nd_add scatter_nd_sub scatter_nd_update scatter_sub scatter_update"
        ),
        "graph.gradients": (
            "AggregationMethod NoGradient NotDifferentiable RegisterGradient gradients hessians"
        ),
        "graph.initializers": (
            "constant_initializer glorot_normal_initializer glorot_uniform_initializer "
            "ones_initializer orthogonal_initializer random_normal_initializer "
            "random_uniform_initializer truncated_normal_initializer "
            "uniform_unit_scaling_initializer variance_scaling_initializer zeros_initializer"
        ),
        "graph.nodes": "Operation Tensor",
        "graph.partitioned": (
            "fixed_size_partitioner min_max_variable_partitioner variable_axis_size_partitioner"
        ),
        "graph.scopes": "colocate_with container control_dependencies device name_scope",
        "graph.serialize": "graph_util import_graph_def",
        "graph.shapes": "Dimension TensorShape",
        "graph.sparse_types": (
            "IndexedSlices SparseTensor SparseTensorValue convert_to_tensor_or_indexed_slices "
            "convert_to_tensor_or_sparse_tensor"
        ),
        "graph.stacks": "get_default_session",
        "graph.variable_scope": (
            "VariableScope get_variable get_variable_scope no_regularizer variable_op_scope "
            "variable_scope"
        ),
        "graph.variable_sets": (
            "all_variables assert_variables_initialized global_variables "
            "global_variables_initializer initialize_all_variables initialize_local_variables "
            "initialize_variables is_variable_initialized local_variables "
            "local_variables_initializer model_variables moving_average_variables "
            "report_uninitialized_variables trainable_variables variables_initializer"
        ),
        "graph.variable_store": "AUTO_REUSE",
        "graph.variables": "Variable",
        "nn": "losses",
        "proto": (
            "ConfigProto Event GPUOptions GraphDef GraphOptions HistogramProto LogMessage "
            "NodeDef OptimizerOptions RunMetadata RunOptions SessionLog Summary"
        ),
        "runtime.jit.hot": "wait_until_compiled",
        "runtime.session": "InteractiveSession Session",
        "versions": (
            "GRAPH_DEF_VERSION GRAPH_DEF_VERSION_MIN_CONSUMER GRAPH_DEF_VERSION_MIN_PRODUCER "
            "VERSION"
        ),
    },
)
__all__ += ["bool"]
