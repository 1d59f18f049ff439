"""Remove the files of erased persons, which the ledger names: from ingress's housekeeping."""

from __future__ import annotations

from typing import Final

from storage.blobs import BlobStore
from storage.pool import Pool

FILES_MAX: Final = 1_000  # a round
LOOK_BACK_DAYS: Final = 30  # an erasure is seen also after weeks without a running ingress

_FIND: Final = """
SELECT account_id, sha256, erased_at FROM ledger_api.erased_file e
 WHERE erased_at > now() - make_interval(days => $1)
   AND (erased_at > now() - interval '1 day' -- also what an older version stores, which does not count
        OR EXISTS (SELECT FROM ingress.stored_file f WHERE f.account_id = e.account_id AND f.sha256 = e.sha256))
 ORDER BY erased_at DESC LIMIT $2
"""


async def remove(pool: Pool, files: BlobStore) -> None:
    """Remove them; what was removed before is no error, and what was stored again since stays."""
    for row in await pool.fetch(_FIND, LOOK_BACK_DAYS, FILES_MAX):
        await files.remove(row["account_id"], row["sha256"], before=row["erased_at"])
