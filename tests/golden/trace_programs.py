"""Small programs that are traced, and what TensorFlow 1.1.0 reports of them.

    python trace_programs.py > traces.json      # with TensorFlow 1.1.0

traces.json, which is kept packed, lists for each program the `RunMetadata` of a traced run in
base 64, and the Chrome traces that TensorFlow's timeline makes of it. The statistics called
"devices" were written by hand; they show what one processor alone never does.
"""
import base64
import json
import sys

import numpy as np


def net(tf):
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    y = tf.placeholder(tf.float32, [None], name="y")
    w = tf.Variable(np.ones((4, 3), np.float32), name="w")
    b = tf.Variable(np.zeros(3, np.float32), name="b")
    h = tf.nn.relu(tf.matmul(x, w) + b, name="h")
    loss = tf.reduce_mean(tf.square(tf.reduce_sum(h, 1) - y), name="loss")
    step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    return [loss, step], {x: np.ones((5, 4)), y: np.zeros(5)}


def parts(tf):
    x = tf.placeholder(tf.float64, [6], name="x")
    a, _, c = tf.split(x, 3, name="parts")
    noise = tf.random_normal([2], seed=1, dtype=tf.float64, name="noise")
    values, places = tf.nn.top_k(tf.concat([a, c], 0) + 1.0, 2, name="best")
    return [values + noise, places], {x: np.arange(6.0)}


def counter(tf):
    v = tf.Variable(tf.zeros([4]), name="v")
    with tf.control_dependencies([v.assign_add([1.0, 1.0, 1.0, 1.0])]):
        return [v.read_value() * 2.0, tf.py_func(np.tanh, [v], tf.float32, name="call")], {}


PROGRAMS = {p.__name__: p for p in (net, parts, counter)}


def metadata(tf, program):
    """The report of a run of what a program builds, on one thread."""
    with tf.Graph().as_default():
        fetches, feeds = program(tf)
        options = tf.RunOptions(
            trace_level=tf.RunOptions.FULL_TRACE, output_partition_graphs=True
        )
        found = tf.RunMetadata()
        config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
        with tf.Session(config=config) as session:
            session.run(tf.global_variables_initializer())
            session.run(fetches, feeds, options=options, run_metadata=found)
    return found


def devices(tf):
    """Steps on several devices, at the same time, with copies between them."""
    found = tf.RunMetadata()
    for device in ("/cpu:0", "/gpu:0", "/gpu:0/stream:all", "/gpu:0/memcpy"):
        stats = found.step_stats.dev_stats.add(device=device)
        nodes = [
            ("a", "a = MatMul(x, y)", 100, 50, [40, 0]),
            ("b", "b = Add(a, a:1, nowhere/_7)", 120, 0, [8]),
            ("c/d", "c/d = Concat(a/_3, b, ^a)", 150, 20, []),
            ("RecvTensor", "", 151, 9, [16]),
            ("odd", "no label", 200, 3, [4]),
            ("a", "a = MatMul(x, y)", 210, 5, [400]),
        ]
        for name, label, start, took, outputs in nodes:
            ending = ":Kernel" if "gpu:0/" in device and name != "odd" else ""
            node = stats.node_stats.add(
                node_name=name + ending, timeline_label=label, all_start_micros=start,
                all_end_rel_micros=took,
            )
            for slot, nbytes in enumerate(outputs):
                tensor = node.output.add(slot=slot).tensor_description
                tensor.dtype = 1
                tensor.shape.dim.add(size=nbytes // 4)
                memory = tensor.allocation_description
                memory.requested_bytes, memory.allocator_name = nbytes, device.split("/")[1]
    return found


def main():
    import tensorflow as tf
    from tensorflow.python.client import timeline

    reports = {name: metadata(tf, program) for name, program in PROGRAMS.items()}
    reports["devices"] = devices(tf)
    found = {}
    for name, report in reports.items():
        traces = []
        for flow in (False, True):
            for memory in (False, True):
                made = timeline.Timeline(tf.RunMetadata.FromString(report.SerializeToString()).step_stats)
                text = made.generate_chrome_trace_format(flow, memory)
                most = {k: [m.timestamp, m.num_bytes, sorted(m.tensors)]
                        for k, m in made._allocator_maximums.items()}
                traces.append({"flow": flow, "memory": memory, "text": text, "most": most})
        data = base64.b64encode(report.SerializeToString()).decode()
        found[name] = {"run_metadata": data, "traces": traces}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
