"""Register products with the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from contracts.resources import product
from contracts.wire import commands as names
from ledger.products import handlers, store
from ledger.products.state import LoadedProducts, ProductChanges, ProductPlan, take
from ledger.unit_of_work.capability import Capability, Entity
from ledger.unit_of_work.state import LoadedState, Participant, ReadPlan
from storage.pool import Connection

_SELECT: Final = """
SELECT v.* FROM ledger_api.product v
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON v.account_id = w.account_id AND v.id = w.id
"""


async def _load(conn: Connection, plan: ReadPlan, state: LoadedState) -> None:
    wanted, known = plan[ProductPlan], state[LoadedProducts]
    for found in await store.find(conn, keys=wanted.ids - known.products.keys(), identities=wanted.identities):
        known.know(found)


async def _save(conn: Connection, state: LoadedState, _now: datetime) -> None:
    taken = [changes for _, changes in state.changes_of(ProductChanges)]
    await store.insert(conn, products=[one for changes in taken for one in changes.new])
    await store.update(conn, products=[one for changes in taken for one in changes.changed])
    await store.remove(conn, products=[one for changes in taken for one in changes.removed])


PRODUCTS: Final = Capability(
    name="products",
    participant=Participant(load=_load, take=take, save=_save),
    entities={
        "product": Entity(
            _SELECT, lambda row, _urls: product.from_row(row), changed_by=(names.UPDATE_PRODUCT, names.REMOVE_PRODUCT)
        )
    },
    commands={
        names.CREATE_PRODUCT: handlers.CREATE_PRODUCT,
        names.UPSERT_PRODUCT: handlers.UPSERT_PRODUCT,
        names.UPDATE_PRODUCT: handlers.UPDATE_PRODUCT,
        names.REMOVE_PRODUCT: handlers.REMOVE_PRODUCT,
    },
)
