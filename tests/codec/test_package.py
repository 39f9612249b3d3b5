"""The package shows what it means to show, and loads no more than it must."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

import wistro_codec
from wistro_codec.errors import CodecErrorCode

SPEC = (Path(__file__).parents[2] / "codec" / "SPEC.md").read_text(encoding="utf-8")


def test_every_public_name_is_there() -> None:
    for name in wistro_codec.__all__:
        assert getattr(wistro_codec, name)
    with pytest.raises(AttributeError, match="`nothing`"):
        _ = wistro_codec.nothing


def test_keys_do_not_load_the_sdk_nor_the_sdk_a_web_framework() -> None:
    code = """
import sys, wistro_codec
assert "temporalio" not in sys.modules
wistro_codec.WistroCodec
assert "fastapi" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_specification_names_every_code() -> None:
    codes = get_args(CodecErrorCode)
    assert list(codes) == sorted(codes)
    section = SPEC.partition("## 8. Codes")[2]
    assert [word.strip("`,.") for word in section.split()] == list(codes)
