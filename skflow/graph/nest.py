"""Nested lists and tuples: flattened to their leaves and packed again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


def is_sequence(value: Any) -> bool:
    """Whether `value` has leaves of its own: a list, tuple or other sequence, but no text."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _leaves(structure: Any) -> Iterator[Any]:
    for item in structure:
        if is_sequence(item):
            yield from _leaves(item)
        else:
            yield item


def flatten(structure: Any) -> list[Any]:
    """Return the leaves of a structure in order.

    Parameters
    ----------
    structure : object
        A nesting of sequences, or anything else, which is a leaf itself.

    Returns
    -------
    list
    """
    return list(_leaves(structure)) if is_sequence(structure) else [structure]


def _like(instance: Any, items: list[Any]) -> Any:
    """`items` in a sequence of the type of `instance`."""
    kind = type(instance)
    return kind(*items) if hasattr(instance, "_fields") else kind(items)


def _packed(structure: Any, leaves: Iterator[Any]) -> Any:
    if not is_sequence(structure):
        return next(leaves)
    return _like(structure, [_packed(item, leaves) for item in structure])


def pack_sequence_as(structure: Any, flat_sequence: Any) -> Any:
    """Put leaves into the nesting of a structure.

    Parameters
    ----------
    structure : object
        The nesting to copy.
    flat_sequence : sequence
        As many leaves as it has.

    Returns
    -------
    object
        A structure of the same types.

    Raises
    ------
    TypeError
        If `flat_sequence` is not a sequence.
    ValueError
        If the number of leaves differs.
    """
    if not is_sequence(flat_sequence):
        raise TypeError("flat_sequence must be a sequence")
    count = len(flatten(structure))
    if not is_sequence(structure) and len(flat_sequence) != 1:
        raise ValueError(
            f"Structure is a scalar but len(flat_sequence) == {len(flat_sequence)} > 1"
        )
    if count != len(flat_sequence):
        raise ValueError(
            f"Could not pack sequence. Structure had {count} elements, but flat_sequence had "
            f"{len(flat_sequence)} elements.  Structure: {structure}, flat_sequence: "
            f"{flat_sequence}."
        )
    return _packed(structure, iter(flat_sequence))


def assert_same_structure(nest1: Any, nest2: Any) -> None:
    """Check that two structures are nested in the same way.

    Parameters
    ----------
    nest1, nest2 : object
        The structures.

    Raises
    ------
    ValueError
        If the numbers of leaves or the nestings differ.
    TypeError
        If sequences in the same place are of different types.
    """
    if len(flatten(nest1)) != len(flatten(nest2)):
        raise ValueError(
            "The two structures don't have the same number of elements. First structure: "
            f"{nest1}, second structure: {nest2}."
        )
    _check_nesting(nest1, nest2)


def _check_nesting(nest1: Any, nest2: Any) -> None:
    if is_sequence(nest1) != is_sequence(nest2):
        raise ValueError(
            "The two structures don't have the same nested structure. First structure: "
            f"{nest1}, second structure: {nest2}."
        )
    if not is_sequence(nest1):
        return
    if type(nest1) is not type(nest2):
        raise TypeError(
            "The two structures don't have the same sequence type. First structure has type "
            f"{type(nest1)}, while second structure has type {type(nest2)}."
        )
    for one, other in zip(nest1, nest2, strict=False):
        _check_nesting(one, other)
