from typing import Final as _Final

from skflow import (
    compat as compat,
    contrib as contrib,
    errors as errors,
    logging as logging,
    nn as nn,
    summary as summary,
    test as test,
    timeline as timeline,
    train as train,
)
from skflow.errors import (
    OpError as OpError,
)
from skflow.graph.collections import (
    GraphKeys as GraphKeys,
    add_to_collection as add_to_collection,
    get_collection as get_collection,
    get_collection_ref as get_collection_ref,
)
from skflow.graph.conversion import (
    constant as constant,
    convert_to_tensor as convert_to_tensor,
    register_tensor_conversion_function as register_tensor_conversion_function,
)
from skflow.graph.core import (
    Graph as Graph,
    get_default_graph as get_default_graph,
    reset_default_graph as reset_default_graph,
)
from skflow.graph.device import (
    DeviceSpec as DeviceSpec,
)
from skflow.graph.drawing import (
    graph_to_dot as graph_to_dot,
    graph_to_svg as graph_to_svg,
)
from skflow.graph.dtypes import (
    DType as DType,
    as_dtype as as_dtype,
    complex64 as complex64,
    complex128 as complex128,
    double as double,
    float16 as float16,
    float32 as float32,
    float64 as float64,
    half as half,
    int8 as int8,
    int16 as int16,
    int32 as int32,
    int64 as int64,
    string as string,
    uint8 as uint8,
    uint16 as uint16,
    uint32 as uint32,
    uint64 as uint64,
)
from skflow.graph.functions.arithmetic import (
    abs as abs,
    accumulate_n as accumulate_n,
    add as add,
    add_n as add_n,
    cross as cross,
    maximum as maximum,
    minimum as minimum,
    multiply as multiply,
    negative as negative,
    scalar_mul as scalar_mul,
    sign as sign,
    square as square,
    squared_difference as squared_difference,
    subtract as subtract,
)
from skflow.graph.functions.casting import (
    bitcast as bitcast,
    cast as cast,
    saturate_cast as saturate_cast,
    to_double as to_double,
    to_float as to_float,
    to_int32 as to_int32,
    to_int64 as to_int64,
)
from skflow.graph.functions.check import (
    assert_equal as assert_equal,
    assert_greater as assert_greater,
    assert_greater_equal as assert_greater_equal,
    assert_integer as assert_integer,
    assert_less as assert_less,
    assert_less_equal as assert_less_equal,
    assert_negative as assert_negative,
    assert_non_negative as assert_non_negative,
    assert_non_positive as assert_non_positive,
    assert_none_equal as assert_none_equal,
    assert_positive as assert_positive,
    assert_proper_iterable as assert_proper_iterable,
    assert_rank as assert_rank,
    assert_rank_at_least as assert_rank_at_least,
    assert_type as assert_type,
)
from skflow.graph.functions.clip import (
    clip_by_average_norm as clip_by_average_norm,
    clip_by_global_norm as clip_by_global_norm,
    clip_by_norm as clip_by_norm,
    clip_by_value as clip_by_value,
    global_norm as global_norm,
)
from skflow.graph.functions.comparison import (
    equal as equal,
    greater as greater,
    greater_equal as greater_equal,
    less as less,
    less_equal as less_equal,
    logical_and as logical_and,
    logical_not as logical_not,
    logical_or as logical_or,
    logical_xor as logical_xor,
    not_equal as not_equal,
)
from skflow.graph.functions.complex import (
    complex as complex,
    conj as conj,
    imag as imag,
    real as real,
)
from skflow.graph.functions.contraction import (
    einsum as einsum,
    tensordot as tensordot,
)
from skflow.graph.functions.control import (
    case as case,
    cond as cond,
)
from skflow.graph.functions.debug import (
    Assert as Assert,
    Print as Print,
)
from skflow.graph.functions.diagonals import (
    diag as diag,
    diag_part as diag_part,
    matrix_band_part as matrix_band_part,
    matrix_diag as matrix_diag,
    matrix_diag_part as matrix_diag_part,
    matrix_set_diag as matrix_set_diag,
)
from skflow.graph.functions.division import (
    div as div,
    divide as divide,
    floor_div as floor_div,
    floordiv as floordiv,
    floormod as floormod,
    mod as mod,
    realdiv as realdiv,
    truediv as truediv,
    truncatediv as truncatediv,
    truncatemod as truncatemod,
)
from skflow.graph.functions.elementary import (
    acos as acos,
    asin as asin,
    atan as atan,
    ceil as ceil,
    cos as cos,
    exp as exp,
    expm1 as expm1,
    floor as floor,
    log as log,
    log1p as log1p,
    log_sigmoid as log_sigmoid,
    pow as pow,
    reciprocal as reciprocal,
    rint as rint,
    round as round,
    rsqrt as rsqrt,
    sigmoid as sigmoid,
    sin as sin,
    sqrt as sqrt,
    tan as tan,
    tanh as tanh,
)
from skflow.graph.functions.fft import (
    fft as fft,
    fft2d as fft2d,
    fft3d as fft3d,
    ifft as ifft,
    ifft2d as ifft2d,
    ifft3d as ifft3d,
)
from skflow.graph.functions.filling import (
    eye as eye,
    fill as fill,
    lin_space as lin_space,
    linspace as linspace,
    meshgrid as meshgrid,
    ones as ones,
    ones_like as ones_like,
    range as range,
    sequence_mask as sequence_mask,
    zeros as zeros,
    zeros_like as zeros_like,
)
from skflow.graph.functions.gathering import (
    boolean_mask as boolean_mask,
    dynamic_partition as dynamic_partition,
    dynamic_stitch as dynamic_stitch,
    gather as gather,
    gather_nd as gather_nd,
    one_hot as one_hot,
    scatter_nd as scatter_nd,
    unique as unique,
    unique_with_counts as unique_with_counts,
    where as where,
)
from skflow.graph.functions.joining import (
    concat as concat,
    pad as pad,
    reverse as reverse,
    reverse_sequence as reverse_sequence,
    reverse_v2 as reverse_v2,
    split as split,
    stack as stack,
    tile as tile,
    unstack as unstack,
)
from skflow.graph.functions.linalg import (
    cholesky as cholesky,
    cholesky_solve as cholesky_solve,
    matmul as matmul,
    matrix_determinant as matrix_determinant,
    matrix_inverse as matrix_inverse,
    matrix_solve as matrix_solve,
    matrix_solve_ls as matrix_solve_ls,
    matrix_triangular_solve as matrix_triangular_solve,
    qr as qr,
    self_adjoint_eig as self_adjoint_eig,
    self_adjoint_eigvals as self_adjoint_eigvals,
    svd as svd,
    trace as trace,
)
from skflow.graph.functions.loops import (
    while_loop as while_loop,
)
from skflow.graph.functions.norms import (
    norm as norm,
)
from skflow.graph.functions.numerics import (
    add_check_numerics_ops as add_check_numerics_ops,
    check_numerics as check_numerics,
    is_finite as is_finite,
    is_inf as is_inf,
    is_nan as is_nan,
    is_non_decreasing as is_non_decreasing,
    is_numeric_tensor as is_numeric_tensor,
    is_strictly_increasing as is_strictly_increasing,
    verify_tensor_all_finite as verify_tensor_all_finite,
)
from skflow.graph.functions.order import (
    group as group,
    no_op as no_op,
    tuple as tuple,
)
from skflow.graph.functions.placeholders import (
    identity as identity,
    placeholder as placeholder,
    placeholder_with_default as placeholder_with_default,
    stop_gradient as stop_gradient,
)
from skflow.graph.functions.py_func import (
    py_func as py_func,
)
from skflow.graph.functions.random import (
    get_seed as get_seed,
    multinomial as multinomial,
    random_normal as random_normal,
    random_shuffle as random_shuffle,
    random_uniform as random_uniform,
    set_random_seed as set_random_seed,
    truncated_normal as truncated_normal,
)
from skflow.graph.functions.reduction import (
    arg_max as arg_max,
    arg_min as arg_min,
    argmax as argmax,
    argmin as argmin,
    count_nonzero as count_nonzero,
    reduce_all as reduce_all,
    reduce_any as reduce_any,
    reduce_logsumexp as reduce_logsumexp,
    reduce_max as reduce_max,
    reduce_mean as reduce_mean,
    reduce_min as reduce_min,
    reduce_prod as reduce_prod,
    reduce_sum as reduce_sum,
)
from skflow.graph.functions.scan import (
    bincount as bincount,
    cumprod as cumprod,
    cumsum as cumsum,
)
from skflow.graph.functions.segment import (
    segment_max as segment_max,
    segment_mean as segment_mean,
    segment_min as segment_min,
    segment_prod as segment_prod,
    segment_sum as segment_sum,
    unsorted_segment_max as unsorted_segment_max,
    unsorted_segment_sum as unsorted_segment_sum,
)
from skflow.graph.functions.shapes import (
    broadcast_dynamic_shape as broadcast_dynamic_shape,
    broadcast_static_shape as broadcast_static_shape,
    expand_dims as expand_dims,
    invert_permutation as invert_permutation,
    matrix_transpose as matrix_transpose,
    rank as rank,
    reshape as reshape,
    shape as shape,
    shape_n as shape_n,
    size as size,
    squeeze as squeeze,
    transpose as transpose,
)
from skflow.graph.functions.slicing import (
    newaxis as newaxis,
    slice as slice,
    strided_slice as strided_slice,
)
from skflow.graph.functions.sparse import (
    sparse_matmul as sparse_matmul,
    sparse_placeholder as sparse_placeholder,
    sparse_reduce_sum as sparse_reduce_sum,
    sparse_reorder as sparse_reorder,
    sparse_segment_mean as sparse_segment_mean,
    sparse_segment_sqrt_n as sparse_segment_sqrt_n,
    sparse_segment_sum as sparse_segment_sum,
    sparse_tensor_dense_matmul as sparse_tensor_dense_matmul,
    sparse_tensor_to_dense as sparse_tensor_to_dense,
    sparse_to_dense as sparse_to_dense,
)
from skflow.graph.functions.special import (
    betainc as betainc,
    digamma as digamma,
    erf as erf,
    erfc as erfc,
    igamma as igamma,
    igammac as igammac,
    lgamma as lgamma,
    polygamma as polygamma,
    zeta as zeta,
)
from skflow.graph.functions.state import (
    assign as assign,
    assign_add as assign_add,
    assign_sub as assign_sub,
    count_up_to as count_up_to,
    scatter_add as scatter_add,
    scatter_div as scatter_div,
    scatter_mul as scatter_mul,
    scatter_nd_add as scatter_nd_add,
    scatter_nd_sub as scatter_nd_sub,
    scatter_nd_update as scatter_nd_update,
    scatter_sub as scatter_sub,
    scatter_update as scatter_update,
)
from skflow.graph.gradients import (
    AggregationMethod as AggregationMethod,
    NoGradient as NoGradient,
    NotDifferentiable as NotDifferentiable,
    RegisterGradient as RegisterGradient,
    gradients as gradients,
    hessians as hessians,
)
from skflow.graph.initializers import (
    constant_initializer as constant_initializer,
    glorot_normal_initializer as glorot_normal_initializer,
    glorot_uniform_initializer as glorot_uniform_initializer,
    ones_initializer as ones_initializer,
    orthogonal_initializer as orthogonal_initializer,
    random_normal_initializer as random_normal_initializer,
    random_uniform_initializer as random_uniform_initializer,
    truncated_normal_initializer as truncated_normal_initializer,
    uniform_unit_scaling_initializer as uniform_unit_scaling_initializer,
    variance_scaling_initializer as variance_scaling_initializer,
    zeros_initializer as zeros_initializer,
)
from skflow.graph.nodes import (
    Operation as Operation,
    Tensor as Tensor,
)
from skflow.graph.partitioned import (
    fixed_size_partitioner as fixed_size_partitioner,
    min_max_variable_partitioner as min_max_variable_partitioner,
    variable_axis_size_partitioner as variable_axis_size_partitioner,
)
from skflow.graph.scopes import (
    colocate_with as colocate_with,
    container as container,
    control_dependencies as control_dependencies,
    device as device,
    name_scope as name_scope,
)
from skflow.graph.serialize import (
    graph_util as graph_util,
    import_graph_def as import_graph_def,
)
from skflow.graph.shapes import (
    Dimension as Dimension,
    TensorShape as TensorShape,
)
from skflow.graph.sparse_types import (
    IndexedSlices as IndexedSlices,
    SparseTensor as SparseTensor,
    SparseTensorValue as SparseTensorValue,
    convert_to_tensor_or_indexed_slices as convert_to_tensor_or_indexed_slices,
    convert_to_tensor_or_sparse_tensor as convert_to_tensor_or_sparse_tensor,
)
from skflow.graph.stacks import (
    get_default_session as get_default_session,
)
from skflow.graph.variable_scope import (
    VariableScope as VariableScope,
    get_variable as get_variable,
    get_variable_scope as get_variable_scope,
    no_regularizer as no_regularizer,
    variable_op_scope as variable_op_scope,
    variable_scope as variable_scope,
)
from skflow.graph.variable_sets import (
    all_variables as all_variables,
    assert_variables_initialized as assert_variables_initialized,
    global_variables as global_variables,
    global_variables_initializer as global_variables_initializer,
    initialize_all_variables as initialize_all_variables,
    initialize_local_variables as initialize_local_variables,
    initialize_variables as initialize_variables,
    is_variable_initialized as is_variable_initialized,
    local_variables as local_variables,
    local_variables_initializer as local_variables_initializer,
    model_variables as model_variables,
    moving_average_variables as moving_average_variables,
    report_uninitialized_variables as report_uninitialized_variables,
    trainable_variables as trainable_variables,
    variables_initializer as variables_initializer,
)
from skflow.graph.variable_store import (
    AUTO_REUSE as AUTO_REUSE,
)
from skflow.graph.variables import (
    Variable as Variable,
)
from skflow.nn import losses as losses
from skflow.proto import (
    ConfigProto as ConfigProto,
    Event as Event,
    GPUOptions as GPUOptions,
    GraphDef as GraphDef,
    GraphOptions as GraphOptions,
    HistogramProto as HistogramProto,
    LogMessage as LogMessage,
    NodeDef as NodeDef,
    OptimizerOptions as OptimizerOptions,
    RunMetadata as RunMetadata,
    RunOptions as RunOptions,
    SessionLog as SessionLog,
    Summary as Summary,
)
from skflow.runtime.jit.hot import wait_until_compiled as wait_until_compiled
from skflow.runtime.session import (
    InteractiveSession as InteractiveSession,
    Session as Session,
)
from skflow.versions import (
    GRAPH_DEF_VERSION as GRAPH_DEF_VERSION,
    GRAPH_DEF_VERSION_MIN_CONSUMER as GRAPH_DEF_VERSION_MIN_CONSUMER,
    GRAPH_DEF_VERSION_MIN_PRODUCER as GRAPH_DEF_VERSION_MIN_PRODUCER,
    VERSION as VERSION,
)

__version__: _Final[str]
bool: _Final[DType]
