"""The data converter that every client and worker of a project connects with."""

from __future__ import annotations

from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    ExternalStorage,
)

from wistro_codec.payload import WistroCodec

_CONVERTERS = tuple(PydanticPayloadConverter().converters.values())


class SharedPydanticConverter(CompositePayloadConverter):
    """The SDK's pydantic converter, with one cache of type adapters for the process.

    The SDK makes a converter for each workflow it hosts, and the adapters of a converter's types with
    it: several milliseconds for a run's start input, more than everything else that a run costs here.
    """

    def __init__(self) -> None:
        super().__init__(*_CONVERTERS)


def data_converter(
    codec: WistroCodec, external_storage: ExternalStorage | None = None
) -> DataConverter:
    """Convert values with pydantic, encrypt them, and hide the text of failures too.

    Temporal applies external storage after the codec, so what a driver stores is ciphertext.
    """
    return DataConverter(
        payload_converter_class=SharedPydanticConverter,
        payload_codec=codec,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
        external_storage=external_storage,
    )
