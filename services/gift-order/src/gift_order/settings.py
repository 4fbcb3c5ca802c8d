"""Gift-order's settings, from the environment."""

from pydantic_settings import SettingsConfigDict

from loyalty_shared.serving import ServiceSettings


class Settings(ServiceSettings):
    """Read once, in main: GIFT_ORDER_DATABASE_URL, ..., and where redemption is (GIFT_ORDER_REDEMPTION_URL) and with which token it is called.

    The token is a channel's, good for every legal entity; whose it is may change only when no order moves, for serials are the channel's own.
    """

    model_config = SettingsConfigDict(env_prefix="GIFT_ORDER_", frozen=True)

    redemption_url: str
    redemption_token: str
