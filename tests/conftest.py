"""Fixtures for every test; what each gives is told beside it."""

pytest_plugins = ["support.platform"]
