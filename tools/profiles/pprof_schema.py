"""The pprof message types, described in code: no generated file, no protoc.

Strings are bytes here: pprof reads and writes names that aren't UTF-8, which protobuf's own strings refuse.
Source: profile.proto of google/pprof (perftools.profiles).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "int64": _FIELD.TYPE_INT64,
    "uint64": _FIELD.TYPE_UINT64,
    "bool": _FIELD.TYPE_BOOL,
    "bytes": _FIELD.TYPE_BYTES,
}
# message: fields as "number name type", with * for repeated ones
_MESSAGES = {
    "ValueType": "1 type int64; 2 unit int64",
    "Label": "1 key int64; 2 str int64; 3 num int64; 4 num_unit int64",
    "Sample": "1 location_id uint64*; 2 value int64*; 3 label Label*",
    "Mapping": "1 id uint64; 2 memory_start uint64; 3 memory_limit uint64; 4 file_offset uint64; "
    "5 filename int64; 6 build_id int64; 7 has_functions bool; 8 has_filenames bool; "
    "9 has_line_numbers bool; 10 has_inline_frames bool",
    "Line": "1 function_id uint64; 2 line int64; 3 column int64",
    "Location": "1 id uint64; 2 mapping_id uint64; 3 address uint64; 4 line Line*; 5 is_folded bool",
    "Function": "1 id uint64; 2 name int64; 3 system_name int64; 4 filename int64; 5 start_line int64",
    "Profile": "1 sample_type ValueType*; 2 sample Sample*; 3 mapping Mapping*; 4 location Location*; "
    "5 function Function*; 6 string_table bytes*; 7 drop_frames int64; 8 keep_frames int64; "
    "9 time_nanos int64; 10 duration_nanos int64; 11 period_type ValueType; 12 period int64; "
    "13 comment int64*; 14 default_sample_type int64; 15 doc_url int64",
}


@cache
def profile_message(*, packed_samples: bool = False) -> type[Any]:
    """The class of the `Profile` message; made at the first call, the same one afterwards.

    With `packed_samples` each sample is its bytes, not decoded.
    """
    package = "perftools.profiles"
    file = descriptor_pb2.FileDescriptorProto(name="profile.proto", package=package, syntax="proto3")
    for message_name, fields in _MESSAGES.items():
        message = file.message_type.add(name=message_name)
        for field in fields.split("; "):
            number, name, kind = field.split()
            if packed_samples and message_name == "Profile" and name == "sample":
                kind = "bytes*"
            bare = kind.rstrip("*")
            added = message.field.add(
                name=name,
                number=int(number),
                label=_FIELD.LABEL_REPEATED if kind.endswith("*") else _FIELD.LABEL_OPTIONAL,
                type=_SCALARS.get(bare, _FIELD.TYPE_MESSAGE),
            )
            if bare not in _SCALARS:
                added.type_name = f".{package}.{bare}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.Profile"))
