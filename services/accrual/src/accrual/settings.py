"""Accrual's settings: environment variables that begin with ACCRUAL_."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What differs between one installation and another."""

    model_config = SettingsConfigDict(env_prefix="ACCRUAL_", frozen=True)

    database_url: str
    kafka_bootstrap_servers: str
    http_host: str = "127.0.0.1"
    http_port: int = 8001
    log_level: str = "INFO"
