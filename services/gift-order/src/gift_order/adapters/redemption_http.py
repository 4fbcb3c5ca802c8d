"""Redemption over HTTP. Serials, dates and keys are the order's own, so that a call made again, after any crash, is the same call."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import httpx

from gift_order.domain.orders import Order
from gift_order.domain.saga import Done, Outcome, Refused, Unavailable, Unreachable, hold_seconds
from loyalty_shared.observability.logs import logger
from loyalty_shared.observability.tracing import current_traceparent

#: A call takes at most this long, connecting and answering; the lease of an order is longer.
CONNECT_TIMEOUT_SECONDS: Final = 2.0
ANSWER_TIMEOUT_SECONDS: Final = 5.0
CONNECTIONS_MAX: Final = 64
APPLICATION: Final = "mall"
#: Problems of ours, not of the customer's: a credential that is not announced yet, an entity not heard of. They pass, or an operator mends them.
_NOT_OF_THE_ORDER: Final = frozenset((HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS))
_ENTITY_UNKNOWN: Final = "entity-unknown"
_ALREADY_CAPTURED: Final = "already-captured"
#: What a reversal answers where it knows of nothing that the original did.
_NOTHING_TO_REVERSE: Final = "nothing-to-reverse"
#: No connection came about, so no other call's will. A connection without an answer may be this call's fault.
_UNREACHABLE: Final = (httpx.ConnectError, httpx.ConnectTimeout)

log = logger(__name__)


class HttpRedemption:
    """The points ledger, as a service of the platform that has a channel of its own."""

    def __init__(self, url: str, token: str) -> None:
        self._client = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(ANSWER_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS),
            limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
            trust_env=False,  # a neighbour, never behind a proxy
        )

    def reserve(self, order: Order) -> Outcome:
        """Hold the order's points; made: the reservation."""
        body = {
            "customer_no": order.customer_no,
            "points": order.points,
            "application": APPLICATION,
            "expires_in_seconds": hold_seconds(order),
            **_serial(order, "reserve"),
        }
        return self._write(order, "reserve", "reservations", body, "reservation_id")

    def capture(self, order: Order) -> Outcome:
        """Spend what is held; made: the redemption. A hold that was captured before, by a call whose key is forgotten, tells which it made."""
        assert order.reservation_id is not None
        outcome = self._write(order, "capture", f"reservations/{order.reservation_id}/capture", None, "redemption_id")
        if isinstance(outcome, Refused) and outcome.code == _ALREADY_CAPTURED:
            return _outcome(self._send(order.legal_entity, "GET", f"reservations/{order.reservation_id}"), "redemption_id")
        return outcome

    def reverse(self, order: Order) -> Outcome:
        """Undo the reservation, whether or not it ever arrived, and its capture, less what was given back before; one that arrives later is refused.

        Where points were spent, nothing to reverse is a refusal: the serial is then not known as this channel's, and the points are not back.
        """
        original = {f"original_{name}": value for name, value in _serial(order, "reserve").items()}
        outcome = self._write(order, "reverse", "reversals", {**original, **_serial(order, "reverse")}, "status")
        if order.redemption_id is not None and outcome == Done(_NOTHING_TO_REVERSE):
            log.error("redemption does not know what it is to reverse", legal_entity=order.legal_entity, order_id=order.order_id)
            return Refused(_NOTHING_TO_REVERSE)
        return outcome

    def find_available(self, legal_entity: str, customer_no: str) -> int | None:
        """Return the points a customer can spend now, 0 without an account; None when redemption does not answer."""
        answer = self._send(legal_entity, "GET", f"accounts/{quote(customer_no, safe='')}")
        if isinstance(answer, Unavailable):
            return None
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return 0
        return int(answer.json()["available"]) if answer.is_success else None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _write(self, order: Order, step: str, path: str, body: Mapping[str, Any] | None, made: str | None) -> Outcome:
        outcome = _outcome(self._send(order.legal_entity, "POST", path, key=f"{order.order_id}-{step}", body=body), made)
        if not isinstance(outcome, Done):
            log.warning("redemption", step=step, legal_entity=order.legal_entity, order_id=order.order_id, outcome=str(outcome))
        return outcome

    def _send(
        self, legal_entity: str, method: str, path: str, *, key: str | None = None, body: Mapping[str, Any] | None = None
    ) -> httpx.Response | Unavailable:
        headers = {"Idempotency-Key": key} if key else {}
        if (traceparent := current_traceparent()) is not None:
            headers["traceparent"] = traceparent
        try:
            return self._client.request(method, f"/v1/entities/{legal_entity}/{path}", json=body, headers=headers)
        except _UNREACHABLE as error:
            return Unreachable(f"{type(error).__name__}: {error}")
        except httpx.HTTPError as error:
            return Unavailable(f"{type(error).__name__}: {error}")


def _serial(order: Order, step: str) -> dict[str, str]:
    return {"channel_serial": f"{order.order_id}-{step}", "channel_date": order.placed_on.isoformat()}


def _outcome(answer: httpx.Response | Unavailable, made: str | None) -> Outcome:
    """Return what an answer says was done. What is not clearly done or refused may be either."""
    if isinstance(answer, Unavailable):
        return answer
    try:
        body = answer.json()
        if answer.is_success:
            return Done(body[made] if made else "")
        code, is_retryable = body["code"], body["retryable"]
    except (ValueError, KeyError, TypeError):
        return Unavailable(f"{answer.status_code}, and not an answer of redemption's")
    if is_retryable or answer.is_server_error or answer.status_code in _NOT_OF_THE_ORDER or code == _ENTITY_UNKNOWN:
        return Unavailable(f"{answer.status_code} {code}")
    return Refused(code)
