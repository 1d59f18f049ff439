"""docker-compose.yml and the `.env` that `make env` writes: they fit together, and each service has its own secrets."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from chassis.broker_users import permissions_of, user_of
from chassis.settings import ServiceSettings, SettingsError
from contracts.wire.topology import QUEUES, ROLES, Service

ROOT = Path(__file__).parents[3]
COMPOSE = ROOT / "docker-compose.yml"
VARIABLE = re.compile(r"\$\{(\w+)(?::[-?][^}]*)?\}")
SERVICES = {"ingress", "ledger", "trigger_dispatcher", "action_executor"}
MIGRATIONS = {"migrate-ingress", "migrate-ledger", "migrate-dispatcher", "migrate-executor"}
OWN_PASSWORD = {
    "ingress": "INGRESS_DB_PASSWORD", "ledger": "LEDGER_DB_PASSWORD",
    "trigger_dispatcher": "TRIGGER_DISPATCHER_DB_PASSWORD", "action_executor": "ACTION_EXECUTOR_DB_PASSWORD",
}  # fmt: skip


def make_env(place: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(ROOT / "deploy" / "make_env.py"), str(place)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def values_of(place: Path) -> dict[str, str]:
    lines = (line for line in place.read_text().splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def variables_in(part: Any) -> set[str]:
    return set(VARIABLE.findall(yaml.safe_dump(part)))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load(COMPOSE.read_text()))


def test_the_file_has_the_form_that_both_generations_of_compose_take(compose: dict[str, Any]) -> None:
    assert "version" not in compose  # the second generation warns about it, the first takes a file without since 1.27
    assert {name for name in compose if not name.startswith("x-")} == {"services", "networks", "volumes"}
    services = compose["services"]
    assert services.keys() == SERVICES | MIGRATIONS | {"postgres", "rabbitmq", "console", "broker-users"}
    for name, service in services.items():
        assert "image" in service, name
        for other, how in service.get("depends_on", {}).items():
            assert other in services, (name, other)
            assert how["condition"] in {"service_healthy", "service_completed_successfully"}
            assert how["condition"] != "service_healthy" or "healthcheck" in services[other]
        assert all(isinstance(value, str) for value in service.get("environment", {}).values()), name


def test_every_variable_of_the_compose_file_is_in_the_file_that_make_env_writes(tmp_path: Path) -> None:
    assert make_env(tmp_path / ".env").returncode == 0
    assert set(VARIABLE.findall(COMPOSE.read_text())) == values_of(tmp_path / ".env").keys()
    assert "$" not in VARIABLE.sub("", COMPOSE.read_text())


def test_the_secrets_are_fresh_all_different_and_for_their_owner_alone(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert (make_env(first).returncode, make_env(second).returncode) == (0, 0)
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    secrets = [value for place in (first, second) for name, value in values_of(place).items()
               if name.endswith(("PASSWORD", "SECRET_KEYS"))]  # fmt: skip
    assert len(secrets) == len(set(secrets)) == 24
    assert all(len(secret) >= 32 for secret in secrets)


def test_a_file_that_is_there_is_never_written_and_what_it_lacks_is_named(tmp_path: Path) -> None:
    place = tmp_path / ".env"
    place.write_text("POSTGRES_PASSWORD=mine\n")
    refused = make_env(place)
    assert refused.returncode == 1
    assert "RABBITMQ_PASSWORD" in refused.stderr
    assert "POSTGRES_PASSWORD" not in refused.stderr
    assert place.read_text() == "POSTGRES_PASSWORD=mine\n"
    complete = tmp_path / "complete"
    make_env(complete)
    before = complete.read_text()
    assert make_env(complete).returncode == 0
    assert complete.read_text() == before


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_gets_the_secrets_that_it_needs_and_no_others(compose: dict[str, Any], name: str) -> None:
    given = variables_in(compose["services"][name]["environment"])
    secrets = {one for one in given if one.endswith("PASSWORD") or one == "LEDGERWIRE_SECRET_KEYS"}
    encrypts = set() if name == "ledger" else {"LEDGERWIRE_SECRET_KEYS"}
    assert secrets == {OWN_PASSWORD[name], OWN_PASSWORD[name].replace("_DB_", "_BROKER_")} | encrypts


@pytest.mark.parametrize("name", sorted(SERVICES | MIGRATIONS | {"console", "broker-users"}))
def test_our_containers_have_no_rights_and_bounds(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "pids_limit", "tmpfs"} <= service.keys()


def test_only_the_executor_is_on_a_network_that_leads_out_and_publishes_nothing(compose: dict[str, Any]) -> None:
    networks = {name: set(service["networks"]) for name, service in compose["services"].items()}
    assert compose["networks"]["data"] == {"internal": True}
    assert [name for name, its in networks.items() if "outward" in its] == ["action_executor"]
    assert {name for name, service in compose["services"].items() if "ports" in service} == {"ingress", "console"}
    assert {name for name, its in networks.items() if "edge" in its} == {"ingress", "console"}


def test_each_service_is_the_database_role_and_the_broker_user_of_its_name(compose: dict[str, Any]) -> None:
    for service, role in ROLES.items():
        given = compose["services"][service]["environment"]
        assert given["LEDGERWIRE_POSTGRES_DSN"] == f"postgresql://{role}@postgres/ledgerwire"
        assert given["LEDGERWIRE_AMQP_URL"] == f"amqp://{user_of(service)}@rabbitmq:5672/"


@pytest.mark.parametrize("service", sorted(ROLES))
def test_a_user_of_the_broker_may_read_and_declare_its_own_queues_only(service: Service) -> None:
    permitted = permissions_of(service)
    for queue in QUEUES:
        own = queue.consumer == service
        for name in (queue.name, queue.dead):
            assert bool(re.search(permitted.read, name)) == own, name
            assert bool(re.search(permitted.configure, name)) == own, name
    assert not re.search(permitted.write, "ledger.commands")
    assert re.search(permitted.write, "amq.default")


@pytest.mark.parametrize("password", ["p@ss/w:rd", "50%#?&=+", 'it\'s "quoted"', "läß $HOME"])
def test_a_password_may_have_any_characters(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    monkeypatch.setenv("LEDGERWIRE_POSTGRES_DSN", "postgresql://ledgerwire_ledger@postgres/ledgerwire")
    monkeypatch.setenv("LEDGERWIRE_POSTGRES_PASSWORD", password)
    monkeypatch.setenv("LEDGERWIRE_AMQP_URL", "amqp://ledgerwire_ledger@rabbitmq:5672/")
    monkeypatch.setenv("LEDGERWIRE_AMQP_PASSWORD", password)
    settings = ServiceSettings.read()
    assert settings.broker is not None
    for address, host in ((settings.database, "postgres"), (settings.broker, "rabbitmq")):
        parts = urlsplit(address)
        assert (unquote(parts.password or ""), parts.hostname) == (password, host)


def test_a_password_beside_an_address_without_a_user_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGERWIRE_POSTGRES_DSN", "postgresql://postgres/ledgerwire")
    monkeypatch.setenv("LEDGERWIRE_POSTGRES_PASSWORD", "secret")
    with pytest.raises(SettingsError, match="postgres_dsn must name the user"):
        ServiceSettings.read()


def test_the_console_gets_the_key_of_its_cookies_and_no_other_secret(compose: dict[str, Any]) -> None:
    given = variables_in(compose["services"]["console"]["environment"])
    assert {one for one in given if one.endswith(("PASSWORD", "SECRET_KEYS"))} == {"CONSOLE_SECRET_KEYS"}


def test_each_migration_gives_its_service_a_password_of_its_own(compose: dict[str, Any]) -> None:
    given = [
        variables_in(compose["services"][name]["environment"]["LEDGERWIRE_ROLE_PASSWORD"])
        for name in sorted(MIGRATIONS)
    ]
    assert sorted(name for names in given for name in names) == sorted(OWN_PASSWORD.values())
    for name in MIGRATIONS:
        assert "POSTGRES_PASSWORD" in variables_in(compose["services"][name]["environment"])


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ROLE_PASSWORD", "change-me"),
        ("POSTGRES_DSN", "postgresql://ledgerwire:change-me@postgres/ledgerwire"),
        ("POSTGRES_PASSWORD", "change-me"),
        ("AMQP_URL", "amqp://ledgerwire:change-me@rabbitmq/"),
    ],
)
def test_a_placeholder_is_no_secret(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv("LEDGERWIRE_POSTGRES_DSN", "postgresql://localhost/ledgerwire")
    monkeypatch.setenv(f"LEDGERWIRE_{variable}", value)
    with pytest.raises(SettingsError, match=rf"LEDGERWIRE_{variable}: .*placeholder change-me.*make env"):
        ServiceSettings.read()


@pytest.mark.slow
def test_a_service_cannot_get_the_password_of_the_databases_owner() -> None:
    dsn = "postgresql://owner:s%40me@localhost/ledgerwire"
    environment = os.environ | {"LEDGERWIRE_POSTGRES_DSN": dsn, "LEDGERWIRE_ROLE_PASSWORD": "s@me"}
    command = [sys.executable, "-m", "ledger", "migrate"]
    refused = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "LEDGERWIRE_ROLE_PASSWORD: must differ from the database owner's" in refused.stderr
