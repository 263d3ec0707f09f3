"""What a traced run did, as TensorFlow's `RunMetadata`: step statistics and the graph that ran."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from skflow.graph.core import Graph
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.serialize.libraries import add_used_functions
from skflow.runtime.effects import needed_operations
from skflow.runtime.tracing import Output, Record, Recorder, received_name, sent_name

DEVICE: Final = "/job:localhost/replica:0/task:0/cpu:0"
_ALLOCATOR: Final = "cpu"
_NANOS: Final = 1000  # in a microsecond
_THREADS: Final = 1 << 32


def is_traced(options: Any) -> bool:
    """Whether `RunOptions` ask for the times of steps; every level above none is the full one."""
    return options is not None and options.trace_level > 0


def wants_graph(options: Any) -> bool:
    """Whether `RunOptions` ask for the graph that is run."""
    return options is not None and bool(options.output_partition_graphs)


def check_messages(options: Any, run_metadata: Any) -> None:
    """Raise TensorFlow's error for what is no message, before anything has run."""
    if options is not None:
        _ = options.SerializeToString
    if run_metadata is not None:
        _ = run_metadata.ParseFromString


# ---- step statistics ----------------------------------------------------------------------


def add_step_stats(run_metadata: Any, recorder: Recorder) -> None:
    """Write down what a run has done, steps in the order in which they began.

    Parameters
    ----------
    run_metadata : RunMetadata
        The message that is added to.
    recorder : Recorder
        What was noted.
    """
    device = run_metadata.step_stats.dev_stats.add(device=DEVICE)
    # A loop begins before the steps of its body, and ends after them.
    for record in sorted(recorder.records, key=lambda r: (r.begin, -r.end)):
        _add_record(device.node_stats.add(), record, recorder.thread)


def _add_record(stats: Any, record: Record, thread: int) -> None:
    start, end = record.begin // _NANOS, record.end // _NANOS
    took = record.end - record.begin
    stats.node_name = record.name
    stats.timeline_label = record.label
    stats.thread_id = thread % _THREADS
    stats.scheduled_micros = record.ready // _NANOS
    stats.all_start_micros = start
    stats.op_end_rel_micros = stats.all_end_rel_micros = end - start
    # Many a step is shorter than a microsecond.
    stats.scheduled_nanos, stats.all_start_nanos = record.ready, record.begin
    stats.op_end_rel_nanos = stats.all_end_rel_nanos = took
    stats.memory.add(allocator_name=_ALLOCATOR, total_bytes=record.own)
    stats.memory_stats.SetInParent()
    for output in record.outputs:
        _describe(stats.output.add(slot=output.slot).tensor_description, output)


def _describe(tensor: Any, output: Output) -> None:
    tensor.dtype = output.number
    tensor.shape.SetInParent()
    for size in output.shape:
        tensor.shape.dim.add(size=size)
    allocation = tensor.allocation_description
    allocation.requested_bytes = output.nbytes
    allocation.allocator_name = _ALLOCATOR
    allocation.ptr = output.address


# ---- the graph that was run -----------------------------------------------------------------


def add_partition_graph(
    run_metadata: Any, graph: Graph, fetches: Sequence[Tensor | Operation], feeds: Sequence[Tensor]
) -> None:
    """Write down what of a graph some fetches need, before anything is compiled away.

    As in TensorFlow, nodes ``_recv_...`` stand for what is fed, and ``_send_...`` for what is
    fetched.

    Parameters
    ----------
    run_metadata : RunMetadata
        The message that is added to.
    graph : Graph
        The session's graph.
    fetches : sequence of Tensor or Operation
        What is computed.
    feeds : sequence of Tensor
        What is given.
    """
    whole = graph.as_graph_def()
    part = run_metadata.partition_graphs.add()
    part.versions.CopyFrom(whole.versions)
    fed = dict.fromkeys(feeds)
    targets = [f.op if isinstance(f, Tensor) else f for f in fetches if f not in fed]
    needed = {op.name for op in needed_operations(targets, fed)}
    names = {t._as_node_def_input(): received_name(t) for t in feeds}
    for tensor in feeds:
        _add_receiver(part, tensor)
    for node in whole.node:
        if node.name in needed:
            kept = part.node.add()
            kept.CopyFrom(node)
            kept.device = DEVICE
            kept.input[:] = _rewired(node.input, names, needed)
    for fetch in fetches:
        if isinstance(fetch, Tensor):
            _add_sender(part, fetch, names)
    add_used_functions(part, whole.library)


def _rewired(inputs: Sequence[str], names: dict[str, str], needed: set[str]) -> list[str]:
    """The inputs of a node with what is fed in place; it waits for nothing that does not run."""
    found = [names.get(name, name) for name in inputs]
    return [name for name in found if name[0] != "^" or name[1:] in needed]


def _add_receiver(part: Any, tensor: Tensor) -> None:
    node = part.node.add(name=received_name(tensor), op="_Recv", device=DEVICE)
    node.attr["tensor_type"].type = tensor.dtype.base_dtype.as_datatype_enum
    _add_way(node, tensor)


def _add_sender(part: Any, tensor: Tensor, names: dict[str, str]) -> None:
    node = part.node.add(name=sent_name(tensor), op="_Send", device=DEVICE)
    source = tensor._as_node_def_input()
    node.input.append(names.get(source, source))
    node.attr["T"].type = tensor.dtype.base_dtype.as_datatype_enum
    _add_way(node, tensor)


def _add_way(node: Any, tensor: Tensor) -> None:
    node.attr["tensor_name"].s = tensor.name.encode()
    node.attr["send_device"].s = node.attr["recv_device"].s = DEVICE.encode()
    node.attr["send_device_incarnation"].i = 1
    node.attr["client_terminated"].b = True
