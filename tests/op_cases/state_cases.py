"""Operations on variables: none fits a row of the table, as they take references."""

from __future__ import annotations

from typing import Final

from tests.op_cases.case import Case, Elsewhere

_STATE: Final = "tests/graph/ops/test_state.py"
_TRAINING: Final = "tests/graph/ops/test_training.py"
_REFERENCE: Final = "it takes a variable's reference"
_DECLARES: Final = "it declares a variable"
_GOLDEN: Final = "it changes variables; compared with TensorFlow 1.1.0's own results"

_STATE_TESTS: Final = {
    "IsVariableInitialized": "test_is_variable_initialized",
    "Assign": "test_assign",
    "AssignAdd": "test_assign_add_in_every_type",
    "AssignSub": "test_assign",
    "CountUpTo": "test_count_up_to",
    "ScatterUpdate": "test_scatter_is_a_loop_over_rows",
    "ScatterAdd": "test_scatter_is_a_loop_over_rows",
    "ScatterSub": "test_scatter_is_a_loop_over_rows",
    "ScatterMul": "test_scatter_is_a_loop_over_rows",
    "ScatterDiv": "test_scatter_is_a_loop_over_rows",
    "ScatterNdUpdate": "test_scatter_nd_is_a_loop_over_slices",
    "ScatterNdAdd": "test_scatter_nd_is_a_loop_over_slices",
    "ScatterNdSub": "test_scatter_nd_is_a_loop_over_slices",
}
_UPDATES: Final = (
    "Momentum",
    "Adagrad",
    "Adadelta",
    "RMSProp",
    "CenteredRMSProp",
    "Ftrl",
    "ProximalGradientDescent",
    "ProximalAdagrad",
    "AdagradDA",
)

CASES: list[Case | Elsewhere] = [
    Elsewhere("VariableV2", f"{_STATE}::test_variable_keeps_its_value_in_a_session", _DECLARES),
    Elsewhere("Variable", f"{_STATE}::test_variable_declares_shape_and_reference", _DECLARES),
    *(Elsewhere(op, f"{_STATE}::{test}", _REFERENCE) for op, test in _STATE_TESTS.items()),
    *(
        Elsewhere(op, f"{_TRAINING}::test_update_equals_tensorflows", _GOLDEN)
        for op in (
            "ApplyGradientDescent",
            "ApplyAdam",
            *(f"Apply{name}" for name in _UPDATES),
            *(f"SparseApply{name}" for name in _UPDATES),
        )
    ),
    *(
        Elsewhere(op, f"{_TRAINING}::test_shrinkage_is_a_penalty_on_the_loss_alone", _REFERENCE)
        for op in ("ApplyFtrlV2", "SparseApplyFtrlV2")
    ),
]
