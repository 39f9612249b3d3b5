"""Sends a signed message to the webhook: `python send.py '{"kind": "ping"}'`."""

import hashlib
import hmac
import http.client
import sys
import uuid
from pathlib import Path


def main() -> None:
    """Sign the message as the sender would, send it, and print the answer."""
    body = (sys.argv[1] if len(sys.argv) > 1 else '{"kind": "ping"}').encode()
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 3000
    secret = Path(".env").read_text().partition("WEBHOOK_SECRET=")[2].strip()
    headers = {
        "content-type": "application/json",
        "x-delivery-id": str(uuid.uuid4()),
        "x-signature": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }
    connection = http.client.HTTPConnection("localhost", port)
    connection.request("POST", "/webhooks", body, headers)
    response = connection.getresponse()
    print(response.status, response.read().decode())


if __name__ == "__main__":
    main()
