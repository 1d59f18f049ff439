"""Measure the space that the installation takes and has left: for `/metrics`, from ingress's housekeeping."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from prometheus_client import Gauge

from storage.pool import Pool

FILES_FREE = Gauge("ledgerwire_files_free_bytes", "Free space where files are kept")
DATABASE = Gauge("ledgerwire_database_bytes", "Size of the database on its server's disk")


async def observe(pool: Pool, directory: Path) -> None:
    """Set both gauges; a directory that is not there yet has no free space to tell."""
    DATABASE.set(await pool.fetchval("SELECT pg_database_size(current_database())"))
    if await asyncio.to_thread(directory.is_dir):
        FILES_FREE.set((await asyncio.to_thread(shutil.disk_usage, directory)).free)
