"""Summaries, event files and TensorBoard: `tf.summary`."""

from skflow.graph.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "proto": "Event SessionLog Summary SummaryDescription TaggedRunMetadata",
        "summary.file_writer": "FileWriter FileWriterCache",
        "summary.functions": (
            "audio get_summary_description histogram image merge merge_all scalar "
            "tensor_summary text"
        ),
    },
)
