"""Jobs run by hand find the platform that was started in their directory."""

import json
from pathlib import Path

from loyalty_shared.serving import started_here


def test_a_service_is_told_by_the_endpoints_of_this_directory(tmp_path: Path) -> None:
    file = tmp_path / "endpoints.json"
    file.write_text(json.dumps({"kafka": "127.0.0.1:9", "services": {"gift-order": {"database": "postgresql://here"}}}))
    assert started_here("gift-order", file) == {"database_url": "postgresql://here", "kafka_bootstrap_servers": "127.0.0.1:9"}


def test_without_a_platform_here_only_the_environment_speaks(tmp_path: Path) -> None:
    (tmp_path / "half").write_text("{")
    for file, service in ((tmp_path / "none", "accrual"), (tmp_path / "half", "accrual")):
        assert started_here(service, file) == {}
