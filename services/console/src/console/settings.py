"""The console's settings, from the environment."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read once, in main. `followers`: base URL by service name, as JSON. `credentials_seed`: what local credentials are derived from."""

    model_config = SettingsConfigDict(env_prefix="CONSOLE_", frozen=True)

    database_url: str
    kafka_bootstrap_servers: str
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=1, le=65_535)
    log_level: str = "INFO"
    followers: dict[str, str] = {}
    credentials_seed: SecretStr = Field(min_length=16)
