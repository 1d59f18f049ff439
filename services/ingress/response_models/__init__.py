"""Response models of what ingress itself owns and answers; other resources are in `contracts.resources`.

Nothing is checked against these models when answering: tests hold every answer to its model instead.
"""

from __future__ import annotations

from ingress.response_models.access import (
    Account,
    Caller,
    Channel,
    Deleted,
    DeletedToken,
    KeyPair,
    LastMessage,
    Me,
    NewCredential,
    NewKeyPair,
    NewToken,
    Operation,
    PushReceipt,
    Token,
)
from ingress.response_models.base import PendingOperation, Problem, ProblemFault
from ingress.response_models.catalog import Action, Change, DryRun, LocalizedTexts, OutputField, Trigger, TriggerFilter
from ingress.response_models.journey import Journey, JourneyEntry

__all__ = [
    "Account",
    "Action",
    "Caller",
    "Change",
    "Channel",
    "Deleted",
    "DeletedToken",
    "DryRun",
    "Journey",
    "JourneyEntry",
    "KeyPair",
    "LastMessage",
    "LocalizedTexts",
    "Me",
    "NewCredential",
    "NewKeyPair",
    "NewToken",
    "Operation",
    "OutputField",
    "PendingOperation",
    "Problem",
    "ProblemFault",
    "PushReceipt",
    "Token",
    "Trigger",
    "TriggerFilter",
]
