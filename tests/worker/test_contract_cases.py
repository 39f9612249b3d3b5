"""The cases of the worker contract, which every language's worker passes."""

from __future__ import annotations

import pytest

from tests.worker.contract_cases import Json, cases, complaints, run_case


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in cases()])
async def test_a_case(case: Json) -> None:
    assert complaints(case, await run_case(case)) == []
