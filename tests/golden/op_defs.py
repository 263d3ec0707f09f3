"""The declarations of TensorFlow's operations.

    python op_defs.py > op_defs.binpb          # under TensorFlow 1.1.0: all that it has
    python op_defs.py >> op_defs.binpb         # under TensorFlow 2.21: those that came later
    gzip -9n op_defs.binpb

op_defs.binpb.gz is one OpList without descriptions: messages of one class that are written one
after the other are read as one.
"""
import sys

import tensorflow as tf

LATER = (
    "AddV2",
    "ApplyFtrlV2",
    "BatchMatMulV2",
    "BroadcastTo",
    "ClipByValue",
    "ConjugateTranspose",
    "DenseBincount",
    "DivNoNan",
    "Einsum",
    "GatherV2",
    "If",
    "InTopKV2",
    "MatrixDiagPartV3",
    "MatrixDiagV3",
    "MatrixSetDiagV3",
    "ParallelDynamicStitch",
    "SelectV2",
    "SparseApplyFtrlV2",
    "SparseSegmentMeanGradV2",
    "SparseSegmentSqrtNGradV2",
    "SparseSegmentSumGrad",
    "SparseSegmentSumGradV2",
    "StatelessIf",
    "StatelessWhile",
    "TensorSummaryV2",
    "While",
)


def main():
    from tensorflow.core.framework.op_def_pb2 import OpList

    if tf.__version__.startswith("1."):
        from tensorflow.python.framework import op_def_registry

        known = op_def_registry.get_registered_ops()
        names = sorted(known)
    else:
        from tensorflow.python.client import pywrap_tf_session as session

        every = OpList.FromString(session.TF_GetBuffer(session.TF_GetAllOpList()))
        known = {op.name: op for op in every.op}
        names = LATER
    sys.stdout.buffer.write(OpList(op=[known[name] for name in names]).SerializeToString())


if __name__ == "__main__":
    main()
