"""The Kubernetes manifests: valid against the API's schemas, hardened, and each service with its own secrets only."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import kubernetes_validate
import pytest
import yaml

from chassis.broker_users import user_of
from contracts.wire.topology import QUEUES, ROLES
from tests.support.kustomize import Manifest, build, containers_of

OVERLAYS: Final = Path("deploy/kubernetes/overlays")
NAMES: Final = sorted(path.name for path in OVERLAYS.iterdir())
OF_OPERATORS: Final = {("rabbitmq.com/v1beta1", "RabbitmqCluster"), ("postgresql.cnpg.io/v1", "Cluster")}
API_VERSION: Final = "1.31"


@pytest.fixture(params=NAMES)
def manifests(request: pytest.FixtureRequest) -> list[Manifest]:
    return build(OVERLAYS / request.param)


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] == kind}


def test_each_manifest_is_valid_against_the_schemas_of_the_api(manifests: list[Manifest]) -> None:
    for manifest in manifests:
        if (manifest["apiVersion"], manifest["kind"]) not in OF_OPERATORS:
            kubernetes_validate.validate(manifest, API_VERSION, strict=True)


def test_a_wrong_field_is_found(manifests: list[Manifest]) -> None:
    deployment = of_kind(manifests, "Deployment")["ledger"]
    deployment["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, API_VERSION, strict=True)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_built_here_is_what_kustomize_builds(name: str) -> None:
    if (kubectl := shutil.which("kubectl")) is None:
        assert build(OVERLAYS / name)
        return
    ran = subprocess.run([kubectl, "kustomize", str(OVERLAYS / name)], capture_output=True, check=True, timeout=60)

    def spelled(manifests: list[Any]) -> list[str]:
        return sorted(json.dumps(one, sort_keys=True) for one in manifests)

    assert spelled(list(yaml.safe_load_all(ran.stdout))) == spelled(build(OVERLAYS / name))


def test_each_container_is_hardened_and_bounded(manifests: list[Manifest]) -> None:
    for manifest in manifests:
        for container in containers_of(manifest):
            pod = manifest["spec"]["template"]["spec"]["securityContext"]
            assert (pod["runAsNonRoot"], pod["runAsUser"]) == (True, 10001)
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert "memory" in container["resources"]["limits"], container["name"]


def test_each_deployment_has_its_probes_and_its_disruption_budget(manifests: list[Manifest]) -> None:
    budgets = of_kind(manifests, "PodDisruptionBudget")
    deployments = of_kind(manifests, "Deployment")
    assert deployments.keys() == {*(name.replace("_", "-") for name in ROLES), "console"}
    for name, deployment in deployments.items():
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys()
        assert budgets[name]["spec"]["selector"] == deployment["spec"]["selector"]
        assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_secrets_are_references_and_a_service_gets_its_own_only(manifests: list[Manifest]) -> None:
    for name, deployment in of_kind(manifests, "Deployment").items():
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        values = {one["name"]: one.get("value") for one in container["env"]}
        secret = {one["valueFrom"]["secretKeyRef"]["name"] for one in container["env"] if "valueFrom" in one}
        assert secret <= {f"{name}-secrets", "ledgerwire-keys"}
        assert ("ledgerwire-keys" in secret) == (name in {"ingress", "trigger-dispatcher", "action-executor"})
        hidden = [one for one in values if one.endswith(("PASSWORD", "KEYS", "SMTP_URL", "SMS_URL"))]
        assert [values[one] for one in hidden] == [None] * len(hidden)


def test_each_service_is_the_database_role_and_the_broker_user_of_its_name(manifests: list[Manifest]) -> None:
    deployments = of_kind(manifests, "Deployment")
    for service, role in ROLES.items():
        (container,) = deployments[service.replace("_", "-")]["spec"]["template"]["spec"]["containers"]
        values = {one["name"]: one.get("value", "") for one in container["env"]}
        assert values["LEDGERWIRE_POSTGRES_DSN"].startswith(f"postgresql://{role}@")
        assert values["LEDGERWIRE_AMQP_URL"].startswith(f"amqp://{user_of(service)}@")


def test_only_the_executor_may_call_out(manifests: list[Manifest]) -> None:
    policies = of_kind(manifests, "NetworkPolicy")
    outward = [name for name, one in policies.items() if "ipBlock" in json.dumps(one["spec"].get("egress", []))]
    assert outward == ["outward"]
    assert policies["outward"]["spec"]["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "action-executor"}
    assert policies["deny-all"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_replicas_grow_with_the_age_of_their_queue() -> None:
    scalers = of_kind(build(OVERLAYS / "large"), "HorizontalPodAutoscaler")
    watched = [
        queue
        for scaler in scalers.values()
        for metric in scaler["spec"]["metrics"]
        if metric["type"] == "External"
        for queue in metric["external"]["metric"]["selector"]["matchExpressions"][0]["values"]
    ]
    assert sorted(watched) == sorted(queue.name for queue in QUEUES if queue.subqueue != "large")
