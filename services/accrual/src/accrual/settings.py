"""Accrual's settings, from the environment."""

from pydantic_settings import SettingsConfigDict

from loyalty_shared.serving import ServiceSettings


class Settings(ServiceSettings):
    """Read once, in main: ACCRUAL_DATABASE_URL, ACCRUAL_KAFKA_BOOTSTRAP_SERVERS, ACCRUAL_HTTP_HOST, ACCRUAL_HTTP_PORT, ACCRUAL_LOG_LEVEL."""

    model_config = SettingsConfigDict(env_prefix="ACCRUAL_", frozen=True)
