"""TensorFlow 1.1.0's graphs and sessions on NumPy: ``import skflow as tf``.

The estimators are in `skflow.estimators`, which this module does not import.
"""

from __future__ import annotations

from typing import Any, Final

from skflow import compat as compat
from skflow import contrib as contrib
from skflow import errors as errors
from skflow import logging as logging
from skflow import nn as nn
from skflow import proto as _proto
from skflow import test as test
from skflow import train as train
from skflow.errors import (
    OpError as OpError,
)
from skflow.graph import spec as _spec
from skflow.graph.core import (
    Graph as Graph,
)
from skflow.graph.core import (
    GraphKeys as GraphKeys,
)
from skflow.graph.core import (
    Operation as Operation,
)
from skflow.graph.core import (
    Tensor as Tensor,
)
from skflow.graph.core import (
    add_to_collection as add_to_collection,
)
from skflow.graph.core import (
    colocate_with as colocate_with,
)
from skflow.graph.core import (
    container as container,
)
from skflow.graph.core import (
    control_dependencies as control_dependencies,
)
from skflow.graph.core import (
    device as device,
)
from skflow.graph.core import (
    get_collection as get_collection,
)
from skflow.graph.core import (
    get_collection_ref as get_collection_ref,
)
from skflow.graph.core import (
    get_default_graph as get_default_graph,
)
from skflow.graph.core import (
    get_default_session as get_default_session,
)
from skflow.graph.core import (
    name_scope as name_scope,
)
from skflow.graph.core import (
    reset_default_graph as reset_default_graph,
)
from skflow.graph.device import (
    DeviceSpec as DeviceSpec,
)
from skflow.graph.functions.arithmetic import (
    abs as abs,
)
from skflow.graph.functions.arithmetic import (
    accumulate_n as accumulate_n,
)
from skflow.graph.functions.arithmetic import (
    add as add,
)
from skflow.graph.functions.arithmetic import (
    add_n as add_n,
)
from skflow.graph.functions.arithmetic import (
    cross as cross,
)
from skflow.graph.functions.arithmetic import (
    maximum as maximum,
)
from skflow.graph.functions.arithmetic import (
    minimum as minimum,
)
from skflow.graph.functions.arithmetic import (
    multiply as multiply,
)
from skflow.graph.functions.arithmetic import (
    negative as negative,
)
from skflow.graph.functions.arithmetic import (
    scalar_mul as scalar_mul,
)
from skflow.graph.functions.arithmetic import (
    sign as sign,
)
from skflow.graph.functions.arithmetic import (
    square as square,
)
from skflow.graph.functions.arithmetic import (
    squared_difference as squared_difference,
)
from skflow.graph.functions.arithmetic import (
    subtract as subtract,
)
from skflow.graph.functions.array import (
    newaxis as newaxis,
)
from skflow.graph.functions.casting import (
    bitcast as bitcast,
)
from skflow.graph.functions.casting import (
    cast as cast,
)
from skflow.graph.functions.casting import (
    saturate_cast as saturate_cast,
)
from skflow.graph.functions.casting import (
    to_double as to_double,
)
from skflow.graph.functions.casting import (
    to_float as to_float,
)
from skflow.graph.functions.casting import (
    to_int32 as to_int32,
)
from skflow.graph.functions.casting import (
    to_int64 as to_int64,
)
from skflow.graph.functions.clip import (
    clip_by_average_norm as clip_by_average_norm,
)
from skflow.graph.functions.clip import (
    clip_by_global_norm as clip_by_global_norm,
)
from skflow.graph.functions.clip import (
    clip_by_norm as clip_by_norm,
)
from skflow.graph.functions.clip import (
    clip_by_value as clip_by_value,
)
from skflow.graph.functions.clip import (
    global_norm as global_norm,
)
from skflow.graph.functions.comparison import (
    equal as equal,
)
from skflow.graph.functions.comparison import (
    greater as greater,
)
from skflow.graph.functions.comparison import (
    greater_equal as greater_equal,
)
from skflow.graph.functions.comparison import (
    less as less,
)
from skflow.graph.functions.comparison import (
    less_equal as less_equal,
)
from skflow.graph.functions.comparison import (
    logical_and as logical_and,
)
from skflow.graph.functions.comparison import (
    logical_not as logical_not,
)
from skflow.graph.functions.comparison import (
    logical_or as logical_or,
)
from skflow.graph.functions.comparison import (
    logical_xor as logical_xor,
)
from skflow.graph.functions.comparison import (
    not_equal as not_equal,
)
from skflow.graph.functions.complex import (
    complex as complex,
)
from skflow.graph.functions.complex import (
    conj as conj,
)
from skflow.graph.functions.complex import (
    imag as imag,
)
from skflow.graph.functions.complex import (
    real as real,
)
from skflow.graph.functions.contraction import (
    einsum as einsum,
)
from skflow.graph.functions.contraction import (
    tensordot as tensordot,
)
from skflow.graph.functions.control import (
    case as case,
)
from skflow.graph.functions.control import (
    cond as cond,
)
from skflow.graph.functions.control import (
    group as group,
)
from skflow.graph.functions.control import (
    no_op as no_op,
)
from skflow.graph.functions.control import (
    tuple as tuple,
)
from skflow.graph.functions.control import (
    while_loop as while_loop,
)
from skflow.graph.functions.debug import (
    Assert as Assert,
)
from skflow.graph.functions.debug import (
    Print as Print,
)
from skflow.graph.functions.diagonals import (
    diag as diag,
)
from skflow.graph.functions.diagonals import (
    diag_part as diag_part,
)
from skflow.graph.functions.diagonals import (
    matrix_band_part as matrix_band_part,
)
from skflow.graph.functions.diagonals import (
    matrix_diag as matrix_diag,
)
from skflow.graph.functions.diagonals import (
    matrix_diag_part as matrix_diag_part,
)
from skflow.graph.functions.diagonals import (
    matrix_set_diag as matrix_set_diag,
)
from skflow.graph.functions.division import (
    div as div,
)
from skflow.graph.functions.division import (
    divide as divide,
)
from skflow.graph.functions.division import (
    floor_div as floor_div,
)
from skflow.graph.functions.division import (
    floordiv as floordiv,
)
from skflow.graph.functions.division import (
    floormod as floormod,
)
from skflow.graph.functions.division import (
    mod as mod,
)
from skflow.graph.functions.division import (
    realdiv as realdiv,
)
from skflow.graph.functions.division import (
    truediv as truediv,
)
from skflow.graph.functions.division import (
    truncatediv as truncatediv,
)
from skflow.graph.functions.division import (
    truncatemod as truncatemod,
)
from skflow.graph.functions.elementary import (
    acos as acos,
)
from skflow.graph.functions.elementary import (
    asin as asin,
)
from skflow.graph.functions.elementary import (
    atan as atan,
)
from skflow.graph.functions.elementary import (
    ceil as ceil,
)
from skflow.graph.functions.elementary import (
    cos as cos,
)
from skflow.graph.functions.elementary import (
    exp as exp,
)
from skflow.graph.functions.elementary import (
    expm1 as expm1,
)
from skflow.graph.functions.elementary import (
    floor as floor,
)
from skflow.graph.functions.elementary import (
    log as log,
)
from skflow.graph.functions.elementary import (
    log1p as log1p,
)
from skflow.graph.functions.elementary import (
    log_sigmoid as log_sigmoid,
)
from skflow.graph.functions.elementary import (
    pow as pow,
)
from skflow.graph.functions.elementary import (
    reciprocal as reciprocal,
)
from skflow.graph.functions.elementary import (
    rint as rint,
)
from skflow.graph.functions.elementary import (
    round as round,
)
from skflow.graph.functions.elementary import (
    rsqrt as rsqrt,
)
from skflow.graph.functions.elementary import (
    sigmoid as sigmoid,
)
from skflow.graph.functions.elementary import (
    sin as sin,
)
from skflow.graph.functions.elementary import (
    sqrt as sqrt,
)
from skflow.graph.functions.elementary import (
    tan as tan,
)
from skflow.graph.functions.elementary import (
    tanh as tanh,
)
from skflow.graph.functions.fft import (
    fft as fft,
)
from skflow.graph.functions.fft import (
    fft2d as fft2d,
)
from skflow.graph.functions.fft import (
    fft3d as fft3d,
)
from skflow.graph.functions.fft import (
    ifft as ifft,
)
from skflow.graph.functions.fft import (
    ifft2d as ifft2d,
)
from skflow.graph.functions.fft import (
    ifft3d as ifft3d,
)
from skflow.graph.functions.filling import (
    eye as eye,
)
from skflow.graph.functions.filling import (
    fill as fill,
)
from skflow.graph.functions.filling import (
    lin_space as lin_space,
)
from skflow.graph.functions.filling import (
    linspace as linspace,
)
from skflow.graph.functions.filling import (
    meshgrid as meshgrid,
)
from skflow.graph.functions.filling import (
    ones as ones,
)
from skflow.graph.functions.filling import (
    ones_like as ones_like,
)
from skflow.graph.functions.filling import (
    range as range,
)
from skflow.graph.functions.filling import (
    sequence_mask as sequence_mask,
)
from skflow.graph.functions.filling import (
    zeros as zeros,
)
from skflow.graph.functions.filling import (
    zeros_like as zeros_like,
)
from skflow.graph.functions.gathering import (
    boolean_mask as boolean_mask,
)
from skflow.graph.functions.gathering import (
    dynamic_partition as dynamic_partition,
)
from skflow.graph.functions.gathering import (
    dynamic_stitch as dynamic_stitch,
)
from skflow.graph.functions.gathering import (
    gather as gather,
)
from skflow.graph.functions.gathering import (
    gather_nd as gather_nd,
)
from skflow.graph.functions.gathering import (
    one_hot as one_hot,
)
from skflow.graph.functions.gathering import (
    scatter_nd as scatter_nd,
)
from skflow.graph.functions.gathering import (
    unique as unique,
)
from skflow.graph.functions.gathering import (
    unique_with_counts as unique_with_counts,
)
from skflow.graph.functions.gathering import (
    where as where,
)
from skflow.graph.functions.joining import (
    concat as concat,
)
from skflow.graph.functions.joining import (
    pad as pad,
)
from skflow.graph.functions.joining import (
    reverse as reverse,
)
from skflow.graph.functions.joining import (
    reverse_sequence as reverse_sequence,
)
from skflow.graph.functions.joining import (
    reverse_v2 as reverse_v2,
)
from skflow.graph.functions.joining import (
    split as split,
)
from skflow.graph.functions.joining import (
    stack as stack,
)
from skflow.graph.functions.joining import (
    tile as tile,
)
from skflow.graph.functions.joining import (
    unstack as unstack,
)
from skflow.graph.functions.linalg import (
    cholesky as cholesky,
)
from skflow.graph.functions.linalg import (
    cholesky_solve as cholesky_solve,
)
from skflow.graph.functions.linalg import (
    matmul as matmul,
)
from skflow.graph.functions.linalg import (
    matrix_determinant as matrix_determinant,
)
from skflow.graph.functions.linalg import (
    matrix_inverse as matrix_inverse,
)
from skflow.graph.functions.linalg import (
    matrix_solve as matrix_solve,
)
from skflow.graph.functions.linalg import (
    matrix_solve_ls as matrix_solve_ls,
)
from skflow.graph.functions.linalg import (
    matrix_triangular_solve as matrix_triangular_solve,
)
from skflow.graph.functions.linalg import (
    norm as norm,
)
from skflow.graph.functions.linalg import (
    qr as qr,
)
from skflow.graph.functions.linalg import (
    self_adjoint_eig as self_adjoint_eig,
)
from skflow.graph.functions.linalg import (
    self_adjoint_eigvals as self_adjoint_eigvals,
)
from skflow.graph.functions.linalg import (
    svd as svd,
)
from skflow.graph.functions.linalg import (
    trace as trace,
)
from skflow.graph.functions.numerics import (
    add_check_numerics_ops as add_check_numerics_ops,
)
from skflow.graph.functions.numerics import (
    check_numerics as check_numerics,
)
from skflow.graph.functions.numerics import (
    is_finite as is_finite,
)
from skflow.graph.functions.numerics import (
    is_inf as is_inf,
)
from skflow.graph.functions.numerics import (
    is_nan as is_nan,
)
from skflow.graph.functions.numerics import (
    is_non_decreasing as is_non_decreasing,
)
from skflow.graph.functions.numerics import (
    is_numeric_tensor as is_numeric_tensor,
)
from skflow.graph.functions.numerics import (
    is_strictly_increasing as is_strictly_increasing,
)
from skflow.graph.functions.numerics import (
    verify_tensor_all_finite as verify_tensor_all_finite,
)
from skflow.graph.functions.placeholders import (
    identity as identity,
)
from skflow.graph.functions.placeholders import (
    placeholder as placeholder,
)
from skflow.graph.functions.placeholders import (
    placeholder_with_default as placeholder_with_default,
)
from skflow.graph.functions.placeholders import (
    stop_gradient as stop_gradient,
)
from skflow.graph.functions.py_func import (
    py_func as py_func,
)
from skflow.graph.functions.random import (
    get_seed as get_seed,
)
from skflow.graph.functions.random import (
    multinomial as multinomial,
)
from skflow.graph.functions.random import (
    random_normal as random_normal,
)
from skflow.graph.functions.random import (
    random_shuffle as random_shuffle,
)
from skflow.graph.functions.random import (
    random_uniform as random_uniform,
)
from skflow.graph.functions.random import (
    set_random_seed as set_random_seed,
)
from skflow.graph.functions.random import (
    truncated_normal as truncated_normal,
)
from skflow.graph.functions.reduction import (
    arg_max as arg_max,
)
from skflow.graph.functions.reduction import (
    arg_min as arg_min,
)
from skflow.graph.functions.reduction import (
    argmax as argmax,
)
from skflow.graph.functions.reduction import (
    argmin as argmin,
)
from skflow.graph.functions.reduction import (
    count_nonzero as count_nonzero,
)
from skflow.graph.functions.reduction import (
    reduce_all as reduce_all,
)
from skflow.graph.functions.reduction import (
    reduce_any as reduce_any,
)
from skflow.graph.functions.reduction import (
    reduce_logsumexp as reduce_logsumexp,
)
from skflow.graph.functions.reduction import (
    reduce_max as reduce_max,
)
from skflow.graph.functions.reduction import (
    reduce_mean as reduce_mean,
)
from skflow.graph.functions.reduction import (
    reduce_min as reduce_min,
)
from skflow.graph.functions.reduction import (
    reduce_prod as reduce_prod,
)
from skflow.graph.functions.reduction import (
    reduce_sum as reduce_sum,
)
from skflow.graph.functions.scan import (
    bincount as bincount,
)
from skflow.graph.functions.scan import (
    cumprod as cumprod,
)
from skflow.graph.functions.scan import (
    cumsum as cumsum,
)
from skflow.graph.functions.segment import (
    segment_max as segment_max,
)
from skflow.graph.functions.segment import (
    segment_mean as segment_mean,
)
from skflow.graph.functions.segment import (
    segment_min as segment_min,
)
from skflow.graph.functions.segment import (
    segment_prod as segment_prod,
)
from skflow.graph.functions.segment import (
    segment_sum as segment_sum,
)
from skflow.graph.functions.segment import (
    unsorted_segment_max as unsorted_segment_max,
)
from skflow.graph.functions.segment import (
    unsorted_segment_sum as unsorted_segment_sum,
)
from skflow.graph.functions.shapes import (
    broadcast_dynamic_shape as broadcast_dynamic_shape,
)
from skflow.graph.functions.shapes import (
    broadcast_static_shape as broadcast_static_shape,
)
from skflow.graph.functions.shapes import (
    expand_dims as expand_dims,
)
from skflow.graph.functions.shapes import (
    invert_permutation as invert_permutation,
)
from skflow.graph.functions.shapes import (
    matrix_transpose as matrix_transpose,
)
from skflow.graph.functions.shapes import (
    rank as rank,
)
from skflow.graph.functions.shapes import (
    reshape as reshape,
)
from skflow.graph.functions.shapes import (
    shape as shape,
)
from skflow.graph.functions.shapes import (
    shape_n as shape_n,
)
from skflow.graph.functions.shapes import (
    size as size,
)
from skflow.graph.functions.shapes import (
    squeeze as squeeze,
)
from skflow.graph.functions.shapes import (
    transpose as transpose,
)
from skflow.graph.functions.slicing import (
    slice as slice,
)
from skflow.graph.functions.slicing import (
    strided_slice as strided_slice,
)
from skflow.graph.functions.sparse import (
    sparse_placeholder as sparse_placeholder,
)
from skflow.graph.functions.sparse import (
    sparse_reduce_sum as sparse_reduce_sum,
)
from skflow.graph.functions.sparse import (
    sparse_reorder as sparse_reorder,
)
from skflow.graph.functions.sparse import (
    sparse_tensor_dense_matmul as sparse_tensor_dense_matmul,
)
from skflow.graph.functions.sparse import (
    sparse_tensor_to_dense as sparse_tensor_to_dense,
)
from skflow.graph.functions.sparse import (
    sparse_to_dense as sparse_to_dense,
)
from skflow.graph.functions.special import (
    betainc as betainc,
)
from skflow.graph.functions.special import (
    digamma as digamma,
)
from skflow.graph.functions.special import (
    erf as erf,
)
from skflow.graph.functions.special import (
    erfc as erfc,
)
from skflow.graph.functions.special import (
    igamma as igamma,
)
from skflow.graph.functions.special import (
    igammac as igammac,
)
from skflow.graph.functions.special import (
    lgamma as lgamma,
)
from skflow.graph.functions.special import (
    polygamma as polygamma,
)
from skflow.graph.functions.special import (
    zeta as zeta,
)
from skflow.graph.functions.state import (
    assign as assign,
)
from skflow.graph.functions.state import (
    assign_add as assign_add,
)
from skflow.graph.functions.state import (
    assign_sub as assign_sub,
)
from skflow.graph.functions.state import (
    count_up_to as count_up_to,
)
from skflow.graph.functions.state import (
    is_variable_initialized as is_variable_initialized,
)
from skflow.graph.functions.state import (
    scatter_add as scatter_add,
)
from skflow.graph.functions.state import (
    scatter_div as scatter_div,
)
from skflow.graph.functions.state import (
    scatter_mul as scatter_mul,
)
from skflow.graph.functions.state import (
    scatter_nd_add as scatter_nd_add,
)
from skflow.graph.functions.state import (
    scatter_nd_sub as scatter_nd_sub,
)
from skflow.graph.functions.state import (
    scatter_nd_update as scatter_nd_update,
)
from skflow.graph.functions.state import (
    scatter_sub as scatter_sub,
)
from skflow.graph.functions.state import (
    scatter_update as scatter_update,
)
from skflow.graph.gradients import (
    AggregationMethod as AggregationMethod,
)
from skflow.graph.gradients import (
    NoGradient as NoGradient,
)
from skflow.graph.gradients import (
    NotDifferentiable as NotDifferentiable,
)
from skflow.graph.gradients import (
    RegisterGradient as RegisterGradient,
)
from skflow.graph.gradients import (
    gradients as gradients,
)
from skflow.graph.gradients import (
    hessians as hessians,
)
from skflow.graph.initializers import (
    constant_initializer as constant_initializer,
)
from skflow.graph.initializers import (
    glorot_normal_initializer as glorot_normal_initializer,
)
from skflow.graph.initializers import (
    glorot_uniform_initializer as glorot_uniform_initializer,
)
from skflow.graph.initializers import (
    ones_initializer as ones_initializer,
)
from skflow.graph.initializers import (
    orthogonal_initializer as orthogonal_initializer,
)
from skflow.graph.initializers import (
    random_normal_initializer as random_normal_initializer,
)
from skflow.graph.initializers import (
    random_uniform_initializer as random_uniform_initializer,
)
from skflow.graph.initializers import (
    truncated_normal_initializer as truncated_normal_initializer,
)
from skflow.graph.initializers import (
    uniform_unit_scaling_initializer as uniform_unit_scaling_initializer,
)
from skflow.graph.initializers import (
    variance_scaling_initializer as variance_scaling_initializer,
)
from skflow.graph.initializers import (
    zeros_initializer as zeros_initializer,
)
from skflow.graph.partitioned import (
    fixed_size_partitioner as fixed_size_partitioner,
)
from skflow.graph.partitioned import (
    min_max_variable_partitioner as min_max_variable_partitioner,
)
from skflow.graph.partitioned import (
    variable_axis_size_partitioner as variable_axis_size_partitioner,
)
from skflow.graph.registry import (
    constant as constant,
)
from skflow.graph.registry import (
    convert_to_tensor as convert_to_tensor,
)
from skflow.graph.registry import (
    register_tensor_conversion_function as register_tensor_conversion_function,
)
from skflow.graph.sparse_types import (
    IndexedSlices as IndexedSlices,
)
from skflow.graph.sparse_types import (
    SparseTensor as SparseTensor,
)
from skflow.graph.sparse_types import (
    SparseTensorValue as SparseTensorValue,
)
from skflow.graph.sparse_types import (
    convert_to_tensor_or_indexed_slices as convert_to_tensor_or_indexed_slices,
)
from skflow.graph.spec import (
    Dimension as Dimension,
)
from skflow.graph.spec import (
    DType as DType,
)
from skflow.graph.spec import (
    TensorShape as TensorShape,
)
from skflow.graph.spec import (
    as_dtype as as_dtype,
)
from skflow.graph.spec import (
    complex64 as complex64,
)
from skflow.graph.spec import (
    complex128 as complex128,
)
from skflow.graph.spec import (
    double as double,
)
from skflow.graph.spec import (
    float16 as float16,
)
from skflow.graph.spec import (
    float32 as float32,
)
from skflow.graph.spec import (
    float64 as float64,
)
from skflow.graph.spec import (
    half as half,
)
from skflow.graph.spec import (
    int8 as int8,
)
from skflow.graph.spec import (
    int16 as int16,
)
from skflow.graph.spec import (
    int32 as int32,
)
from skflow.graph.spec import (
    int64 as int64,
)
from skflow.graph.spec import (
    string as string,
)
from skflow.graph.spec import (
    uint8 as uint8,
)
from skflow.graph.spec import (
    uint16 as uint16,
)
from skflow.graph.spec import (
    uint32 as uint32,
)
from skflow.graph.spec import (
    uint64 as uint64,
)
from skflow.graph.variable_scope import (
    VariableScope as VariableScope,
)
from skflow.graph.variable_scope import (
    get_variable as get_variable,
)
from skflow.graph.variable_scope import (
    get_variable_scope as get_variable_scope,
)
from skflow.graph.variable_scope import (
    no_regularizer as no_regularizer,
)
from skflow.graph.variable_scope import (
    variable_op_scope as variable_op_scope,
)
from skflow.graph.variable_scope import (
    variable_scope as variable_scope,
)
from skflow.graph.variable_sets import (
    all_variables as all_variables,
)
from skflow.graph.variable_sets import (
    assert_variables_initialized as assert_variables_initialized,
)
from skflow.graph.variable_sets import (
    global_variables as global_variables,
)
from skflow.graph.variable_sets import (
    global_variables_initializer as global_variables_initializer,
)
from skflow.graph.variable_sets import (
    initialize_all_variables as initialize_all_variables,
)
from skflow.graph.variable_sets import (
    initialize_local_variables as initialize_local_variables,
)
from skflow.graph.variable_sets import (
    initialize_variables as initialize_variables,
)
from skflow.graph.variable_sets import (
    local_variables as local_variables,
)
from skflow.graph.variable_sets import (
    local_variables_initializer as local_variables_initializer,
)
from skflow.graph.variable_sets import (
    model_variables as model_variables,
)
from skflow.graph.variable_sets import (
    moving_average_variables as moving_average_variables,
)
from skflow.graph.variable_sets import (
    report_uninitialized_variables as report_uninitialized_variables,
)
from skflow.graph.variable_sets import (
    trainable_variables as trainable_variables,
)
from skflow.graph.variable_sets import (
    variables_initializer as variables_initializer,
)
from skflow.graph.variable_store import (
    AUTO_REUSE as AUTO_REUSE,
)
from skflow.graph.variables import (
    Variable as Variable,
)
from skflow.nn import losses as losses
from skflow.runtime.session import (
    InteractiveSession as InteractiveSession,
)
from skflow.runtime.session import (
    Session as Session,
)
from skflow.versions import (
    GRAPH_DEF_VERSION as GRAPH_DEF_VERSION,
)
from skflow.versions import (
    GRAPH_DEF_VERSION_MIN_CONSUMER as GRAPH_DEF_VERSION_MIN_CONSUMER,
)
from skflow.versions import (
    GRAPH_DEF_VERSION_MIN_PRODUCER as GRAPH_DEF_VERSION_MIN_PRODUCER,
)
from skflow.versions import (
    VERSION as VERSION,
)

__version__: Final = "0.1.0"
bool: Final = _spec.bool_

_MESSAGES: Final = ("ConfigProto", "GraphDef", "NodeDef", "RunMetadata", "RunOptions")


def __getattr__(name: str) -> Any:
    """Load a message at its first use: protobuf is not needed to build and run graphs."""
    if name in _MESSAGES:
        return getattr(_proto, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names, messages included."""
    return sorted({*globals(), *_MESSAGES})
