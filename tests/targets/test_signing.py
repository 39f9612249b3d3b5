"""Signatures of webhooks: against the vector of the specification's libraries, and one of them."""

from __future__ import annotations

import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from wistro.errors import SetupError
from wistro.targets.signing import read_secrets, signature_headers

SECRETS = {
    "NEW": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "OLD": "C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    "SHORT": "whsec_c2hvcnQ=",
    "TEXT": "not base64 at all!",
    "EMPTY": "",
}


def test_the_known_vector() -> None:
    (secret,) = read_secrets(["NEW"], SECRETS.get)
    headers = signature_headers(
        [secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_one_secret_takes_over_from_another() -> None:
    secrets = read_secrets(["NEW", "OLD"], SECRETS.get)
    headers = signature_headers(secrets, "7.answer", int(time.time()), b'{"a":1}')
    for name in ("NEW", "OLD"):
        assert Webhook(SECRETS[name]).verify(b'{"a":1}', headers) == {"a": 1}
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRETS["NEW"]).verify(b'{"a":2}', headers)


@pytest.mark.parametrize("name", ["SHORT", "TEXT", "EMPTY", "MISSING"])
def test_what_is_no_secret(name: str) -> None:
    with pytest.raises(SetupError) as error:
        read_secrets([name], SECRETS.get)
    assert name in error.value.message
    assert not SECRETS.get(name) or SECRETS[name] not in str(error.value)
