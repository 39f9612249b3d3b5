"""What operators do to the open deliveries of a run."""

from __future__ import annotations

from wistro.machine.events import KEEP, OperatorAsked
from wistro.machine.state import Delivery, RunState


class OperationRefused(ValueError):
    """A person asked for something that the state of the run does not allow."""

    def __init__(self, message: str, *, code: str = "operation_refused") -> None:
        super().__init__(message)
        self.code = code
        """Why, in a word for programs."""


def check(state: RunState, event: OperatorAsked) -> None:
    """Raises `OperationRefused` when the delivery cannot be repaired that way now."""
    delivery = state.deliveries.get(event.delivery_id)
    if state.ending is not None or state.outcome is not None:
        raise OperationRefused("the run has ended; fork it instead")
    if delivery is None:
        raise OperationRefused(f"the run has no open delivery `{event.delivery_id}`")
    if delivery.status not in ("held", "waiting", "outside"):
        raise OperationRefused(
            f"delivery `{event.delivery_id}` is {delivery.status}; "
            "only one that is held, or that waits, can be repaired"
        )


def release(state: RunState, delivery: Delivery, data: object = KEEP) -> None:
    """Queues the delivery again, with all its attempts, and with other data if given."""
    if data is not KEEP:
        delivery.data = data
        delivery.revision += 1
    delivery.released += 1
    delivery.status, delivery.attempts, delivery.error = "queued", 0, None
    state.queue.append(delivery.id)
