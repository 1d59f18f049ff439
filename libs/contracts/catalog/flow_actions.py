"""The actions that steer a run itself: go on or not, wait, choose, repeat."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final
from uuid import UUID

from contracts.catalog import flow_inputs
from contracts.catalog.model import Action, LocalizedText
from contracts.resources.output import ResponseModel


class FilterResult(ResponseModel):
    """Whether the condition holds."""

    passed: bool


class DelayResult(ResponseModel):
    """When a delay that began now would end."""

    until: dt.datetime


class BranchResult(ResponseModel):
    """The number of the branch that was taken, from 0; null for none. Its steps have ended."""

    branch: int | None


class ForEachResult(ResponseModel):
    """How many items there were, the numbers of those with a failed step, and what the last step of each gave.

    `outputs` is null where all of them are too large together.
    """

    count: int
    failed: list[int]
    outputs: list[Any] | None


class Decider(ResponseModel):
    """Who decided: a credential, or the holder of a link (`id` is null, `name` the address that it was mailed to)."""

    kind: str
    id: UUID | None
    name: str | None


class ApproveResult(ResponseModel):
    """What was decided, by whom and when."""

    approved: bool
    by: Decider
    comment: str | None
    at: dt.datetime
    expires_at: dt.datetime


FLOW: Final = (
    Action(
        "filter",
        "flow",
        LocalizedText("Filter", "Filtre", "Filtro"),
        LocalizedText(
            "Goes on only when a condition, or a group of them (all, any, not), holds; else the run ends as filtered.",
            "Continue si une condition ou un groupe de conditions est rempli ; sinon l'exécution est filtrée.",
            "Continúa solo si se cumple una condición o un grupo de ellas; si no, la ejecución termina filtrada.",
        ),
        flow_inputs.FilterStep,
        {"passed": True},
        "exactly_once",
        available=True,
        response_model=FilterResult,
        only_decides=True,
    ),
    Action(
        "delay",
        "flow",
        LocalizedText("Delay", "Attente", "Espera"),
        LocalizedText(
            "Waits for a time, until one, or for the next business day.",
            "Attend un certain temps, jusqu'à une date, ou jusqu'au prochain jour ouvré.",
            "Espera un tiempo, hasta una fecha o hasta el próximo día laborable.",
        ),
        flow_inputs.Delay,
        {"until": "2026-03-05T09:30:00+00:00"},
        "exactly_once",
        available=True,
        response_model=DelayResult,
        only_decides=True,
    ),
    Action(
        "branch",
        "flow",
        LocalizedText("Branch", "Embranchement", "Bifurcación"),
        LocalizedText(
            "Takes the steps of the first branch whose condition holds; one without a condition always does.",
            "Suit la première branche dont la condition est remplie ; sans condition, elle l'est toujours.",
            "Sigue los pasos de la primera rama cuya condición se cumple; sin condición, se cumple siempre.",
        ),
        flow_inputs.Branch,
        {"branch": 0},
        "exactly_once",
        available=True,
        response_model=BranchResult,
    ),
    Action(
        "for_each",
        "flow",
        LocalizedText("For each", "Pour chaque", "Para cada"),
        LocalizedText(
            "Takes its steps once for each item of a list of at most 100, such as the lines of a document.",
            "Exécute ses étapes pour chaque élément d'une liste d'au plus 100, comme les lignes d'un document.",
            "Ejecuta sus pasos por cada elemento de una lista de hasta 100, como las líneas de un documento.",
        ),
        flow_inputs.ForEach,
        {"count": 2, "failed": [], "outputs": []},
        "exactly_once",
        available=True,
        response_model=ForEachResult,
        untemplated_input=flow_inputs.ForEachOfList,
    ),
    Action(
        "approve",
        "flow",
        LocalizedText("Approve", "Approbation", "Aprobación"),
        LocalizedText(
            "Waits until a person approves, over the API or by a link in a mail; a refusal ends the run as cancelled.",
            "Attend qu'une personne approuve, par l'API ou un lien envoyé par e-mail ; un refus annule l'exécution.",
            "Espera a que una persona apruebe, por la API o un enlace enviado por correo; un rechazo la cancela.",
        ),
        flow_inputs.Approve,
        {
            "approved": True,
            "by": {"kind": "user", "id": "0198f7c4-5a00-7c3e-9d1b-6f2a4b8c0d1e", "name": "anna"},
            "comment": None,
            "at": "2026-03-02T09:31:00+00:00",
            "expires_at": "2026-03-09T09:30:00+00:00",
        },
        "exactly_once",
        available=True,
        response_model=ApproveResult,
    ),
)
