"""Where blocking code leaves the event loop. psycopg2 blocks, so that domain, application and adapters are plain functions."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


async def in_thread(function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """Run a blocking function in a thread of its own and return what it returns."""
    return await asyncio.to_thread(function, *args, **kwargs)
