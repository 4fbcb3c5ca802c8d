"""The console's settings, from the environment."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from loyalty_shared.serving import ServiceSettings


class Settings(ServiceSettings):
    """Read once, in main. `followers`: base URL by service name, as JSON. `credentials_seed`: what local credentials are derived from."""

    model_config = SettingsConfigDict(env_prefix="CONSOLE_", frozen=True)

    followers: dict[str, str] = Field(default_factory=dict)
    credentials_seed: SecretStr = Field(min_length=16)
