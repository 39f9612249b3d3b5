"""A noop with edges that are drawn only; a workbench's picture of it lies beside it."""

config = {
    "type": "noop",
    "name": "Customer",
    "description": "Somebody who orders",
    "flows": ["orders"],
    "virtualSubscribes": ["customer.informed"],
    "virtualEmits": [{"topic": "A customer decides", "label": "by web page", "conditional": True}],
}
