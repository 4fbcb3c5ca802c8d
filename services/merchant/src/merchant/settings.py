"""The merchant service's settings, from the environment."""

from pydantic_settings import SettingsConfigDict

from loyalty_shared.serving import ServiceSettings


class Settings(ServiceSettings):
    """Read once, in main: MERCHANT_DATABASE_URL, MERCHANT_KAFKA_BOOTSTRAP_SERVERS, and where to listen."""

    model_config = SettingsConfigDict(env_prefix="MERCHANT_", frozen=True)
