"""Runs one LiteRT (.tflite) model on the processor; the only module that imports LiteRT."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.schema_py_generated import ModelT
from numpy.typing import NDArray

from kinesight.domain.errors import ModelUnusable

Shape = tuple[int, ...]

_IDENTIFIER = b"TFL3"
"""Bytes 4 to 8 of every .tflite file (TensorFlow Lite schema, version 3)."""

_CHATTER = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU."

_starting = threading.Lock()


class LiteRtSession:
    """A loaded model with one input. Calls from several threads wait for each other, because an interpreter holds state.

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

    Raises
    ------
    ModelUnusable
        The file is no LiteRT model, or one with other inputs or outputs.
    """

    def __init__(self, path: Path, *, input_shape: Shape, output_shapes: tuple[Shape, ...], threads: int) -> None:
        content = path.read_bytes()
        if content[4:8] != _IDENTIFIER:
            raise ModelUnusable(f"{path.name} is no LiteRT model")
        model = ModelT.InitFromPackedBuf(content, 0)
        graph = model.subgraphs[0]
        inputs = [_shape_of(graph, tensor) for tensor in graph.inputs]
        outputs = [_shape_of(graph, tensor) for tensor in graph.outputs]
        if inputs != [input_shape]:
            raise ModelUnusable(f"{path.name} has inputs {inputs}, expected one input {input_shape}")
        wanted = [_tensors_of_shape(graph, shape) for shape in output_shapes]
        if any(len(found) != 1 for found in wanted):
            raise ModelUnusable(f"{path.name} has outputs {outputs}, expected {list(output_shapes)} among them, once each")
        if {found[0] for found in wanted} != set(graph.outputs):
            content = _with_outputs(model, [found[0] for found in wanted])
        try:
            with _quiet_start():
                self._interpreter = Interpreter(model_content=content, num_threads=threads)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelUnusable(f"{path.name} cannot be run by LiteRT: {error}") from error
        index = {tuple(detail["shape"]): detail["index"] for detail in self._interpreter.get_output_details()}
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = tuple(index[shape] for shape in output_shapes)
        self._lock = threading.Lock()

    def run(self, picture: NDArray[np.generic]) -> tuple[NDArray[np.float32], ...]:
        """Return the wanted outputs, copied, for one input of the declared shape and type."""
        with self._lock:
            self._interpreter.set_tensor(self._input, picture)
            self._interpreter.invoke()
            return tuple(self._interpreter.get_tensor(index) for index in self._outputs)


def _shape_of(graph: Any, tensor: int) -> Shape:
    return tuple(int(side) for side in graph.tensors[tensor].shape)


def _tensors_of_shape(graph: Any, shape: Shape) -> list[int]:
    """Return the outputs of this shape; where there are none, the values of this shape that operators hand on."""
    outputs = [int(tensor) for tensor in graph.outputs if _shape_of(graph, tensor) == shape]
    handed_on = (int(tensor) for operator in graph.operators for tensor in operator.outputs)
    return outputs or [tensor for tensor in handed_on if _shape_of(graph, tensor) == shape]


def _with_outputs(model: Any, wanted: list[int]) -> bytes:
    """Return the model with these outputs only, and only the operators that lead to them; weights stay as they are."""
    graph = model.subgraphs[0]
    graph.outputs = np.array(wanted, dtype=np.int32)
    maker = {tensor: number for number, operator in enumerate(graph.operators) for tensor in operator.outputs}
    needed: set[int] = set()
    tensors = list(graph.outputs)
    while tensors:
        number = maker.get(tensors.pop())
        if number is not None and number not in needed:
            needed.add(number)
            tensors.extend(graph.operators[number].inputs)
    graph.operators = [operator for number, operator in enumerate(graph.operators) if number in needed]
    # both name outputs that are gone
    model.signatureDefs = None
    model.metadata = None
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())


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
