"""Keep files in a folder of this machine, below the root that the operator set: an account's own folder in it.

Every part of a path is opened without following symbolic links, each from the one before it, so that neither a path nor
a link that was put there leads out of the account's folder.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, ParamSpec, TypeVar
from uuid import UUID, uuid4

from action_executor.stores.port import FILE_BYTES_MAX, StoredFile, StoreFault

P = ParamSpec("P")
T = TypeVar("T")

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe must not hold the thread
_PASSING: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ESTALE})


class FolderStore:
    """The folder of one connection."""

    def __init__(self, root: Path, account_id: UUID, path: str) -> None:
        self._root, self._parts = root, [str(account_id), *filter(None, path.split("/"))]
        self._shown = "/".join(filter(None, path.split("/")))

    def location(self, path: str) -> str:
        """`folder:invoices/A-1.pdf`, below the account's own folder."""
        return f"folder:{'/'.join(filter(None, [self._shown, path]))}"

    async def read(self, path: str) -> StoredFile | None:
        """Read the file; its size and time of change are its version."""
        return await _aside(self._read, path)

    async def create(self, path: str, content: bytes, content_type: str) -> bool:  # noqa: ARG002  a folder keeps no type
        """Write it beside, then give it its name, which fails where there is one."""
        return await _aside(self._create, path, content)

    async def overwrite(self, path: str, content: bytes, content_type: str) -> None:  # noqa: ARG002
        """Write it beside, then let it take the name."""
        await _aside(self._overwrite, path, content)

    async def extend(self, path: str, read: StoredFile, addition: bytes, content_type: str) -> bool:  # noqa: ARG002
        """Append under a lock."""
        return await _aside(self._extend, path, len(read.content), addition)

    def _read(self, path: str) -> StoredFile | None:
        try:
            with self._opened(path, make=False) as (folder, name), _file(name, os.O_RDONLY, folder) as descriptor:
                return StoredFile(_whole(descriptor))
        except FileNotFoundError:
            return None

    def _create(self, path: str, content: bytes) -> bool:
        with self._opened(path) as (folder, name), _written(folder, content) as temporary:
            try:
                os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
            except FileExistsError:
                return False
            os.fsync(folder)
        return True

    def _overwrite(self, path: str, content: bytes) -> None:
        with self._opened(path) as (folder, name), _written(folder, content) as temporary:
            os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            os.fsync(folder)

    def _extend(self, path: str, size: int, addition: bytes) -> bool:
        with (
            self._opened(path, make=False) as (folder, name),
            _file(name, os.O_WRONLY | os.O_APPEND, folder) as descriptor,
        ):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_size != size:
                return False
            _write(descriptor, addition)
        return True

    @contextmanager
    def _opened(self, path: str, *, make: bool = True) -> Iterator[tuple[int, str]]:
        """The folder of a file, opened part by part, and the file's name in it."""
        *folders, name = path.split("/")
        descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in [*self._parts, *folders]:
                following = _step(descriptor, part, make=make)
                os.close(descriptor)
                descriptor = following
            yield descriptor, name
        finally:
            os.close(descriptor)


def _step(parent: int, name: str, *, make: bool) -> int:
    if make:
        with suppress(FileExistsError):
            os.mkdir(name, mode=0o750, dir_fd=parent)
            os.fsync(parent)
    return os.open(name, _FOLDER, dir_fd=parent)


@contextmanager
def _file(name: str, flags: int, folder: int) -> Iterator[int]:
    descriptor = os.open(name, flags | _FILE, dir_fd=folder)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise StoreFault("there is something at this path that is no file")
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _written(folder: int, content: bytes) -> Iterator[str]:
    """A file with this content under a temporary name, gone afterwards unless it was renamed."""
    name = f".{uuid4().hex}.part"
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE, 0o640, dir_fd=folder)
    try:
        try:
            _write(descriptor, content)
        finally:
            os.close(descriptor)
        yield name
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)


def _write(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)


def _whole(descriptor: int) -> bytes:
    with os.fdopen(os.dup(descriptor), "rb") as file:
        content = file.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        raise StoreFault(f"the file there has more than {FILE_BYTES_MAX // 1024**2} MiB")
    return content


async def _aside(work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return await asyncio.to_thread(work, *args, **kwargs)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise StoreFault("the path leads through a link or a file, which is not followed") from None
        reason = os.strerror(error.errno) if error.errno else "the folder cannot be used"
        raise StoreFault(f"the folder: {reason}", retryable=error.errno in _PASSING) from None
