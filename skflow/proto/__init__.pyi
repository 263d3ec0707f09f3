# The messages of `skflow.proto`. Written by `python -m skflow.proto.build`: do not edit.

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any as _Any, ClassVar, Generic, Self, TypeVar, overload

_K = TypeVar("_K")
_M = TypeVar("_M", bound=Message)

class DecodeError(Exception): ...

class Message:
    DESCRIPTOR: ClassVar[_Any]
    @classmethod
    def FromString(cls, s: bytes) -> Self: ...
    def ParseFromString(self, serialized: bytes) -> int: ...
    def MergeFromString(self, serialized: bytes) -> int: ...
    def SerializeToString(self, *, deterministic: bool = ...) -> bytes: ...
    def SerializePartialToString(self, *, deterministic: bool = ...) -> bytes: ...
    def ByteSize(self) -> int: ...
    def CopyFrom(self, other_msg: Self) -> None: ...
    def MergeFrom(self, msg: Self) -> None: ...
    def Clear(self) -> None: ...
    def ClearField(self, field_name: str) -> None: ...
    def HasField(self, field_name: str) -> bool: ...
    def WhichOneof(self, oneof_group: str) -> str | None: ...
    def ListFields(self) -> list[tuple[_Any, _Any]]: ...
    def DiscardUnknownFields(self) -> None: ...
    def SetInParent(self) -> None: ...

class EnumType:
    DESCRIPTOR: _Any
    def Name(self, number: int) -> str: ...
    def Value(self, name: str) -> int: ...
    def keys(self) -> list[str]: ...
    def values(self) -> list[int]: ...
    def items(self) -> list[tuple[str, int]]: ...

class RepeatedMessage(Sequence[_M], Generic[_M]):
    @overload
    def __getitem__(self, index: int) -> _M: ...
    @overload
    def __getitem__(self, index: slice) -> list[_M]: ...
    def __len__(self) -> int: ...
    def __delitem__(self, key: int | slice) -> None: ...
    def add(self, **kwargs: _Any) -> _M: ...
    def append(self, value: _M) -> None: ...
    def extend(self, elem_seq: Iterable[_M]) -> None: ...
    def insert(self, key: int, value: _M) -> None: ...
    def pop(self, key: int = ...) -> _M: ...
    def remove(self, elem: _M) -> None: ...

class MessageMap(Mapping[_K, _M], Generic[_K, _M]):
    def __getitem__(self, key: _K) -> _M: ...
    def __delitem__(self, key: _K) -> None: ...
    def __iter__(self) -> Iterator[_K]: ...
    def __len__(self) -> int: ...
    def clear(self) -> None: ...
    def get_or_create(self, key: _K) -> _M: ...

class Any(Message):
    type_url: str
    value: bytes
    def __init__(self, *, type_url: str = ..., value: bytes = ...) -> None: ...
    def Pack(self, msg: Message, type_url_prefix: str = ...) -> None: ...
    def Unpack(self, msg: Message) -> bool: ...
    def Is(self, descriptor: _Any) -> bool: ...
    def TypeName(self) -> str: ...

class JobDef(Message):
    name: str
    @property
    def tasks(self) -> MutableMapping[int, str]: ...
    def __init__(self, *, name: str = ..., tasks: Mapping[int, str] = ...) -> None: ...

class ClusterDef(Message):
    @property
    def job(self) -> RepeatedMessage[JobDef]: ...
    def __init__(self, *, job: Iterable[JobDef] = ...) -> None: ...

class _Code(EnumType):
    OK: int
    CANCELLED: int
    UNKNOWN: int
    INVALID_ARGUMENT: int
    DEADLINE_EXCEEDED: int
    NOT_FOUND: int
    ALREADY_EXISTS: int
    PERMISSION_DENIED: int
    RESOURCE_EXHAUSTED: int
    FAILED_PRECONDITION: int
    ABORTED: int
    OUT_OF_RANGE: int
    UNIMPLEMENTED: int
    INTERNAL: int
    UNAVAILABLE: int
    DATA_LOSS: int
    UNAUTHENTICATED: int
    DO_NOT_USE_RESERVED_FOR_FUTURE_EXPANSION_USE_DEFAULT_IN_SWITCH_INSTEAD_: int

Code: _Code

class BytesList(Message):
    @property
    def value(self) -> MutableSequence[bytes]: ...
    def __init__(self, *, value: Iterable[bytes] = ...) -> None: ...

class FloatList(Message):
    @property
    def value(self) -> MutableSequence[float]: ...
    def __init__(self, *, value: Iterable[float] = ...) -> None: ...

class Int64List(Message):
    @property
    def value(self) -> MutableSequence[int]: ...
    def __init__(self, *, value: Iterable[int] = ...) -> None: ...

class Feature(Message):
    @property
    def bytes_list(self) -> BytesList: ...
    @property
    def float_list(self) -> FloatList: ...
    @property
    def int64_list(self) -> Int64List: ...
    def __init__(
        self,
        *,
        bytes_list: BytesList | None = ...,
        float_list: FloatList | None = ...,
        int64_list: Int64List | None = ...,
    ) -> None: ...

class Features(Message):
    @property
    def feature(self) -> MessageMap[str, Feature]: ...
    def __init__(self, *, feature: Mapping[str, Feature] = ...) -> None: ...

class FeatureList(Message):
    @property
    def feature(self) -> RepeatedMessage[Feature]: ...
    def __init__(self, *, feature: Iterable[Feature] = ...) -> None: ...

class FeatureLists(Message):
    @property
    def feature_list(self) -> MessageMap[str, FeatureList]: ...
    def __init__(self, *, feature_list: Mapping[str, FeatureList] = ...) -> None: ...

class Example(Message):
    @property
    def features(self) -> Features: ...
    def __init__(self, *, features: Features | None = ...) -> None: ...

class SequenceExample(Message):
    @property
    def context(self) -> Features: ...
    @property
    def feature_lists(self) -> FeatureLists: ...
    def __init__(
        self,
        *,
        context: Features | None = ...,
        feature_lists: FeatureLists | None = ...,
    ) -> None: ...

class _DataType(EnumType):
    DT_INVALID: int
    DT_FLOAT: int
    DT_DOUBLE: int
    DT_INT32: int
    DT_UINT8: int
    DT_INT16: int
    DT_INT8: int
    DT_STRING: int
    DT_COMPLEX64: int
    DT_INT64: int
    DT_BOOL: int
    DT_QINT8: int
    DT_QUINT8: int
    DT_QINT32: int
    DT_BFLOAT16: int
    DT_QINT16: int
    DT_QUINT16: int
    DT_UINT16: int
    DT_COMPLEX128: int
    DT_HALF: int
    DT_RESOURCE: int
    DT_VARIANT: int
    DT_UINT32: int
    DT_UINT64: int
    DT_FLOAT8_E5M2: int
    DT_FLOAT8_E4M3FN: int
    DT_FLOAT8_E4M3FNUZ: int
    DT_FLOAT8_E4M3B11FNUZ: int
    DT_FLOAT8_E5M2FNUZ: int
    DT_INT4: int
    DT_UINT4: int
    DT_INT2: int
    DT_UINT2: int
    DT_FLOAT4_E2M1FN: int
    DT_FLOAT_REF: int
    DT_DOUBLE_REF: int
    DT_INT32_REF: int
    DT_UINT8_REF: int
    DT_INT16_REF: int
    DT_INT8_REF: int
    DT_STRING_REF: int
    DT_COMPLEX64_REF: int
    DT_INT64_REF: int
    DT_BOOL_REF: int
    DT_QINT8_REF: int
    DT_QUINT8_REF: int
    DT_QINT32_REF: int
    DT_BFLOAT16_REF: int
    DT_QINT16_REF: int
    DT_QUINT16_REF: int
    DT_UINT16_REF: int
    DT_COMPLEX128_REF: int
    DT_HALF_REF: int
    DT_RESOURCE_REF: int
    DT_VARIANT_REF: int
    DT_UINT32_REF: int
    DT_UINT64_REF: int
    DT_FLOAT8_E5M2_REF: int
    DT_FLOAT8_E4M3FN_REF: int
    DT_FLOAT8_E4M3FNUZ_REF: int
    DT_FLOAT8_E4M3B11FNUZ_REF: int
    DT_FLOAT8_E5M2FNUZ_REF: int
    DT_INT4_REF: int
    DT_UINT4_REF: int
    DT_INT2_REF: int
    DT_UINT2_REF: int
    DT_FLOAT4_E2M1FN_REF: int

DataType: _DataType

class TensorShapeProto(Message):
    class Dim(Message):
        size: int
        name: str
        def __init__(self, *, size: int = ..., name: str = ...) -> None: ...

    @property
    def dim(self) -> RepeatedMessage[TensorShapeProto.Dim]: ...
    unknown_rank: bool
    def __init__(
        self,
        *,
        dim: Iterable[TensorShapeProto.Dim] = ...,
        unknown_rank: bool = ...,
    ) -> None: ...

class ResourceHandle(Message):
    class DtypeAndShape(Message):
        dtype: int
        @property
        def shape(self) -> TensorShapeProto: ...
        def __init__(self, *, dtype: int = ..., shape: TensorShapeProto | None = ...) -> None: ...

    device: str
    container: str
    name: str
    hash_code: int
    maybe_type_name: str
    @property
    def dtypes_and_shapes(self) -> RepeatedMessage[ResourceHandle.DtypeAndShape]: ...
    def __init__(
        self,
        *,
        device: str = ...,
        container: str = ...,
        name: str = ...,
        hash_code: int = ...,
        maybe_type_name: str = ...,
        dtypes_and_shapes: Iterable[ResourceHandle.DtypeAndShape] = ...,
    ) -> None: ...

class VariantTensorDataProto(Message):
    type_name: str
    metadata: bytes
    @property
    def tensors(self) -> RepeatedMessage[TensorProto]: ...
    def __init__(
        self,
        *,
        type_name: str = ...,
        metadata: bytes = ...,
        tensors: Iterable[TensorProto] = ...,
    ) -> None: ...

class TensorProto(Message):
    dtype: int
    @property
    def tensor_shape(self) -> TensorShapeProto: ...
    version_number: int
    tensor_content: bytes
    @property
    def float_val(self) -> MutableSequence[float]: ...
    @property
    def double_val(self) -> MutableSequence[float]: ...
    @property
    def int_val(self) -> MutableSequence[int]: ...
    @property
    def string_val(self) -> MutableSequence[bytes]: ...
    @property
    def scomplex_val(self) -> MutableSequence[float]: ...
    @property
    def int64_val(self) -> MutableSequence[int]: ...
    @property
    def bool_val(self) -> MutableSequence[bool]: ...
    @property
    def dcomplex_val(self) -> MutableSequence[float]: ...
    @property
    def half_val(self) -> MutableSequence[int]: ...
    @property
    def resource_handle_val(self) -> RepeatedMessage[ResourceHandle]: ...
    @property
    def variant_val(self) -> RepeatedMessage[VariantTensorDataProto]: ...
    @property
    def uint32_val(self) -> MutableSequence[int]: ...
    @property
    def uint64_val(self) -> MutableSequence[int]: ...
    float8_val: bytes
    def __init__(
        self,
        *,
        dtype: int = ...,
        tensor_shape: TensorShapeProto | None = ...,
        version_number: int = ...,
        tensor_content: bytes = ...,
        float_val: Iterable[float] = ...,
        double_val: Iterable[float] = ...,
        int_val: Iterable[int] = ...,
        string_val: Iterable[bytes] = ...,
        scomplex_val: Iterable[float] = ...,
        int64_val: Iterable[int] = ...,
        bool_val: Iterable[bool] = ...,
        dcomplex_val: Iterable[float] = ...,
        half_val: Iterable[int] = ...,
        resource_handle_val: Iterable[ResourceHandle] = ...,
        variant_val: Iterable[VariantTensorDataProto] = ...,
        uint32_val: Iterable[int] = ...,
        uint64_val: Iterable[int] = ...,
        float8_val: bytes = ...,
    ) -> None: ...

class NamedTensorProto(Message):
    name: str
    @property
    def tensor(self) -> TensorProto: ...
    def __init__(self, *, name: str = ..., tensor: TensorProto | None = ...) -> None: ...

class TensorSliceProto(Message):
    class Extent(Message):
        start: int
        length: int
        def __init__(self, *, start: int = ..., length: int = ...) -> None: ...

    @property
    def extent(self) -> RepeatedMessage[TensorSliceProto.Extent]: ...
    def __init__(self, *, extent: Iterable[TensorSliceProto.Extent] = ...) -> None: ...

class AttrValue(Message):
    class ListValue(Message):
        @property
        def s(self) -> MutableSequence[bytes]: ...
        @property
        def i(self) -> MutableSequence[int]: ...
        @property
        def f(self) -> MutableSequence[float]: ...
        @property
        def b(self) -> MutableSequence[bool]: ...
        @property
        def type(self) -> MutableSequence[int]: ...
        @property
        def shape(self) -> RepeatedMessage[TensorShapeProto]: ...
        @property
        def tensor(self) -> RepeatedMessage[TensorProto]: ...
        @property
        def func(self) -> RepeatedMessage[NameAttrList]: ...
        def __init__(
            self,
            *,
            s: Iterable[bytes] = ...,
            i: Iterable[int] = ...,
            f: Iterable[float] = ...,
            b: Iterable[bool] = ...,
            type: Iterable[int] = ...,
            shape: Iterable[TensorShapeProto] = ...,
            tensor: Iterable[TensorProto] = ...,
            func: Iterable[NameAttrList] = ...,
        ) -> None: ...

    @property
    def list(self) -> AttrValue.ListValue: ...
    s: bytes
    i: int
    f: float
    b: bool
    type: int
    @property
    def shape(self) -> TensorShapeProto: ...
    @property
    def tensor(self) -> TensorProto: ...
    placeholder: str
    @property
    def func(self) -> NameAttrList: ...
    def __init__(
        self,
        *,
        list: AttrValue.ListValue | None = ...,
        s: bytes = ...,
        i: int = ...,
        f: float = ...,
        b: bool = ...,
        type: int = ...,
        shape: TensorShapeProto | None = ...,
        tensor: TensorProto | None = ...,
        placeholder: str = ...,
        func: NameAttrList | None = ...,
    ) -> None: ...

class NameAttrList(Message):
    name: str
    @property
    def attr(self) -> MessageMap[str, AttrValue]: ...
    def __init__(self, *, name: str = ..., attr: Mapping[str, AttrValue] = ...) -> None: ...

class NodeDef(Message):
    class ExperimentalDebugInfo(Message):
        @property
        def original_node_names(self) -> MutableSequence[str]: ...
        @property
        def original_func_names(self) -> MutableSequence[str]: ...
        def __init__(
            self,
            *,
            original_node_names: Iterable[str] = ...,
            original_func_names: Iterable[str] = ...,
        ) -> None: ...

    name: str
    op: str
    @property
    def input(self) -> MutableSequence[str]: ...
    device: str
    @property
    def attr(self) -> MessageMap[str, AttrValue]: ...
    @property
    def experimental_debug_info(self) -> NodeDef.ExperimentalDebugInfo: ...
    def __init__(
        self,
        *,
        name: str = ...,
        op: str = ...,
        input: Iterable[str] = ...,
        device: str = ...,
        attr: Mapping[str, AttrValue] = ...,
        experimental_debug_info: NodeDef.ExperimentalDebugInfo | None = ...,
    ) -> None: ...

class VersionDef(Message):
    producer: int
    min_consumer: int
    @property
    def bad_consumers(self) -> MutableSequence[int]: ...
    def __init__(
        self,
        *,
        producer: int = ...,
        min_consumer: int = ...,
        bad_consumers: Iterable[int] = ...,
    ) -> None: ...

class OpDef(Message):
    class ArgDef(Message):
        name: str
        description: str
        type: int
        type_attr: str
        number_attr: str
        type_list_attr: str
        @property
        def handle_data(self) -> RepeatedMessage[ResourceHandle.DtypeAndShape]: ...
        is_ref: bool
        def __init__(
            self,
            *,
            name: str = ...,
            description: str = ...,
            type: int = ...,
            type_attr: str = ...,
            number_attr: str = ...,
            type_list_attr: str = ...,
            handle_data: Iterable[ResourceHandle.DtypeAndShape] = ...,
            is_ref: bool = ...,
        ) -> None: ...

    class AttrDef(Message):
        name: str
        type: str
        @property
        def default_value(self) -> AttrValue: ...
        description: str
        has_minimum: bool
        minimum: int
        @property
        def allowed_values(self) -> AttrValue: ...
        def __init__(
            self,
            *,
            name: str = ...,
            type: str = ...,
            default_value: AttrValue | None = ...,
            description: str = ...,
            has_minimum: bool = ...,
            minimum: int = ...,
            allowed_values: AttrValue | None = ...,
        ) -> None: ...

    name: str
    @property
    def input_arg(self) -> RepeatedMessage[OpDef.ArgDef]: ...
    @property
    def output_arg(self) -> RepeatedMessage[OpDef.ArgDef]: ...
    @property
    def attr(self) -> RepeatedMessage[OpDef.AttrDef]: ...
    summary: str
    description: str
    @property
    def deprecation(self) -> OpDeprecation: ...
    is_aggregate: bool
    is_stateful: bool
    is_commutative: bool
    allows_uninitialized_input: bool
    @property
    def control_output(self) -> MutableSequence[str]: ...
    is_distributed_communication: bool
    def __init__(
        self,
        *,
        name: str = ...,
        input_arg: Iterable[OpDef.ArgDef] = ...,
        output_arg: Iterable[OpDef.ArgDef] = ...,
        attr: Iterable[OpDef.AttrDef] = ...,
        summary: str = ...,
        description: str = ...,
        deprecation: OpDeprecation | None = ...,
        is_aggregate: bool = ...,
        is_stateful: bool = ...,
        is_commutative: bool = ...,
        allows_uninitialized_input: bool = ...,
        control_output: Iterable[str] = ...,
        is_distributed_communication: bool = ...,
    ) -> None: ...

class OpDeprecation(Message):
    version: int
    explanation: str
    def __init__(self, *, version: int = ..., explanation: str = ...) -> None: ...

class OpList(Message):
    @property
    def op(self) -> RepeatedMessage[OpDef]: ...
    def __init__(self, *, op: Iterable[OpDef] = ...) -> None: ...

class FunctionDef(Message):
    class ArgAttrs(Message):
        @property
        def attr(self) -> MessageMap[str, AttrValue]: ...
        def __init__(self, *, attr: Mapping[str, AttrValue] = ...) -> None: ...

    @property
    def signature(self) -> OpDef: ...
    @property
    def node_def(self) -> RepeatedMessage[NodeDef]: ...
    @property
    def ret(self) -> MutableMapping[str, str]: ...
    @property
    def attr(self) -> MessageMap[str, AttrValue]: ...
    @property
    def control_ret(self) -> MutableMapping[str, str]: ...
    @property
    def arg_attr(self) -> MessageMap[int, FunctionDef.ArgAttrs]: ...
    @property
    def resource_arg_unique_id(self) -> MutableMapping[int, int]: ...
    def __init__(
        self,
        *,
        signature: OpDef | None = ...,
        node_def: Iterable[NodeDef] = ...,
        ret: Mapping[str, str] = ...,
        attr: Mapping[str, AttrValue] = ...,
        control_ret: Mapping[str, str] = ...,
        arg_attr: Mapping[int, FunctionDef.ArgAttrs] = ...,
        resource_arg_unique_id: Mapping[int, int] = ...,
    ) -> None: ...

class GradientDef(Message):
    function_name: str
    gradient_func: str
    def __init__(self, *, function_name: str = ..., gradient_func: str = ...) -> None: ...

class FunctionDefLibrary(Message):
    @property
    def function(self) -> RepeatedMessage[FunctionDef]: ...
    @property
    def gradient(self) -> RepeatedMessage[GradientDef]: ...
    def __init__(
        self,
        *,
        function: Iterable[FunctionDef] = ...,
        gradient: Iterable[GradientDef] = ...,
    ) -> None: ...

class GraphDef(Message):
    @property
    def node(self) -> RepeatedMessage[NodeDef]: ...
    @property
    def library(self) -> FunctionDefLibrary: ...
    version: int
    @property
    def versions(self) -> VersionDef: ...
    def __init__(
        self,
        *,
        node: Iterable[NodeDef] = ...,
        library: FunctionDefLibrary | None = ...,
        version: int = ...,
        versions: VersionDef | None = ...,
    ) -> None: ...

class DeviceLocality(Message):
    bus_id: int
    numa_node: int
    def __init__(self, *, bus_id: int = ..., numa_node: int = ...) -> None: ...

class DeviceAttributes(Message):
    name: str
    device_type: str
    memory_limit: int
    @property
    def locality(self) -> DeviceLocality: ...
    incarnation: int
    physical_device_desc: str
    def __init__(
        self,
        *,
        name: str = ...,
        device_type: str = ...,
        memory_limit: int = ...,
        locality: DeviceLocality | None = ...,
        incarnation: int = ...,
        physical_device_desc: str = ...,
    ) -> None: ...

class AllocationDescription(Message):
    requested_bytes: int
    allocated_bytes: int
    allocator_name: str
    allocation_id: int
    has_single_reference: bool
    ptr: int
    def __init__(
        self,
        *,
        requested_bytes: int = ...,
        allocated_bytes: int = ...,
        allocator_name: str = ...,
        allocation_id: int = ...,
        has_single_reference: bool = ...,
        ptr: int = ...,
    ) -> None: ...

class TensorDescription(Message):
    dtype: int
    @property
    def shape(self) -> TensorShapeProto: ...
    @property
    def allocation_description(self) -> AllocationDescription: ...
    def __init__(
        self,
        *,
        dtype: int = ...,
        shape: TensorShapeProto | None = ...,
        allocation_description: AllocationDescription | None = ...,
    ) -> None: ...

class AllocationRecord(Message):
    alloc_micros: int
    alloc_bytes: int
    def __init__(self, *, alloc_micros: int = ..., alloc_bytes: int = ...) -> None: ...

class AllocatorMemoryUsed(Message):
    allocator_name: str
    total_bytes: int
    peak_bytes: int
    live_bytes: int
    allocator_bytes_in_use: int
    @property
    def allocation_records(self) -> RepeatedMessage[AllocationRecord]: ...
    def __init__(
        self,
        *,
        allocator_name: str = ...,
        total_bytes: int = ...,
        peak_bytes: int = ...,
        live_bytes: int = ...,
        allocator_bytes_in_use: int = ...,
        allocation_records: Iterable[AllocationRecord] = ...,
    ) -> None: ...

class NodeOutput(Message):
    slot: int
    @property
    def tensor_description(self) -> TensorDescription: ...
    def __init__(
        self,
        *,
        slot: int = ...,
        tensor_description: TensorDescription | None = ...,
    ) -> None: ...

class MemoryStats(Message):
    host_temp_memory_size: int
    device_temp_memory_size: int
    host_persistent_memory_size: int
    device_persistent_memory_size: int
    @property
    def host_persistent_tensor_alloc_ids(self) -> MutableSequence[int]: ...
    @property
    def device_persistent_tensor_alloc_ids(self) -> MutableSequence[int]: ...
    def __init__(
        self,
        *,
        host_temp_memory_size: int = ...,
        device_temp_memory_size: int = ...,
        host_persistent_memory_size: int = ...,
        device_persistent_memory_size: int = ...,
        host_persistent_tensor_alloc_ids: Iterable[int] = ...,
        device_persistent_tensor_alloc_ids: Iterable[int] = ...,
    ) -> None: ...

class NodeExecStats(Message):
    node_name: str
    all_start_micros: int
    op_start_rel_micros: int
    op_end_rel_micros: int
    all_end_rel_micros: int
    @property
    def memory(self) -> RepeatedMessage[AllocatorMemoryUsed]: ...
    @property
    def output(self) -> RepeatedMessage[NodeOutput]: ...
    timeline_label: str
    scheduled_micros: int
    thread_id: int
    @property
    def referenced_tensor(self) -> RepeatedMessage[AllocationDescription]: ...
    @property
    def memory_stats(self) -> MemoryStats: ...
    all_start_nanos: int
    op_start_rel_nanos: int
    op_end_rel_nanos: int
    all_end_rel_nanos: int
    scheduled_nanos: int
    def __init__(
        self,
        *,
        node_name: str = ...,
        all_start_micros: int = ...,
        op_start_rel_micros: int = ...,
        op_end_rel_micros: int = ...,
        all_end_rel_micros: int = ...,
        memory: Iterable[AllocatorMemoryUsed] = ...,
        output: Iterable[NodeOutput] = ...,
        timeline_label: str = ...,
        scheduled_micros: int = ...,
        thread_id: int = ...,
        referenced_tensor: Iterable[AllocationDescription] = ...,
        memory_stats: MemoryStats | None = ...,
        all_start_nanos: int = ...,
        op_start_rel_nanos: int = ...,
        op_end_rel_nanos: int = ...,
        all_end_rel_nanos: int = ...,
        scheduled_nanos: int = ...,
    ) -> None: ...

class DeviceStepStats(Message):
    device: str
    @property
    def node_stats(self) -> RepeatedMessage[NodeExecStats]: ...
    @property
    def thread_names(self) -> MutableMapping[int, str]: ...
    def __init__(
        self,
        *,
        device: str = ...,
        node_stats: Iterable[NodeExecStats] = ...,
        thread_names: Mapping[int, str] = ...,
    ) -> None: ...

class StepStats(Message):
    @property
    def dev_stats(self) -> RepeatedMessage[DeviceStepStats]: ...
    def __init__(self, *, dev_stats: Iterable[DeviceStepStats] = ...) -> None: ...

class CostGraphDef(Message):
    class Node(Message):
        class InputInfo(Message):
            preceding_node: int
            preceding_port: int
            def __init__(self, *, preceding_node: int = ..., preceding_port: int = ...) -> None: ...

        class OutputInfo(Message):
            size: int
            alias_input_port: int
            @property
            def shape(self) -> TensorShapeProto: ...
            dtype: int
            def __init__(
                self,
                *,
                size: int = ...,
                alias_input_port: int = ...,
                shape: TensorShapeProto | None = ...,
                dtype: int = ...,
            ) -> None: ...

        name: str
        device: str
        id: int
        @property
        def input_info(self) -> RepeatedMessage[CostGraphDef.Node.InputInfo]: ...
        @property
        def output_info(self) -> RepeatedMessage[CostGraphDef.Node.OutputInfo]: ...
        temporary_memory_size: int
        is_final: bool
        @property
        def control_input(self) -> MutableSequence[int]: ...
        compute_cost: int
        host_temp_memory_size: int
        device_temp_memory_size: int
        host_persistent_memory_size: int
        compute_time: int
        memory_time: int
        device_persistent_memory_size: int
        inaccurate: bool
        def __init__(
            self,
            *,
            name: str = ...,
            device: str = ...,
            id: int = ...,
            input_info: Iterable[CostGraphDef.Node.InputInfo] = ...,
            output_info: Iterable[CostGraphDef.Node.OutputInfo] = ...,
            temporary_memory_size: int = ...,
            is_final: bool = ...,
            control_input: Iterable[int] = ...,
            compute_cost: int = ...,
            host_temp_memory_size: int = ...,
            device_temp_memory_size: int = ...,
            host_persistent_memory_size: int = ...,
            compute_time: int = ...,
            memory_time: int = ...,
            device_persistent_memory_size: int = ...,
            inaccurate: bool = ...,
        ) -> None: ...

    class AggregatedCost(Message):
        cost: float
        dimension: str
        def __init__(self, *, cost: float = ..., dimension: str = ...) -> None: ...

    @property
    def node(self) -> RepeatedMessage[CostGraphDef.Node]: ...
    @property
    def cost(self) -> RepeatedMessage[CostGraphDef.AggregatedCost]: ...
    def __init__(
        self,
        *,
        node: Iterable[CostGraphDef.Node] = ...,
        cost: Iterable[CostGraphDef.AggregatedCost] = ...,
    ) -> None: ...

class _DataClass(EnumType):
    DATA_CLASS_UNKNOWN: int
    DATA_CLASS_SCALAR: int
    DATA_CLASS_TENSOR: int
    DATA_CLASS_BLOB_SEQUENCE: int

DataClass: _DataClass

class SummaryDescription(Message):
    type_hint: str
    def __init__(self, *, type_hint: str = ...) -> None: ...

class HistogramProto(Message):
    min: float
    max: float
    num: float
    sum: float
    sum_squares: float
    @property
    def bucket_limit(self) -> MutableSequence[float]: ...
    @property
    def bucket(self) -> MutableSequence[float]: ...
    def __init__(
        self,
        *,
        min: float = ...,
        max: float = ...,
        num: float = ...,
        sum: float = ...,
        sum_squares: float = ...,
        bucket_limit: Iterable[float] = ...,
        bucket: Iterable[float] = ...,
    ) -> None: ...

class SummaryMetadata(Message):
    class PluginData(Message):
        plugin_name: str
        content: bytes
        def __init__(self, *, plugin_name: str = ..., content: bytes = ...) -> None: ...

    @property
    def plugin_data(self) -> SummaryMetadata.PluginData: ...
    display_name: str
    summary_description: str
    data_class: int
    def __init__(
        self,
        *,
        plugin_data: SummaryMetadata.PluginData | None = ...,
        display_name: str = ...,
        summary_description: str = ...,
        data_class: int = ...,
    ) -> None: ...

class Summary(Message):
    class Image(Message):
        height: int
        width: int
        colorspace: int
        encoded_image_string: bytes
        def __init__(
            self,
            *,
            height: int = ...,
            width: int = ...,
            colorspace: int = ...,
            encoded_image_string: bytes = ...,
        ) -> None: ...

    class Audio(Message):
        sample_rate: float
        num_channels: int
        length_frames: int
        encoded_audio_string: bytes
        content_type: str
        def __init__(
            self,
            *,
            sample_rate: float = ...,
            num_channels: int = ...,
            length_frames: int = ...,
            encoded_audio_string: bytes = ...,
            content_type: str = ...,
        ) -> None: ...

    class Value(Message):
        tag: str
        simple_value: float
        obsolete_old_style_histogram: bytes
        @property
        def image(self) -> Summary.Image: ...
        @property
        def histo(self) -> HistogramProto: ...
        @property
        def audio(self) -> Summary.Audio: ...
        @property
        def tensor(self) -> TensorProto: ...
        node_name: str
        @property
        def metadata(self) -> SummaryMetadata: ...
        def __init__(
            self,
            *,
            tag: str = ...,
            simple_value: float = ...,
            obsolete_old_style_histogram: bytes = ...,
            image: Summary.Image | None = ...,
            histo: HistogramProto | None = ...,
            audio: Summary.Audio | None = ...,
            tensor: TensorProto | None = ...,
            node_name: str = ...,
            metadata: SummaryMetadata | None = ...,
        ) -> None: ...

    @property
    def value(self) -> RepeatedMessage[Summary.Value]: ...
    def __init__(self, *, value: Iterable[Summary.Value] = ...) -> None: ...

class Event(Message):
    wall_time: float
    step: int
    file_version: str
    graph_def: bytes
    @property
    def summary(self) -> Summary: ...
    @property
    def log_message(self) -> LogMessage: ...
    @property
    def session_log(self) -> SessionLog: ...
    @property
    def tagged_run_metadata(self) -> TaggedRunMetadata: ...
    meta_graph_def: bytes
    @property
    def source_metadata(self) -> SourceMetadata: ...
    def __init__(
        self,
        *,
        wall_time: float = ...,
        step: int = ...,
        file_version: str = ...,
        graph_def: bytes = ...,
        summary: Summary | None = ...,
        log_message: LogMessage | None = ...,
        session_log: SessionLog | None = ...,
        tagged_run_metadata: TaggedRunMetadata | None = ...,
        meta_graph_def: bytes = ...,
        source_metadata: SourceMetadata | None = ...,
    ) -> None: ...

class SourceMetadata(Message):
    writer: str
    def __init__(self, *, writer: str = ...) -> None: ...

class LogMessage(Message):
    class _Level(EnumType):
        UNKNOWN: int
        DEBUGGING: int
        INFO: int
        WARN: int
        ERROR: int
        FATAL: int

    Level: ClassVar[_Level]
    UNKNOWN: ClassVar[int]
    DEBUGGING: ClassVar[int]
    INFO: ClassVar[int]
    WARN: ClassVar[int]
    ERROR: ClassVar[int]
    FATAL: ClassVar[int]

    level: int
    message: str
    def __init__(self, *, level: int = ..., message: str = ...) -> None: ...

class SessionLog(Message):
    class _SessionStatus(EnumType):
        STATUS_UNSPECIFIED: int
        START: int
        STOP: int
        CHECKPOINT: int

    SessionStatus: ClassVar[_SessionStatus]
    STATUS_UNSPECIFIED: ClassVar[int]
    START: ClassVar[int]
    STOP: ClassVar[int]
    CHECKPOINT: ClassVar[int]

    status: int
    checkpoint_path: str
    msg: str
    def __init__(
        self,
        *,
        status: int = ...,
        checkpoint_path: str = ...,
        msg: str = ...,
    ) -> None: ...

class TaggedRunMetadata(Message):
    tag: str
    run_metadata: bytes
    def __init__(self, *, tag: str = ..., run_metadata: bytes = ...) -> None: ...

class BundleHeaderProto(Message):
    class _Endianness(EnumType):
        LITTLE: int
        BIG: int

    Endianness: ClassVar[_Endianness]
    LITTLE: ClassVar[int]
    BIG: ClassVar[int]

    num_shards: int
    endianness: int
    @property
    def version(self) -> VersionDef: ...
    def __init__(
        self,
        *,
        num_shards: int = ...,
        endianness: int = ...,
        version: VersionDef | None = ...,
    ) -> None: ...

class BundleEntryProto(Message):
    dtype: int
    @property
    def shape(self) -> TensorShapeProto: ...
    shard_id: int
    offset: int
    size: int
    crc32c: int
    @property
    def slices(self) -> RepeatedMessage[TensorSliceProto]: ...
    def __init__(
        self,
        *,
        dtype: int = ...,
        shape: TensorShapeProto | None = ...,
        shard_id: int = ...,
        offset: int = ...,
        size: int = ...,
        crc32c: int = ...,
        slices: Iterable[TensorSliceProto] = ...,
    ) -> None: ...

class CheckpointState(Message):
    model_checkpoint_path: str
    @property
    def all_model_checkpoint_paths(self) -> MutableSequence[str]: ...
    @property
    def all_model_checkpoint_timestamps(self) -> MutableSequence[float]: ...
    last_preserved_timestamp: float
    def __init__(
        self,
        *,
        model_checkpoint_path: str = ...,
        all_model_checkpoint_paths: Iterable[str] = ...,
        all_model_checkpoint_timestamps: Iterable[float] = ...,
        last_preserved_timestamp: float = ...,
    ) -> None: ...

class SavedSliceMeta(Message):
    name: str
    @property
    def shape(self) -> TensorShapeProto: ...
    type: int
    @property
    def slice(self) -> RepeatedMessage[TensorSliceProto]: ...
    def __init__(
        self,
        *,
        name: str = ...,
        shape: TensorShapeProto | None = ...,
        type: int = ...,
        slice: Iterable[TensorSliceProto] = ...,
    ) -> None: ...

class SavedTensorSliceMeta(Message):
    @property
    def tensor(self) -> RepeatedMessage[SavedSliceMeta]: ...
    @property
    def versions(self) -> VersionDef: ...
    def __init__(
        self,
        *,
        tensor: Iterable[SavedSliceMeta] = ...,
        versions: VersionDef | None = ...,
    ) -> None: ...

class SavedSlice(Message):
    name: str
    @property
    def slice(self) -> TensorSliceProto: ...
    @property
    def data(self) -> TensorProto: ...
    def __init__(
        self,
        *,
        name: str = ...,
        slice: TensorSliceProto | None = ...,
        data: TensorProto | None = ...,
    ) -> None: ...

class SavedTensorSlices(Message):
    @property
    def meta(self) -> SavedTensorSliceMeta: ...
    @property
    def data(self) -> SavedSlice: ...
    def __init__(
        self,
        *,
        meta: SavedTensorSliceMeta | None = ...,
        data: SavedSlice | None = ...,
    ) -> None: ...

class GPUOptions(Message):
    per_process_gpu_memory_fraction: float
    allocator_type: str
    deferred_deletion_bytes: int
    allow_growth: bool
    visible_device_list: str
    polling_active_delay_usecs: int
    polling_inactive_delay_msecs: int
    force_gpu_compatible: bool
    def __init__(
        self,
        *,
        per_process_gpu_memory_fraction: float = ...,
        allocator_type: str = ...,
        deferred_deletion_bytes: int = ...,
        allow_growth: bool = ...,
        visible_device_list: str = ...,
        polling_active_delay_usecs: int = ...,
        polling_inactive_delay_msecs: int = ...,
        force_gpu_compatible: bool = ...,
    ) -> None: ...

class OptimizerOptions(Message):
    class _Level(EnumType):
        L1: int
        L0: int

    Level: ClassVar[_Level]
    L1: ClassVar[int]
    L0: ClassVar[int]

    class _GlobalJitLevel(EnumType):
        DEFAULT: int
        OFF: int
        ON_1: int
        ON_2: int

    GlobalJitLevel: ClassVar[_GlobalJitLevel]
    DEFAULT: ClassVar[int]
    OFF: ClassVar[int]
    ON_1: ClassVar[int]
    ON_2: ClassVar[int]

    do_common_subexpression_elimination: bool
    do_constant_folding: bool
    opt_level: int
    do_function_inlining: bool
    global_jit_level: int
    max_folded_constant_in_bytes: int
    cpu_global_jit: bool
    def __init__(
        self,
        *,
        do_common_subexpression_elimination: bool = ...,
        do_constant_folding: bool = ...,
        opt_level: int = ...,
        do_function_inlining: bool = ...,
        global_jit_level: int = ...,
        max_folded_constant_in_bytes: int = ...,
        cpu_global_jit: bool = ...,
    ) -> None: ...

class RewriterConfig(Message):
    optimize_tensor_layout: bool
    def __init__(self, *, optimize_tensor_layout: bool = ...) -> None: ...

class GraphOptions(Message):
    enable_recv_scheduling: bool
    @property
    def optimizer_options(self) -> OptimizerOptions: ...
    build_cost_model: int
    infer_shapes: bool
    place_pruned_graph: bool
    enable_bfloat16_sendrecv: bool
    timeline_step: int
    build_cost_model_after: int
    @property
    def rewrite_options(self) -> RewriterConfig: ...
    def __init__(
        self,
        *,
        enable_recv_scheduling: bool = ...,
        optimizer_options: OptimizerOptions | None = ...,
        build_cost_model: int = ...,
        infer_shapes: bool = ...,
        place_pruned_graph: bool = ...,
        enable_bfloat16_sendrecv: bool = ...,
        timeline_step: int = ...,
        build_cost_model_after: int = ...,
        rewrite_options: RewriterConfig | None = ...,
    ) -> None: ...

class ThreadPoolOptionProto(Message):
    num_threads: int
    global_name: str
    def __init__(self, *, num_threads: int = ..., global_name: str = ...) -> None: ...

class RPCOptions(Message):
    use_rpc_for_inprocess_master: bool
    def __init__(self, *, use_rpc_for_inprocess_master: bool = ...) -> None: ...

class ConfigProto(Message):
    @property
    def device_count(self) -> MutableMapping[str, int]: ...
    intra_op_parallelism_threads: int
    placement_period: int
    @property
    def device_filters(self) -> MutableSequence[str]: ...
    inter_op_parallelism_threads: int
    @property
    def gpu_options(self) -> GPUOptions: ...
    allow_soft_placement: bool
    log_device_placement: bool
    use_per_session_threads: bool
    @property
    def graph_options(self) -> GraphOptions: ...
    operation_timeout_in_ms: int
    @property
    def session_inter_op_thread_pool(self) -> RepeatedMessage[ThreadPoolOptionProto]: ...
    @property
    def rpc_options(self) -> RPCOptions: ...
    @property
    def cluster_def(self) -> ClusterDef: ...
    isolate_session_state: bool
    share_cluster_devices_in_session: bool
    def __init__(
        self,
        *,
        device_count: Mapping[str, int] = ...,
        intra_op_parallelism_threads: int = ...,
        placement_period: int = ...,
        device_filters: Iterable[str] = ...,
        inter_op_parallelism_threads: int = ...,
        gpu_options: GPUOptions | None = ...,
        allow_soft_placement: bool = ...,
        log_device_placement: bool = ...,
        use_per_session_threads: bool = ...,
        graph_options: GraphOptions | None = ...,
        operation_timeout_in_ms: int = ...,
        session_inter_op_thread_pool: Iterable[ThreadPoolOptionProto] = ...,
        rpc_options: RPCOptions | None = ...,
        cluster_def: ClusterDef | None = ...,
        isolate_session_state: bool = ...,
        share_cluster_devices_in_session: bool = ...,
    ) -> None: ...

class DebugTensorWatch(Message):
    node_name: str
    output_slot: int
    @property
    def debug_ops(self) -> MutableSequence[str]: ...
    @property
    def debug_urls(self) -> MutableSequence[str]: ...
    tolerate_debug_op_creation_failures: bool
    def __init__(
        self,
        *,
        node_name: str = ...,
        output_slot: int = ...,
        debug_ops: Iterable[str] = ...,
        debug_urls: Iterable[str] = ...,
        tolerate_debug_op_creation_failures: bool = ...,
    ) -> None: ...

class DebugOptions(Message):
    @property
    def debug_tensor_watch_opts(self) -> RepeatedMessage[DebugTensorWatch]: ...
    global_step: int
    reset_disk_byte_usage: bool
    def __init__(
        self,
        *,
        debug_tensor_watch_opts: Iterable[DebugTensorWatch] = ...,
        global_step: int = ...,
        reset_disk_byte_usage: bool = ...,
    ) -> None: ...

class RunOptions(Message):
    class _TraceLevel(EnumType):
        NO_TRACE: int
        SOFTWARE_TRACE: int
        HARDWARE_TRACE: int
        FULL_TRACE: int

    TraceLevel: ClassVar[_TraceLevel]
    NO_TRACE: ClassVar[int]
    SOFTWARE_TRACE: ClassVar[int]
    HARDWARE_TRACE: ClassVar[int]
    FULL_TRACE: ClassVar[int]

    trace_level: int
    timeout_in_ms: int
    inter_op_thread_pool: int
    output_partition_graphs: bool
    @property
    def debug_options(self) -> DebugOptions: ...
    report_tensor_allocations_upon_oom: bool
    def __init__(
        self,
        *,
        trace_level: int = ...,
        timeout_in_ms: int = ...,
        inter_op_thread_pool: int = ...,
        output_partition_graphs: bool = ...,
        debug_options: DebugOptions | None = ...,
        report_tensor_allocations_upon_oom: bool = ...,
    ) -> None: ...

class RunMetadata(Message):
    class FunctionGraphs(Message):
        @property
        def partition_graphs(self) -> RepeatedMessage[GraphDef]: ...
        @property
        def pre_optimization_graph(self) -> GraphDef: ...
        @property
        def post_optimization_graph(self) -> GraphDef: ...
        def __init__(
            self,
            *,
            partition_graphs: Iterable[GraphDef] = ...,
            pre_optimization_graph: GraphDef | None = ...,
            post_optimization_graph: GraphDef | None = ...,
        ) -> None: ...

    @property
    def step_stats(self) -> StepStats: ...
    @property
    def cost_graph(self) -> CostGraphDef: ...
    @property
    def partition_graphs(self) -> RepeatedMessage[GraphDef]: ...
    @property
    def function_graphs(self) -> RepeatedMessage[RunMetadata.FunctionGraphs]: ...
    def __init__(
        self,
        *,
        step_stats: StepStats | None = ...,
        cost_graph: CostGraphDef | None = ...,
        partition_graphs: Iterable[GraphDef] = ...,
        function_graphs: Iterable[RunMetadata.FunctionGraphs] = ...,
    ) -> None: ...

class ServerDef(Message):
    @property
    def cluster(self) -> ClusterDef: ...
    job_name: str
    task_index: int
    @property
    def default_session_config(self) -> ConfigProto: ...
    protocol: str
    port: int
    replica: int
    def __init__(
        self,
        *,
        cluster: ClusterDef | None = ...,
        job_name: str = ...,
        task_index: int = ...,
        default_session_config: ConfigProto | None = ...,
        protocol: str = ...,
        port: int = ...,
        replica: int = ...,
    ) -> None: ...

class _VariableSynchronization(EnumType):
    VARIABLE_SYNCHRONIZATION_AUTO: int
    VARIABLE_SYNCHRONIZATION_NONE: int
    VARIABLE_SYNCHRONIZATION_ON_WRITE: int
    VARIABLE_SYNCHRONIZATION_ON_READ: int

VariableSynchronization: _VariableSynchronization

class _VariableAggregation(EnumType):
    VARIABLE_AGGREGATION_NONE: int
    VARIABLE_AGGREGATION_SUM: int
    VARIABLE_AGGREGATION_MEAN: int
    VARIABLE_AGGREGATION_ONLY_FIRST_REPLICA: int

VariableAggregation: _VariableAggregation

class VariableDef(Message):
    variable_name: str
    initializer_name: str
    snapshot_name: str
    @property
    def save_slice_info_def(self) -> SaveSliceInfoDef: ...
    is_resource: bool
    initial_value_name: str
    trainable: bool
    synchronization: int
    aggregation: int
    def __init__(
        self,
        *,
        variable_name: str = ...,
        initializer_name: str = ...,
        snapshot_name: str = ...,
        save_slice_info_def: SaveSliceInfoDef | None = ...,
        is_resource: bool = ...,
        initial_value_name: str = ...,
        trainable: bool = ...,
        synchronization: int = ...,
        aggregation: int = ...,
    ) -> None: ...

class SaveSliceInfoDef(Message):
    full_name: str
    @property
    def full_shape(self) -> MutableSequence[int]: ...
    @property
    def var_offset(self) -> MutableSequence[int]: ...
    @property
    def var_shape(self) -> MutableSequence[int]: ...
    def __init__(
        self,
        *,
        full_name: str = ...,
        full_shape: Iterable[int] = ...,
        var_offset: Iterable[int] = ...,
        var_shape: Iterable[int] = ...,
    ) -> None: ...

class SaverDef(Message):
    class _CheckpointFormatVersion(EnumType):
        LEGACY: int
        V1: int
        V2: int

    CheckpointFormatVersion: ClassVar[_CheckpointFormatVersion]
    LEGACY: ClassVar[int]
    V1: ClassVar[int]
    V2: ClassVar[int]

    filename_tensor_name: str
    save_tensor_name: str
    restore_op_name: str
    max_to_keep: int
    sharded: bool
    keep_checkpoint_every_n_hours: float
    version: int
    def __init__(
        self,
        *,
        filename_tensor_name: str = ...,
        save_tensor_name: str = ...,
        restore_op_name: str = ...,
        max_to_keep: int = ...,
        sharded: bool = ...,
        keep_checkpoint_every_n_hours: float = ...,
        version: int = ...,
    ) -> None: ...

class ValuesDef(Message):
    @property
    def values(self) -> MutableSequence[str]: ...
    @property
    def external_values(self) -> MutableMapping[str, str]: ...
    def __init__(
        self,
        *,
        values: Iterable[str] = ...,
        external_values: Mapping[str, str] = ...,
    ) -> None: ...

class ControlFlowContextDef(Message):
    @property
    def cond_ctxt(self) -> CondContextDef: ...
    @property
    def while_ctxt(self) -> WhileContextDef: ...
    def __init__(
        self,
        *,
        cond_ctxt: CondContextDef | None = ...,
        while_ctxt: WhileContextDef | None = ...,
    ) -> None: ...

class CondContextDef(Message):
    context_name: str
    pred_name: str
    pivot_name: str
    branch: int
    @property
    def values_def(self) -> ValuesDef: ...
    @property
    def nested_contexts(self) -> RepeatedMessage[ControlFlowContextDef]: ...
    def __init__(
        self,
        *,
        context_name: str = ...,
        pred_name: str = ...,
        pivot_name: str = ...,
        branch: int = ...,
        values_def: ValuesDef | None = ...,
        nested_contexts: Iterable[ControlFlowContextDef] = ...,
    ) -> None: ...

class WhileContextDef(Message):
    context_name: str
    parallel_iterations: int
    back_prop: bool
    swap_memory: bool
    pivot_name: str
    pivot_for_pred_name: str
    pivot_for_body_name: str
    @property
    def loop_exit_names(self) -> MutableSequence[str]: ...
    @property
    def values_def(self) -> ValuesDef: ...
    @property
    def loop_enter_names(self) -> MutableSequence[str]: ...
    maximum_iterations_name: str
    @property
    def nested_contexts(self) -> RepeatedMessage[ControlFlowContextDef]: ...
    def __init__(
        self,
        *,
        context_name: str = ...,
        parallel_iterations: int = ...,
        back_prop: bool = ...,
        swap_memory: bool = ...,
        pivot_name: str = ...,
        pivot_for_pred_name: str = ...,
        pivot_for_body_name: str = ...,
        loop_exit_names: Iterable[str] = ...,
        values_def: ValuesDef | None = ...,
        loop_enter_names: Iterable[str] = ...,
        maximum_iterations_name: str = ...,
        nested_contexts: Iterable[ControlFlowContextDef] = ...,
    ) -> None: ...

class QueueRunnerDef(Message):
    queue_name: str
    @property
    def enqueue_op_name(self) -> MutableSequence[str]: ...
    close_op_name: str
    cancel_op_name: str
    @property
    def queue_closed_exception_types(self) -> MutableSequence[int]: ...
    def __init__(
        self,
        *,
        queue_name: str = ...,
        enqueue_op_name: Iterable[str] = ...,
        close_op_name: str = ...,
        cancel_op_name: str = ...,
        queue_closed_exception_types: Iterable[int] = ...,
    ) -> None: ...

class CollectionDef(Message):
    class NodeList(Message):
        @property
        def value(self) -> MutableSequence[str]: ...
        def __init__(self, *, value: Iterable[str] = ...) -> None: ...

    class BytesList(Message):
        @property
        def value(self) -> MutableSequence[bytes]: ...
        def __init__(self, *, value: Iterable[bytes] = ...) -> None: ...

    class Int64List(Message):
        @property
        def value(self) -> MutableSequence[int]: ...
        def __init__(self, *, value: Iterable[int] = ...) -> None: ...

    class FloatList(Message):
        @property
        def value(self) -> MutableSequence[float]: ...
        def __init__(self, *, value: Iterable[float] = ...) -> None: ...

    class AnyList(Message):
        @property
        def value(self) -> RepeatedMessage[Any]: ...
        def __init__(self, *, value: Iterable[Any] = ...) -> None: ...

    @property
    def node_list(self) -> CollectionDef.NodeList: ...
    @property
    def bytes_list(self) -> CollectionDef.BytesList: ...
    @property
    def int64_list(self) -> CollectionDef.Int64List: ...
    @property
    def float_list(self) -> CollectionDef.FloatList: ...
    @property
    def any_list(self) -> CollectionDef.AnyList: ...
    def __init__(
        self,
        *,
        node_list: CollectionDef.NodeList | None = ...,
        bytes_list: CollectionDef.BytesList | None = ...,
        int64_list: CollectionDef.Int64List | None = ...,
        float_list: CollectionDef.FloatList | None = ...,
        any_list: CollectionDef.AnyList | None = ...,
    ) -> None: ...

class TensorInfo(Message):
    class CooSparse(Message):
        values_tensor_name: str
        indices_tensor_name: str
        dense_shape_tensor_name: str
        def __init__(
            self,
            *,
            values_tensor_name: str = ...,
            indices_tensor_name: str = ...,
            dense_shape_tensor_name: str = ...,
        ) -> None: ...

    name: str
    @property
    def coo_sparse(self) -> TensorInfo.CooSparse: ...
    dtype: int
    @property
    def tensor_shape(self) -> TensorShapeProto: ...
    def __init__(
        self,
        *,
        name: str = ...,
        coo_sparse: TensorInfo.CooSparse | None = ...,
        dtype: int = ...,
        tensor_shape: TensorShapeProto | None = ...,
    ) -> None: ...

class SignatureDef(Message):
    @property
    def inputs(self) -> MessageMap[str, TensorInfo]: ...
    @property
    def outputs(self) -> MessageMap[str, TensorInfo]: ...
    method_name: str
    def __init__(
        self,
        *,
        inputs: Mapping[str, TensorInfo] = ...,
        outputs: Mapping[str, TensorInfo] = ...,
        method_name: str = ...,
    ) -> None: ...

class AssetFileDef(Message):
    @property
    def tensor_info(self) -> TensorInfo: ...
    filename: str
    def __init__(self, *, tensor_info: TensorInfo | None = ..., filename: str = ...) -> None: ...

class MetaGraphDef(Message):
    class MetaInfoDef(Message):
        meta_graph_version: str
        @property
        def stripped_op_list(self) -> OpList: ...
        @property
        def any_info(self) -> Any: ...
        @property
        def tags(self) -> MutableSequence[str]: ...
        tensorflow_version: str
        tensorflow_git_version: str
        stripped_default_attrs: bool
        @property
        def function_aliases(self) -> MutableMapping[str, str]: ...
        def __init__(
            self,
            *,
            meta_graph_version: str = ...,
            stripped_op_list: OpList | None = ...,
            any_info: Any | None = ...,
            tags: Iterable[str] = ...,
            tensorflow_version: str = ...,
            tensorflow_git_version: str = ...,
            stripped_default_attrs: bool = ...,
            function_aliases: Mapping[str, str] = ...,
        ) -> None: ...

    @property
    def meta_info_def(self) -> MetaGraphDef.MetaInfoDef: ...
    @property
    def graph_def(self) -> GraphDef: ...
    @property
    def saver_def(self) -> SaverDef: ...
    @property
    def collection_def(self) -> MessageMap[str, CollectionDef]: ...
    @property
    def signature_def(self) -> MessageMap[str, SignatureDef]: ...
    @property
    def asset_file_def(self) -> RepeatedMessage[AssetFileDef]: ...
    def __init__(
        self,
        *,
        meta_info_def: MetaGraphDef.MetaInfoDef | None = ...,
        graph_def: GraphDef | None = ...,
        saver_def: SaverDef | None = ...,
        collection_def: Mapping[str, CollectionDef] = ...,
        signature_def: Mapping[str, SignatureDef] = ...,
        asset_file_def: Iterable[AssetFileDef] = ...,
    ) -> None: ...

class SavedModel(Message):
    saved_model_schema_version: int
    @property
    def meta_graphs(self) -> RepeatedMessage[MetaGraphDef]: ...
    def __init__(
        self,
        *,
        saved_model_schema_version: int = ...,
        meta_graphs: Iterable[MetaGraphDef] = ...,
    ) -> None: ...
