"""NumPy functions inside compiled CPU programs, called by name through XLA's foreign functions.

A program with a `jax.pure_callback` holds a pointer into this process, so JAX's compilation cache
never keeps it: each start would compile every program with native physics anew. A foreign function
is held by its name alone. The structures below mirror `xla/ffi/api/c_api.h`, which jaxlib ships.
"""

import ctypes
import math
import traceback
from collections.abc import Callable, Sequence

import jax
import numpy as np

HostFunction = Callable[[list[np.ndarray], list[np.ndarray]], None]

_API_VERSION = (0, 3)
_METADATA_EXTENSION = 1
_INTERNAL_ERROR = 13
_DTYPES = {  # XLA_FFI_DataType
    1: np.dtype(np.bool_),
    4: np.dtype(np.int32),
    11: np.dtype(np.float32),
    12: np.dtype(np.float64),
}
_registered: dict[str, tuple] = {}  # by name; keeps the C callbacks alive


class _Extension(ctypes.Structure):
    pass


_Extension._fields_ = [
    ("struct_size", ctypes.c_size_t),
    ("type", ctypes.c_int),
    ("next", ctypes.POINTER(_Extension)),
]


class _ApiVersion(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("extension_start", ctypes.c_void_p),
        ("major_version", ctypes.c_int),
        ("minor_version", ctypes.c_int),
    ]


class _Metadata(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("api_version", _ApiVersion)]  # traits: zero


class _MetadataExtension(ctypes.Structure):
    _fields_ = [("base", _Extension), ("metadata", ctypes.POINTER(_Metadata))]


class _ErrorCreateArgs(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("extension_start", ctypes.c_void_p),
        ("message", ctypes.c_char_p),
        ("code", ctypes.c_int),
    ]


_ErrorCreate = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(_ErrorCreateArgs))


class _Api(ctypes.Structure):  # its first function is all that we need
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("extension_start", ctypes.c_void_p),
        ("api_version", _ApiVersion),
        ("internal_api", ctypes.c_void_p),
        ("error_create", _ErrorCreate),
    ]


class _Buffer(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("extension_start", ctypes.c_void_p),
        ("dtype", ctypes.c_int),
        ("data", ctypes.c_void_p),
        ("rank", ctypes.c_int64),
        ("dims", ctypes.POINTER(ctypes.c_int64)),
    ]

    def array(self) -> np.ndarray:
        """A view of the buffer, without a copy."""
        shape, dtype = tuple(self.dims[: self.rank]), _DTYPES[self.dtype]
        size = math.prod(shape) * dtype.itemsize
        if size == 0:
            return np.empty(shape, dtype)
        return np.ndarray(shape, dtype, (ctypes.c_char * size).from_address(self.data))


class _Buffers(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("extension_start", ctypes.c_void_p),
        ("size", ctypes.c_int64),
        ("types", ctypes.c_void_p),
        ("buffers", ctypes.POINTER(ctypes.POINTER(_Buffer))),
    ]

    def arrays(self) -> list[np.ndarray]:
        return [self.buffers[i].contents.array() for i in range(self.size)]


class _CallFrame(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("extension_start", ctypes.POINTER(_Extension)),
        ("api", ctypes.POINTER(_Api)),
        ("context", ctypes.c_void_p),
        ("stage", ctypes.c_int),
        ("arguments", _Buffers),
        ("results", _Buffers),
    ]


_Handler = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(_CallFrame))


def register(name: str, function: HostFunction) -> None:
    """Gives `function` a name for compiled programs. A name stands for one function for good.

    Args:
      name: the same in every process that does the same thing, different where it does not: a
        program from the compilation cache calls whatever bears the name now.
      function: given the arguments and the results as lists of NumPy arrays, views that it must
        not keep, it reads the first and fills the second. It must not call JAX, which can deadlock
        there.
    """
    if name in _registered:
        return
    handler = _Handler(_handler(function))
    capsule = jax.ffi.pycapsule(ctypes.cast(handler, ctypes.c_void_p).value)
    jax.ffi.register_ffi_target(name, capsule, platform="cpu")
    _registered[name] = (handler, function)


def call(
    name: str, results: Sequence[jax.ShapeDtypeStruct], *arguments: jax.Array
) -> list[jax.Array]:
    """The registered function's results; under `jax.vmap` one call serves the whole batch.

    On another platform than the CPU the function is called back through the host.
    """

    def foreign(*arguments):
        return jax.ffi.ffi_call(name, results, vmap_method="broadcast_all")(*arguments)

    def callback(*arguments):
        function, rank = _registered[name][1], arguments[0].ndim

        def run(*values):
            leading = values[0].shape[: values[0].ndim - rank]
            filled = [np.empty((*leading, *result.shape), result.dtype) for result in results]
            function([np.asarray(value) for value in values], filled)
            return filled

        return jax.pure_callback(run, results, *arguments, vmap_method="broadcast_all")

    return list(jax.lax.platform_dependent(*arguments, cpu=foreign, default=callback))


def _handler(function: HostFunction):
    def handle(frame_pointer):
        frame = frame_pointer.contents
        extension = frame.extension_start
        if extension and extension.contents.type == _METADATA_EXTENSION:
            return _answer_metadata(extension)
        try:
            function(frame.arguments.arrays(), frame.results.arrays())
        except Exception:
            return _error(frame, traceback.format_exc())
        return None

    return handle


def _answer_metadata(extension) -> None:
    metadata = ctypes.cast(extension, ctypes.POINTER(_MetadataExtension)).contents.metadata
    version = metadata.contents.api_version
    version.major_version, version.minor_version = _API_VERSION


def _error(frame: _CallFrame, message: str) -> int:
    arguments = _ErrorCreateArgs(
        ctypes.sizeof(_ErrorCreateArgs), None, message.encode(), _INTERNAL_ERROR
    )
    return frame.api.contents.error_create(ctypes.byref(arguments))
