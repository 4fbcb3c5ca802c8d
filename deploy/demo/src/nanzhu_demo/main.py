"""`nanzhu-demo`: brings the platform up, tells the story, and leaves the platform up."""

import asyncio
import sys

import httpx
from aiokafka.errors import KafkaError
from rich.console import Console

from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.kernel.ids import new_id
from nanzhu_demo.client import Refused
from nanzhu_demo.source import find_source
from nanzhu_demo.story import Story
from nanzhu_demo.waiting import TookTooLong
from nanzhu_local.failures import PlatformFailure
from nanzhu_local.main import guarded
from nanzhu_local.platform import PROJECT, LocalPlatform

RUN_LENGTH = 8


def main() -> None:
    """Run the demo; exit code 0 when everything was as it should be, 1 when not or when something failed, 130 when interrupted."""
    console = Console()
    sys.exit(guarded(lambda: run(console), console))


def run(console: Console) -> None:
    """Bring the platform up and tell the story. Raises PlatformFailure when it does not come to its end, or not to the right one."""
    platform = LocalPlatform(console=console)
    endpoints = platform.up()
    story = Story(
        endpoints=endpoints,
        endpoints_file=platform.run.endpoints,
        source=find_source(PROJECT),
        console=console,
        run=new_id()[:RUN_LENGTH],
        now=SystemClock().now(),
    )
    look = f"the platform is still up: its logs are in {platform.run.path / 'logs'}; `make down` stops it, `make clean` starts over"
    try:
        as_it_should_be = asyncio.run(story.tell())
    except (Refused, TookTooLong) as failure:
        raise PlatformFailure(f"the demo did not come to its end: {failure}", look) from failure
    except (httpx.TransportError, KafkaError) as failure:
        raise PlatformFailure(f"a part of the platform does not answer any more: {failure!r}", look) from failure
    if not as_it_should_be:
        raise PlatformFailure("not everything was as it should be; what was not is marked in red above", look)
