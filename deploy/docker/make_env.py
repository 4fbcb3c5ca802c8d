"""Prints one installation's secrets for compose: python3 deploy/docker/make_env.py > deploy/docker/.env. Needs nothing beside Python."""

import base64
import hashlib
import hmac
import secrets

SERVICES = ("accrual", "redemption", "merchant", "gift-order", "settlement", "reporting", "console")


def token_of(seed: str, entity: str, role: str) -> str:
    """Return the bearer token of a role in a legal entity, as the console derives it from the same seed."""
    digest = hmac.new(seed.encode(), f"{entity}:{role}".encode(), hashlib.sha256).digest()
    return "nz_" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def environment() -> dict[str, str]:
    """Return fresh secrets by the names that compose.yaml has for them."""
    seed = secrets.token_urlsafe(32)
    passwords = {f"{service.upper().replace('-', '_')}_PASSWORD": secrets.token_urlsafe(24) for service in SERVICES}
    return {
        "CREDENTIALS_SEED": seed,
        "GIFT_ORDER_TOKEN": token_of(seed, "services", "gift-order"),
        "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
        "GRAFANA_PASSWORD": secrets.token_urlsafe(24),
        **passwords,
    }


if __name__ == "__main__":
    print("\n".join(f"{name}={value}" for name, value in environment().items()))
