"""The data converter that every client and worker of a project connects with."""

from __future__ import annotations

from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    ExternalStorage,
)

from wistro_codec.payload import WistroCodec


def data_converter(
    codec: WistroCodec, external_storage: ExternalStorage | None = None
) -> DataConverter:
    """Convert values with pydantic, encrypt them, and hide the text of failures too.

    Temporal applies external storage after the codec, so what a driver stores is ciphertext.
    """
    return DataConverter(
        payload_converter_class=PydanticPayloadConverter,
        payload_codec=codec,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
        external_storage=external_storage,
    )
