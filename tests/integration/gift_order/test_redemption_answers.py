"""What answers of redemption, and none, mean for an order."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from gift_order.adapters.redemption_http import HttpRedemption
from gift_order.domain.orders import Order, Status
from gift_order.domain.saga import Done, Outcome, Refused, Unreachable
from support.order_desk import NOON

ORDER_FIELDS = {"legal_entity": "001", "order_id": "o1", "customer_no": "C1", "gift_code": "KETTLE", "supplier": None, "quantity": 1, "points": 100}


def cancelling(redemption_id: str | None) -> Order:
    return Order(
        **ORDER_FIELDS,  # type: ignore[arg-type]  # fields of an order, by name
        cash_minor=0,
        currency="CNY",
        delivery=None,
        status=Status.CANCELLING,
        placed_on=date(2026, 3, 1),
        placed_at=NOON,
        changed_at=NOON,
        redemption_id=redemption_id,
    )


@contextmanager
def answering(body: str) -> Iterator[str]:
    """Answer every call with that body, at the address that is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("redemption_id", "status", "outcome"),
    [
        ("d1", "reversed", Done("reversed")),
        ("d1", "nothing-to-reverse", Refused("nothing-to-reverse")),  # points were spent, and are not back
        (None, "nothing-to-reverse", Done("nothing-to-reverse")),
    ],
)
def test_points_are_back_only_where_there_was_nothing_or_it_was_reversed(redemption_id: str | None, status: str, outcome: Outcome) -> None:
    with answering(f'{{"reversal_id": "r1", "status": "{status}"}}') as url:
        redemption = HttpRedemption(url, "token")
        assert redemption.reverse(cancelling(redemption_id)) == outcome
        redemption.close()


def test_redemption_that_takes_no_connection_is_unreachable() -> None:
    with answering("") as url:
        pass
    redemption = HttpRedemption(url, "token")
    assert isinstance(redemption.reverse(cancelling("d1")), Unreachable)
    redemption.close()
