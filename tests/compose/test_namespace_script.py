"""The script that prepares a cluster's namespace, run against a real server."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client

from tests.conftest import TemporalServer
from wistro.temporal.host.tuning import SEARCH_ATTRIBUTES

SCRIPT = Path(__file__).parents[2] / "docker/temporal-namespace.sh"


@pytest.mark.server
async def test_prepares_a_namespace_and_may_run_again(temporal_server: TemporalServer) -> None:
    env = {
        "PATH": f"{temporal_server.binary.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": os.environ["HOME"],
        "TEMPORAL_ADDRESS": temporal_server.address,
        "TEMPORAL_NAMESPACE": "cluster",
        "RETENTION": "168h",
    }
    for _ in range(2):
        subprocess.run(["sh", SCRIPT], env=env, check=True, capture_output=True)
    client = await Client.connect(temporal_server.address)
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace="cluster")
    )
    assert set(SEARCH_ATTRIBUTES) <= set(listed.custom_attributes)
