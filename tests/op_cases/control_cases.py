"""Operations that a table cannot hold: bodies, random numbers, side effects."""

from __future__ import annotations

from tests.op_cases.case import Elsewhere

_BODY = "takes bodies, which are graphs"
_RANDOM = "draws from a stream kept in the session"
_EFFECT = "is run for its side effect"


def _row(op: str, file: str, test: str, why: str) -> Elsewhere:
    return Elsewhere(op, f"tests/graph/ops/test_{file}.py::{test}", why)


CASES = [
    _row("NoOp", "control", "test_a_no_op_runs_what_it_waits_for", "computes nothing"),
    _row("_Arg", "control", "test_an_argument_has_no_value_of_its_own", "is always given a value"),
    _row("If", "control", "test_a_gradient_sees_the_random_numbers_of_its_run", _BODY),
    _row("StatelessIf", "control", "test_gradients_of_any_order", _BODY),
    _row("While", "loops", "test_a_gradient_runs_no_side_effect_again", _BODY),
    _row("StatelessWhile", "loops", "test_gradients_equal_differences", _BODY),
    _row("SymbolicGradient", "loops", "test_the_gradient_is_an_operation_tensorflow_knows", _BODY),
    _row("PyFunc", "py_func", "test_values", "calls a function of the user's"),
    _row("PyFuncStateless", "py_func", "test_values", "calls a function of the user's"),
    _row("Print", "debug", "test_print", _EFFECT),
    _row("Assert", "debug", "test_assert", _EFFECT),
    _row("RandomUniform", "random", "test_streams_are_those_of_their_seeds", _RANDOM),
    _row("RandomUniformInt", "random", "test_whole_types", _RANDOM),
    _row("RandomStandardNormal", "random", "test_real_types", _RANDOM),
    _row("TruncatedNormal", "random", "test_real_types", _RANDOM),
    _row("RandomShuffle", "random", "test_shuffling_moves_rows_whole_and_takes_any_type", _RANDOM),
    _row("Multinomial", "random", "test_classes_come_as_often_as_they_should", _RANDOM),
]
