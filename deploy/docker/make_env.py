"""Prints one installation's secrets for compose: python3 deploy/docker/make_env.py > deploy/docker/.env. Needs nothing beside Python.

python3 deploy/docker/make_env.py handles deploy/docker/.env: the first tokens and passwords that the console derives from the seed in that file.
"""

import base64
import hashlib
import hmac
import json
import secrets
import sys
from pathlib import Path

SERVICES = ("accrual", "redemption", "merchant", "gift-order", "settlement", "reporting", "console")
ENTITIES = ("001", "002")
ROLES = ("channel", "channel2", "maker", "checker", "admin", "auditor")
OPERATORS = ("maker", "checker", "admin", "auditor")
PASSWORD_LENGTH = 20


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


def handles(seed: str) -> dict[str, dict[str, dict[str, str]]]:
    """Return the first bearer tokens by entity and role, and the first passwords by entity and operator."""
    return {
        "credentials": {entity: {role: token_of(seed, entity, role) for role in ROLES} for entity in ENTITIES},
        "passwords": {
            entity: {f"{entity}-{role}": token_of(seed, f"operator:{entity}", role).removeprefix("nz_")[:PASSWORD_LENGTH] for role in OPERATORS}
            for entity in ENTITIES
        },
    }


def seed_in(path: Path) -> str:
    """Return the seed that an earlier run wrote to the file."""
    return next(line.partition("=")[2] for line in path.read_text().splitlines() if line.startswith("CREDENTIALS_SEED="))


if __name__ == "__main__":
    if sys.argv[1:2] == ["handles"] and len(sys.argv) == 3:
        print(json.dumps(handles(seed_in(Path(sys.argv[2]))), indent=2))
    elif len(sys.argv) == 1:
        print("\n".join(f"{name}={value}" for name, value in environment().items()))
    else:
        sys.exit(f"usage: {sys.argv[0]} > deploy/docker/.env, or: {sys.argv[0]} handles deploy/docker/.env")
