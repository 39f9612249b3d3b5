"""Which receivers webhooks may be sent to, and that a name cannot lead inside."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.targets.receiver import SECRET, receiving, status
from wistro.contract import CallAnswer
from wistro.project.answer_settings import WebhookSettings
from wistro.targets import Answer, TargetServices, Undeliverable, Unreached
from wistro.targets.receivers import GuardedNetwork, NotAReceiver, is_public, receiver
from wistro.targets.webhook import WebhookTarget

NOTHING = WebhookSettings(secret="S")
SHOP = WebhookSettings(
    secret="S",
    allow=("https://*.shop.example/*", "http://crm.internal:8080/hooks/*", "http://10.0.0.7/*"),
)
ANSWER = Answer(
    id="r.answer",
    flow="f",
    call_id="r",
    number=1,
    last=True,
    answer=CallAnswer(status="answered", data=1),
)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook",
        "https://example.com:8443/hook?x=1",
        "https://93.184.215.14/",
        "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/x",
    ],
)
def test_public_receivers(url: str) -> None:
    found = receiver(url, NOTHING, development=False)
    assert (found.inside, found.loopback) == (False, False)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://192.168.0.1/",
        "https://172.16.0.9/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://[::1]/",
        "https://[::]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[64:ff9b:1::a00:1]/",
        "https://[::7f00:1]/",
        "https://[fec0::1]/",
        "https://user:password@example.com/",
        "https://example.com/#fragment",
        "https://example.com\\@127.0.0.1/",
        "https://exa mple.com/",
        "https://example.com:0/",
        "https://",
        "//example.com/",
        "https://example.com/" + "x" * 2000,
        "https://ex\u00e4mple.com/",
    ],
)
def test_what_is_no_receiver(url: str) -> None:
    with pytest.raises(NotAReceiver):
        receiver(url, NOTHING, development=False)


@pytest.mark.parametrize("url", ["http://localhost:8000/x", "http://127.0.0.1:1/", "http://[::1]/"])
def test_this_machine_under_development(url: str) -> None:
    assert receiver(url, NOTHING, development=True).loopback
    with pytest.raises(NotAReceiver):
        receiver(url, NOTHING, development=False)


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        ("https://eu.shop.example/hook", True),
        ("https://EU.shop.example./hook", True),
        ("http://crm.internal:8080/hooks/7", True),
        ("http://10.0.0.7/x", True),
        ("https://shop.example/hook", False),
        ("https://evil.example/?https://eu.shop.example/", False),
        ("https://evil.example/eu.shop.example/", False),
        ("https://eu.shop.example.evil.example/", False),
        ("https://eu.shop.example:8443/hook", False),
    ],
)
def test_receivers_that_are_allowed(url: str, inside: bool) -> None:
    assert receiver(url, SHOP, development=False).inside is inside
    only = SHOP.model_copy(update={"only_allowed": True})
    if inside:
        assert receiver(url, only, development=False).inside
    else:
        with pytest.raises(NotAReceiver):
            receiver(url, only, development=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.internal/hooks/7",
        "http://crm.internal:8080/admin",
        "http://crm.internal:8080/hooks/../admin",
        "http://crm.internal:8080/hooks/%2e%2e/admin",
        "http://eu.shop.example/hook",
    ],
)
def test_what_is_beside_an_allowed_one(url: str) -> None:
    with pytest.raises(NotAReceiver):
        receiver(url, SHOP, development=False)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("::ffff:8.8.8.8", True),
        ("::ffff:192.168.1.1", False),
        ("ff02::1", False),
    ],
)
def test_what_is_public(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


@pytest.mark.parametrize("found", [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["::1"]])
async def test_a_name_that_leads_inside(monkeypatch: pytest.MonkeyPatch, found: list[str]) -> None:
    """Every address of a name is looked at: the name may be anybody's, and change at any time."""

    async def resolve(host: str, port: int, **_: object) -> list[object]:
        return [(0, 0, 0, "", (each, port)) for each in found]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    target = WebhookTarget(lambda: NOTHING)
    services = TargetServices(publish=_publish, secret=lambda _: SECRET)
    with pytest.raises(Undeliverable, match="not public"):
        await target.deliver(ANSWER, {"url": "https://harmless.example/"}, services)


async def test_a_name_that_nobody_knows() -> None:
    network = GuardedNetwork(receiver("https://nobody.invalid/", NOTHING, development=False))
    with pytest.raises(httpcore.ConnectError, match="not known"):
        await network.connect_tcp("nobody.invalid", 443)


async def test_tls_is_for_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to the address that was checked; host and certificate are those of the name."""
    certificate = _certificate(tmp_path, "hooks.shop.example")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    asked: list[str | None] = []
    server.sni_callback = lambda _, name, __: asked.append(name)  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    async def resolve(host: str, port: int, **_: object) -> list[object]:
        return [(0, 0, 0, "", ("127.0.0.1", port))]

    async with receiving(lambda _: status(200), tls=server) as there:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        settings = WebhookSettings(secret="S", allow=(f"https://*.shop.example:{there.port}/*",))
        services = TargetServices(publish=_publish, secret=lambda _: SECRET)
        url = f"https://hooks.shop.example:{there.port}/answers"
        receipt = await WebhookTarget(lambda: settings).deliver(ANSWER, {"url": url}, services)
        (received,) = there.received
        assert (receipt.status_code, asked) == (200, ["hooks.shop.example"])
        assert received.headers["host"] == f"hooks.shop.example:{there.port}"
        assert received.verified()["data"]["data"] == 1
        wrong = url.replace("hooks", "other")
        with pytest.raises(Unreached, match="did not answer"):
            await WebhookTarget(lambda: settings).deliver(ANSWER, {"url": wrong}, services)


async def _publish(topic: str, data: object, **_: object) -> object:
    raise AssertionError(topic)


def _certificate(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path
