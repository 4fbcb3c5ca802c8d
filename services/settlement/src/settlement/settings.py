"""Settlement's settings, from the environment."""

from pydantic_settings import SettingsConfigDict

from loyalty_shared.serving import ServiceSettings


class Settings(ServiceSettings):
    """Read once, in main: SETTLEMENT_DATABASE_URL, SETTLEMENT_KAFKA_BOOTSTRAP_SERVERS, and where to listen."""

    model_config = SettingsConfigDict(env_prefix="SETTLEMENT_", frozen=True)
