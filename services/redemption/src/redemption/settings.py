"""Redemption's settings, from the environment."""

from pydantic_settings import SettingsConfigDict

from loyalty_shared.serving import ServiceSettings


class Settings(ServiceSettings):
    """Read once, in main: REDEMPTION_DATABASE_URL, REDEMPTION_KAFKA_BOOTSTRAP_SERVERS, and where to listen."""

    model_config = SettingsConfigDict(env_prefix="REDEMPTION_", frozen=True)
