"""The console's settings, from the environment."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from loyalty_shared.serving import ServiceSettings


class Settings(ServiceSettings):
    """Read once, in main. `followers`: base URL by service name, as JSON, of those that follow the business date; `services`: of those whose jobs are run and
    whose data the pages show. `credentials_seed`: what local credentials and operators' passwords are derived from. `browser_packages`: where the pages'
    scripts and styles are. `password_memory_kib`: what hashing one password takes: more is harder to guess for who has the hashes, and slower to sign in."""

    model_config = SettingsConfigDict(env_prefix="CONSOLE_", frozen=True)

    followers: dict[str, str] = Field(default_factory=dict)
    services: dict[str, str] = Field(default_factory=dict)
    credentials_seed: SecretStr = Field(min_length=16)
    browser_packages: Path | None = None
    password_memory_kib: int = Field(default=65_536, ge=64)
