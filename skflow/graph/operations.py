"""Which module declares an operation: it is imported when the operation is first asked for."""

from __future__ import annotations

from typing import Final

HOMES: Final = {
    "graph.ops.activations": (
        "Elu EluGrad Relu Relu6 Relu6Grad ReluGrad Softplus SoftplusGrad Softsign SoftsignGrad"
    ),
    "graph.ops.bias": "BiasAdd BiasAddGrad BiasAddV1",
    "graph.ops.broadcasting": "BroadcastGradientArgs",
    "graph.ops.casting": "Bitcast Cast",
    "graph.ops.comparison": (
        "Equal Greater GreaterEqual Less LessEqual LogicalAnd LogicalNot LogicalOr NotEqual"
    ),
    "graph.ops.complex": "Complex ComplexAbs Conj Imag Real",
    "graph.ops.control": "If StatelessIf _Arg",
    "graph.ops.debug": "Assert Print",
    "graph.ops.decomposition": "Cholesky CholeskyGrad Qr SelfAdjointEigV2 Svd",
    "graph.ops.diagonal": "Diag DiagPart MatrixBandPart MatrixDiag MatrixDiagPart MatrixSetDiag",
    "graph.ops.division": "Div FloorDiv FloorMod Mod RealDiv TruncateDiv TruncateMod",
    "graph.ops.fft": "FFT FFT2D FFT3D IFFT IFFT2D IFFT3D",
    "graph.ops.filling": "Fill ZerosLike",
    "graph.ops.gather": "Gather GatherNd OneHot ScatterNd Select Where",
    "graph.ops.identity": (
        "Identity NoOp Placeholder PlaceholderV2 PlaceholderWithDefault PreventGradient "
        "RefIdentity StopGradient"
    ),
    "graph.ops.joining": "Concat ConcatV2 Pack Split SplitV Unpack",
    "graph.ops.later": "AddV2 BroadcastTo ClipByValue DivNoNan GatherV2 SelectV2",
    "graph.ops.later_diagonals": "MatrixDiagPartV3 MatrixDiagV3 MatrixSetDiagV3",
    "graph.ops.later_einsum": "Einsum",
    "graph.ops.list_diff": "ListDiff",
    "graph.ops.loops": "StatelessWhile SymbolicGradient While",
    "graph.ops.losses": (
        "L2Loss LogSoftmax Softmax SoftmaxCrossEntropyWithLogits "
        "SparseSoftmaxCrossEntropyWithLogits"
    ),
    "graph.ops.math": (
        "Abs Add AddN Cross Maximum Minimum Mul Neg Sign Square SquaredDifference Sub"
    ),
    "graph.ops.matmul": "BatchMatMul BatchMatMulV2 MatMul",
    "graph.ops.matrix": (
        "MatrixDeterminant MatrixInverse MatrixSolve MatrixSolveLs MatrixTriangularSolve"
    ),
    "graph.ops.numerics": "CheckNumerics IsFinite IsInf IsNan",
    "graph.ops.padding": (
        "MirrorPad MirrorPadGrad Pad Reverse ReverseSequence ReverseV2 Tile TileGrad"
    ),
    "graph.ops.partition": (
        "DynamicPartition DynamicStitch ParallelDynamicStitch Unique UniqueWithCounts"
    ),
    "graph.ops.powers": "Pow Reciprocal ReciprocalGrad Rsqrt RsqrtGrad Sqrt SqrtGrad",
    "graph.ops.py_func": "PyFunc PyFuncStateless",
    "graph.ops.random": (
        "Multinomial RandomShuffle RandomStandardNormal RandomUniform RandomUniformInt "
        "TruncatedNormal"
    ),
    "graph.ops.ranges": "LinSpace Range",
    "graph.ops.reduction": "All Any ArgMax ArgMin Max Mean Min Prod Sum",
    "graph.ops.rounding": "Ceil Floor Rint Round",
    "graph.ops.scan": "Cumprod Cumsum",
    "graph.ops.segment": (
        "Bincount DenseBincount SegmentMax SegmentMean SegmentMin SegmentProd SegmentSum "
        "UnsortedSegmentMax UnsortedSegmentSum"
    ),
    "graph.ops.shape": (
        "BroadcastArgs ConcatOffset ConjugateTranspose ExpandDims InvertPermutation Rank "
        "Reshape Shape ShapeN Size Squeeze Transpose"
    ),
    "graph.ops.slicing": "Slice StridedSlice StridedSliceAssign StridedSliceGrad",
    "graph.ops.sparse": "SparseReduceSum SparseReorder SparseToDense",
    "graph.ops.sparse_cwise": "SparseDenseCwiseAdd SparseDenseCwiseDiv SparseDenseCwiseMul",
    "graph.ops.sparse_products": "SparseMatMul SparseTensorDenseMatMul",
    "graph.ops.sparse_segments": (
        "SparseSegmentMean SparseSegmentMeanGrad SparseSegmentMeanGradV2 SparseSegmentSqrtN "
        "SparseSegmentSqrtNGrad SparseSegmentSqrtNGradV2 SparseSegmentSum SparseSegmentSumGrad "
        "SparseSegmentSumGradV2"
    ),
    "graph.ops.special": "Betainc Digamma Erf Erfc Igamma Igammac Lgamma Polygamma Zeta",
    "graph.ops.state": (
        "Assign AssignAdd AssignSub CountUpTo IsVariableInitialized ScatterAdd ScatterDiv "
        "ScatterMul ScatterNdAdd ScatterNdSub ScatterNdUpdate ScatterSub ScatterUpdate Variable "
        "VariableV2"
    ),
    "graph.ops.strings": "StringJoin",
    "graph.ops.top_k": "InTopK InTopKV2 TopKV2",
    "graph.ops.training": (
        "ApplyAdadelta ApplyAdagrad ApplyAdagradDA ApplyAdam ApplyCenteredRMSProp ApplyFtrl "
        "ApplyFtrlV2 ApplyGradientDescent ApplyMomentum ApplyProximalAdagrad "
        "ApplyProximalGradientDescent ApplyRMSProp SparseApplyAdadelta SparseApplyAdagrad "
        "SparseApplyAdagradDA SparseApplyCenteredRMSProp SparseApplyFtrl SparseApplyFtrlV2 "
        "SparseApplyMomentum SparseApplyProximalAdagrad SparseApplyProximalGradientDescent "
        "SparseApplyRMSProp"
    ),
    "graph.ops.transcendental": (
        "Acos Asin Atan Cos Exp Expm1 Log Log1p Sigmoid SigmoidGrad Sin Tan Tanh TanhGrad"
    ),
    "summary.ops": (
        "AudioSummary AudioSummaryV2 HistogramSummary ImageSummary MergeSummary ScalarSummary "
        "TensorSummary TensorSummaryV2"
    ),
    "train.saver_ops": (
        "MergeV2Checkpoints Restore RestoreSlice RestoreV2 Save SaveSlices SaveV2 "
        "ShardedFilename ShardedFilespec"
    ),
}
"""For each module, the types of operations it declares; `tests/graph/test_lazy.py` compares."""
