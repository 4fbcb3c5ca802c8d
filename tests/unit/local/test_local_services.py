import json
from pathlib import Path

from nanzhu_local.services import SERVICES, Service, Surroundings, environment_of

AROUND = Surroundings({"console": "http://127.0.0.1:1", "accrual": "http://127.0.0.1:2", "redemption": "http://127.0.0.1:3"}, "the-seed", Path("/packages"))


def test_settings_carry_the_prefix_of_the_service() -> None:
    environment = environment_of(Service(name="gift-order"), 8080, "postgresql://database", "127.0.0.1:9092", AROUND)
    assert environment == {
        "GIFT_ORDER_DATABASE_URL": "postgresql://database",
        "GIFT_ORDER_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
        "GIFT_ORDER_HTTP_HOST": "127.0.0.1",
        "GIFT_ORDER_HTTP_PORT": "8080",
    }


def test_only_the_console_learns_the_seed_and_whom_to_ask() -> None:
    environments = {service.name: environment_of(service, 1, "", "", AROUND) for service in SERVICES}
    assert [name for name, environment in environments.items() if "the-seed" in environment.values()] == ["console"]
    assert json.loads(environments["console"]["CONSOLE_FOLLOWERS"]) == {"accrual": "http://127.0.0.1:2", "redemption": "http://127.0.0.1:3"}
