"""Sends a signed message to the webhook: `python send.py '{"kind": "ping"}'`."""

import hashlib
import hmac
import sys
import urllib.request
import uuid
from pathlib import Path

URL = "http://localhost:3000/webhooks"


def main() -> None:
    """Sign the message as the sender would, send it, and print the answer."""
    body = (sys.argv[1] if len(sys.argv) > 1 else '{"kind": "ping"}').encode()
    secret = Path(".env").read_text().partition("WEBHOOK_SECRET=")[2].strip()
    headers = {
        "content-type": "application/json",
        "x-delivery-id": str(uuid.uuid4()),
        "x-signature": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }
    request = urllib.request.Request(URL, data=body, headers=headers)
    with urllib.request.urlopen(request) as response:
        print(response.status, response.read().decode())


if __name__ == "__main__":
    main()
