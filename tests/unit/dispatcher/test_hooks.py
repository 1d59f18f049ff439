"""What a hook may be, and when two are the same: the dispatcher's pure rules."""

from __future__ import annotations

import base64

from chassis.egress import EgressPolicy
from trigger_dispatcher.hooks import rules

TARGET = "https://receiver.example/hook"


def test_a_secret_is_made_as_standard_webhooks_writes_it() -> None:
    secrets = {rules.new_secret() for _ in range(10)}
    assert len(secrets) == 10
    for secret in secrets:
        assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32


def test_order_and_repetition_make_no_other_hook() -> None:
    one = rules.fingerprint(TARGET, ["a", "b"], {"x": ["1", "2"], "y": ["3"]})
    assert one == rules.fingerprint(TARGET, ["b", "a", "b"], {"y": ["3"], "x": ["2", "1", "1"]})
    for other in (
        rules.fingerprint(TARGET + "2", ["a", "b"], {"x": ["1", "2"], "y": ["3"]}),
        rules.fingerprint(TARGET, ["a"], {"x": ["1", "2"], "y": ["3"]}),
        rules.fingerprint(TARGET, ["a", "b"], {"x": ["1"], "y": ["2", "3"]}),
        rules.fingerprint(TARGET, ["a", "b"], {}),
    ):
        assert other != one


def test_filter_values_are_kept_as_the_text_they_are_compared_by() -> None:
    assert rules.as_texts({"a": [1, "1", True, "x"]}) == {"a": ["1", "true", "x"]}


def test_an_unknown_trigger_is_named_with_what_there_is_instead() -> None:
    (near, far) = rules.trigger_faults(["sale.posted", "sale.done", "Sale"])
    assert (near.path, far.path) == ("triggers[1]", "triggers[2]")
    assert near.message.startswith("sale.done is not a trigger: there is sale.created")
    assert "webhook.received" in far.message


def test_a_filter_must_be_able_to_pass_something() -> None:
    assert rules.filter_faults({"sale_type": ["x"], "client.name": ["y"]}, ["client.created", "sale.posted"]) == []
    (fault,) = rules.filter_faults({"sale_type": ["x"]}, ["client.created"])
    assert (fault.path, fault.message) == ("filters.sale_type", "is not a field of client.created")
    assert rules.filter_faults({"body.order": ["x"]}, ["webhook.received"]) == []


def test_a_target_is_judged_by_the_installations_policy() -> None:
    assert rules.target_faults("http://receiver/hook", EgressPolicy.parse("receiver")) == []
    (fault,) = rules.target_faults("http://receiver/hook", EgressPolicy())
    assert fault.path == "target_url"


def test_a_number_on_an_amount_is_refused_since_amounts_are_text() -> None:
    (fault,) = rules.filter_faults({"total": [600]}, ["sale.posted"])
    assert (fault.path, "write it as text" in fault.message) == ("filters.total", True)
    assert rules.filter_faults({"lines.net": [7]}, ["sale.posted"]) != []
    assert rules.filter_faults({"total": ["600.00"], "pay_term.days": [14]}, ["sale.posted"]) == []
