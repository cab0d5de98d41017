"""Leaves out of a .tflite graph what nobody asks for: outputs, and classes. What is left answers the same numbers."""

from __future__ import annotations

from copy import copy
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert.schema_py_generated import BuiltinOperator, ModelT, TensorType
from numpy.typing import NDArray

from kinesight.domain.errors import ModelUnusable

Shape = tuple[int, ...]

IDENTIFIER = b"TFL3"
"""Bytes 4 to 8 of every .tflite file (TensorFlow Lite schema, version 3)."""

_EACH_BY_ITSELF = {BuiltinOperator.LOGISTIC, BuiltinOperator.DEQUANTIZE, BuiltinOperator.CONCATENATION}
"""Operators that keep the classes apart; the graphs that we know concatenate places, not classes."""

_NUMBERS = {TensorType.INT8: np.int8, TensorType.INT32: np.int32}


def shape_of(graph: Any, tensor: int) -> Shape:
    """Return the shape of a value of the graph."""
    return tuple(int(side) for side in graph.tensors[tensor].shape)


def tensors_of_shape(graph: Any, shape: Shape) -> list[int]:
    """Return the outputs of this shape; where there are none, the values of this shape that operators hand on."""
    outputs = [int(tensor) for tensor in graph.outputs if shape_of(graph, tensor) == shape]
    handed_on = (int(tensor) for operator in graph.operators for tensor in operator.outputs)
    return outputs or [tensor for tensor in handed_on if shape_of(graph, tensor) == shape]


def keep_outputs(model: Any, wanted: list[int]) -> None:
    """Leave the model with these outputs only, and only the operators that lead to them."""
    graph = model.subgraphs[0]
    graph.outputs = np.array(wanted, dtype=np.int32)
    maker = _makers(graph)
    needed: set[int] = set()
    tensors = list(graph.outputs)
    while tensors:
        number = maker.get(tensors.pop())
        if number is not None and number not in needed:
            needed.add(number)
            tensors.extend(graph.operators[number].inputs)
    graph.operators = [operator for number, operator in enumerate(graph.operators) if number in needed]


def keep_class(model: Any, output: int, *, classes: int, number: int) -> None:
    """Leave one class in an output whose last axis are the classes, back to the convolutions that make them.

    Parameters
    ----------
    model
        The graph as objects; changed in place.
    output
        The value with one number per class, (…, classes); it will be (…, 1).
    classes, number
        How many classes there are, and which of them is kept.

    Raises
    ------
    ModelUnusable
        Something else than sigmoids, reshapes and convolutions makes the classes.
    """
    graph = model.subgraphs[0]
    maker = _makers(graph)
    waiting = [output]
    weights: set[int] = set()
    shapes: set[int] = set()
    while waiting:
        tensor = waiting.pop()
        operator = graph.operators[maker[tensor]] if tensor in maker else None
        kind = None if operator is None else _kind(model, operator)
        shape = shape_of(graph, tensor)
        if operator is not None and kind == BuiltinOperator.CONV_2D and shape[-1] % classes == 0:
            weights.update(int(one) for one in operator.inputs[1:])
        elif operator is not None and kind == BuiltinOperator.RESHAPE and shape[-1] == classes:
            shapes.add(int(operator.inputs[1]))
            waiting.append(int(operator.inputs[0]))
        elif operator is not None and kind in _EACH_BY_ITSELF and shape[-1] == classes:
            waiting.extend(int(one) for one in operator.inputs)
        else:
            raise ModelUnusable(f"The model makes its {classes} classes in a way that is not known here; fetch the model again")
        graph.tensors[tensor].shape = np.array([*shape[:-1], shape[-1] // classes], dtype=np.int32)
    for tensor in shapes:
        _put(model, tensor, np.array([*_values(model, tensor)[:-1], 1], dtype=np.int32))
    for tensor in weights:
        _keep_rows(model, tensor, every=classes, first=number)


def packed(model: Any) -> bytes:
    """Return the file of a changed model; weights stay as they are."""
    # both name outputs that may be gone
    model.signatureDefs = None
    model.metadata = None
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def unpacked(content: bytes) -> Any:
    """Return the graph of a file as objects."""
    return ModelT.InitFromPackedBuf(content, 0)


def _makers(graph: Any) -> dict[int, int]:
    """Return which operator makes each value."""
    return {int(tensor): number for number, operator in enumerate(graph.operators) for tensor in operator.outputs}


def _kind(model: Any, operator: Any) -> int:
    code = model.operatorCodes[operator.opcodeIndex]
    return max(int(code.builtinCode), int(code.deprecatedBuiltinCode))


def _values(model: Any, tensor: int) -> NDArray[np.generic]:
    """Return the constant values of a tensor. Raises `ModelUnusable` where it has none, or of another type."""
    graph = model.subgraphs[0]
    one = graph.tensors[tensor]
    data, kind = model.buffers[one.buffer].data, _NUMBERS.get(one.type)
    if data is None or kind is None:
        raise ModelUnusable("The weights of the model's classes are not kept as whole numbers; fetch the model again")
    return np.asarray(data, dtype=np.uint8).view(kind).reshape(shape_of(graph, tensor))


def _put(model: Any, tensor: int, values: NDArray[np.generic]) -> None:
    """Give a tensor constant values of its own; its former ones may be others' too."""
    one = model.subgraphs[0].tensors[tensor]
    buffer = copy(model.buffers[one.buffer])
    buffer.data = np.ascontiguousarray(values).reshape(-1).view(np.uint8)
    model.buffers.append(buffer)
    one.buffer, one.shape = len(model.buffers) - 1, np.array(values.shape, dtype=np.int32)


def _keep_rows(model: Any, tensor: int, *, every: int, first: int) -> None:
    """Keep of a weight or a bias each so manieth row of its first axis, with its steps of quantisation."""
    values = _values(model, tensor)
    _put(model, tensor, values[first::every])
    steps = model.subgraphs[0].tensors[tensor].quantization = copy(model.subgraphs[0].tensors[tensor].quantization)
    for name in ("scale", "zeroPoint"):
        known = getattr(steps, name)
        if known is not None and len(known) == len(values):
            setattr(steps, name, known[first::every].copy())
