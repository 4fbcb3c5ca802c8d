import base64
import hashlib
import hmac

from console.domain.local_operators import code_of, password_from
from nanzhu_local.credentials import ENTITIES, OPERATORS, ROLES, credentials_from, operator_of, password_of, token_of


def test_a_token_is_the_hmac_of_entity_and_role_under_the_seed() -> None:
    digest = hmac.new(b"seed", b"001:maker", hashlib.sha256).digest()
    assert token_of("seed", "001", "maker") == "nz_" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def test_every_role_of_every_entity_has_a_token_of_its_own() -> None:
    tokens = [token for roles in credentials_from("seed").values() for token in roles.values()]
    assert len(set(tokens)) == len(ENTITIES) * len(ROLES) == 12


def test_another_seed_gives_other_tokens() -> None:
    assert token_of("seed", "001", "maker") != token_of("other", "001", "maker")


def test_operators_sign_in_with_what_the_console_derives_from_the_same_seed() -> None:
    for role in OPERATORS:
        assert (operator_of("001", role), password_of("seed", "001", role)) == (code_of("001", role), password_from("seed", "001", role))
