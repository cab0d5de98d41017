"""Runs one LiteRT (.tflite) model on the processor."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from kinesight.domain.errors import ModelUnusable
from kinesight.vision.litert_graph import (
    IDENTIFIER,
    Shape,
    keep_class,
    keep_outputs,
    packed,
    shape_of,
    tensors_of_shape,
    unpacked,
)

_CHATTER = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU."

_starting = threading.Lock()


class OneClass(NamedTuple):
    """Of an output of this shape, whose last axis are classes, only this class is wanted: it has the shape (…, 1) then."""

    output_shape: Shape
    number: int


class LiteRtSession:
    """A loaded model with one input. More calls at once than there are copies wait, because an interpreter holds state.

    Parameters
    ----------
    path
        The .tflite file.
    input_shape
        What the model's single input must look like.
    output_shapes
        The wanted outputs, in the order in which `run` returns them; by shape, as names differ between exports of one model.
        What is no output of the model may also be a value inside it, if no other value there has this shape.
        Operators that only the other outputs need are left out: a mask that nobody reads costs BlazePose full much of its time.
    threads
        Threads of one inference, 1 or more.
    copies
        Inferences that can run at once, each on so many threads.
    only
        The one class that is wanted of one of the outputs; all if not given.

    Raises
    ------
    ModelUnusable
        The file is no LiteRT model, or one with other inputs or outputs.
    """

    def __init__(
        self,
        path: Path,
        *,
        input_shape: Shape,
        output_shapes: tuple[Shape, ...],
        threads: int,
        copies: int = 1,
        only: OneClass | None = None,
    ) -> None:
        content, shapes = _prepared(path, input_shape, output_shapes, only)
        self._free: SimpleQueue[Interpreter] = SimpleQueue()
        try:
            with _quiet_start():
                for _ in range(copies):
                    interpreter = Interpreter(model_content=content, num_threads=threads)
                    interpreter.allocate_tensors()
                    self._free.put(interpreter)
        except (ValueError, RuntimeError) as error:
            raise ModelUnusable(f"{path.name} cannot be run by LiteRT: {error}") from error
        index = {tuple(detail["shape"]): detail["index"] for detail in interpreter.get_output_details()}
        self._input = interpreter.get_input_details()[0]["index"]
        self._outputs = tuple(index[shape] for shape in shapes)

    def run(self, picture: NDArray[np.generic]) -> tuple[NDArray[np.float32], ...]:
        """Return the wanted outputs, copied, for one input of the declared shape and type."""
        interpreter = self._free.get()
        try:
            interpreter.set_tensor(self._input, picture)
            interpreter.invoke()
            return tuple(interpreter.get_tensor(index) for index in self._outputs)
        finally:
            self._free.put(interpreter)


def _prepared(
    path: Path, input_shape: Shape, output_shapes: tuple[Shape, ...], only: OneClass | None
) -> tuple[bytes, tuple[Shape, ...]]:
    """Return the file of the model without what is not wanted, and the shapes of the wanted outputs in it."""
    content = path.read_bytes()
    if content[4:8] != IDENTIFIER:
        raise ModelUnusable(f"{path.name} is no LiteRT model")
    model = unpacked(content)
    graph = model.subgraphs[0]
    inputs = [shape_of(graph, tensor) for tensor in graph.inputs]
    outputs = [shape_of(graph, tensor) for tensor in graph.outputs]
    if inputs != [input_shape]:
        raise ModelUnusable(f"{path.name} has inputs {inputs}, expected one input {input_shape}")
    found = [tensors_of_shape(graph, shape) for shape in output_shapes]
    if any(len(tensors) != 1 for tensors in found):
        raise ModelUnusable(f"{path.name} has outputs {outputs}, expected {list(output_shapes)} among them, once each")
    wanted = [tensors[0] for tensors in found]
    is_changed = only is not None or set(wanted) != set(graph.outputs)
    if set(wanted) != set(graph.outputs):
        keep_outputs(model, wanted)
    if only is not None:
        keep_class(model, wanted[output_shapes.index(only.output_shape)], classes=only.output_shape[-1], number=only.number)
    return packed(model) if is_changed else content, tuple(shape_of(graph, tensor) for tensor in wanted)


@contextmanager
def _quiet_start() -> Iterator[None]:
    """Keep the one line off standard error that the native library writes at its first start.

    It has no switch for that, and standard error belongs to the user of the command line. Whatever else is written is passed on.
    """
    with _starting, tempfile.TemporaryFile() as held:
        kept = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            for line in held:
                if line.rstrip() != _CHATTER:
                    os.write(2, line)
