"""The demo: the real transactions of a Czech bank (PKDD'99) streamed through the platform, points spent, and what came of it."""
