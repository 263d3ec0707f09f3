"""The second tier: hot plans' steps are compiled by Numba into kernels that take no lock.

One way leads through it. `choice` finds the steps of a plan that can be compiled; `partition`
gathers them in `regions` of `statements` (`elements` with their `expressions`, `products`, `sums`,
`softmax` and `variables`); `source` writes a region down as a module; `child` has it compiled by a
process of its own (`compiler`, over `support` and `linking`), or `cache` finds it on disk; `loader`
brings it into this process (`mapping`); `fused` calls it in the place of the steps; and `hot` is
the queue of all this.

A kernel computes what the steps in NumPy compute, bit by bit: by the same functions of BLAS on the
same parts of matrices, NumPy's own loops of exponentials and logarithms, and the same order of
additions. So it makes no difference to any result when a kernel is ready, or whether it ever is.
"""
