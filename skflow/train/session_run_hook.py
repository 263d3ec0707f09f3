"""Hooks: what a training loop calls before and after each run of its session."""

from __future__ import annotations

from typing import Any, NamedTuple


class SessionRunArgs(NamedTuple):
    """What a hook adds to a run.

    Attributes
    ----------
    fetches : Tensor, Operation, str, or list, tuple or dict of them
        What to compute, as `Session.run` takes it.
    feed_dict : dict, optional
        Values to feed.
    options : RunOptions, optional
        Options of the run.
    """

    fetches: Any
    feed_dict: Any = None
    options: Any = None


class SessionRunValues(NamedTuple):
    """What a run has given to a hook.

    Attributes
    ----------
    results : object
        The values of what the hook fetched, in the same structure.
    options : RunOptions
        The run's options.
    run_metadata : RunMetadata
        What the run reports about itself.
    """

    results: Any
    options: Any
    run_metadata: Any


class SessionRunContext:
    """The run that hooks are called for.

    Parameters
    ----------
    original_args : SessionRunArgs
        What the program itself asked of the run.
    session : Session
        The session.
    """

    def __init__(self, original_args: Any, session: Any) -> None:
        self._original_args = original_args
        self._session = session
        self._stop_requested = False

    @property
    def original_args(self) -> Any:
        """What the program itself asked of the run."""
        return self._original_args

    @property
    def session(self) -> Any:
        """The session that runs."""
        return self._session

    @property
    def stop_requested(self) -> bool:
        """Whether a hook wants the loop to end."""
        return self._stop_requested

    def request_stop(self) -> None:
        """Ask the loop to end after this run."""
        self._stop_requested = True


class SessionRunHook:
    """What a training loop calls; all methods do nothing unless a subclass says otherwise.

    Source: the behaviour of TensorFlow 1.1.0.
    """

    def begin(self) -> None:
        """Be told that the loop begins: the last moment to add to the default graph."""

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Be told of a new session.

        Parameters
        ----------
        session : Session
            The session.
        coord : object
            What coordinates the loop's threads, or None.
        """

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Be asked what to add to a run.

        Parameters
        ----------
        run_context : SessionRunContext
            The run.

        Returns
        -------
        SessionRunArgs or None
            What to compute and feed beside what the program asks for.
        """

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Be given what was asked for.

        Parameters
        ----------
        run_context : SessionRunContext
            The run.
        run_values : SessionRunValues
            The results of what `before_run` returned.
        """

    def end(self, session: Any) -> None:
        """Be told that the loop ends without an error, while the session is still open.

        Parameters
        ----------
        session : Session
            The session.
        """
