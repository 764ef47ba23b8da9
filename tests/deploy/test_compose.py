"""What `docker compose` makes of deploy/compose.yaml, with one broker and with three."""

from __future__ import annotations

import fnmatch
import json
import re
import tomllib

import pytest
import typer
import yaml

from suyuan.cli.main import app
from suyuan.portal.secrecy import verify
from suyuan.runtime.portal_address import portal_address
from suyuan.runtime.settings import Settings
from suyuan.sinks.clickhouse import CHDB_FILE
from tests.docs.pages import ROOT

pytestmark = pytest.mark.timeout(1800)  # the first that asks for a tool waits until it is built

DEPLOY = ROOT / "deploy"
OURS = ("topics", "worker", "loader", "portal", "jobs")
THREE = ("--env-file", "deploy/three-brokers.env")
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+(\.\d+)+(-[\w.-]+)?")


@pytest.fixture(scope="module", params=[(), THREE], ids=["one broker", "three brokers"])
def options(request):
    return request.param


@pytest.fixture(scope="module")
def config(docker_compose, options):
    return json.loads(docker_compose("-f", "deploy/compose.yaml", *options, "config", "--format", "json"))


@pytest.fixture(scope="module")
def services(config):
    return config["services"]


def names(text):
    """`a:1,b:2` and `X://a:1,Y://b:2` as sets of host:port."""
    return set(re.findall(r"[\w.-]+:\d+", text))


def test_there_are_as_many_brokers_as_asked_for(services, options):
    brokers = {name: service["environment"] for name, service in services.items() if name.startswith("kafka-")}
    assert len(brokers) == (3 if options else 1)
    assert services.keys() - brokers.keys() == {*OURS, "clickhouse", "prometheus", "grafana"}
    controllers = {f"{broker['KAFKA_NODE_ID']}@{name}:9093" for name, broker in brokers.items()}
    inside = {
        listener.removeprefix("INSIDE://")
        for broker in brokers.values()
        for listener in broker["KAFKA_ADVERTISED_LISTENERS"].split(",")
        if listener.startswith("INSIDE://")
    }
    assert inside == {f"{name}:9092" for name in brokers}
    for broker in brokers.values():
        assert set(broker["KAFKA_CONTROLLER_QUORUM_VOTERS"].split(",")) == controllers
        assert int(broker["KAFKA_DEFAULT_REPLICATION_FACTOR"]) == len(brokers)
    for name in OURS:
        environment = services[name]["environment"]
        assert names(environment["SUYUAN_KAFKA"]) == inside
        assert int(environment["SUYUAN_KAFKA_REPLICATION"]) == len(brokers)


def test_a_broker_is_reached_from_the_machine_where_it_says_that_it_is(services):
    for name, service in services.items():
        if name.startswith("kafka-"):
            (port,) = service["ports"]
            advertised = f"HOST://localhost:{port['published']}"
            assert advertised in service["environment"]["KAFKA_ADVERTISED_LISTENERS"].split(",")
            assert f"HOST://:{port['target']}" in service["environment"]["KAFKA_LISTENERS"].split(",")


def test_every_service_is_bounded_and_has_few_rights(services):
    for name, service in services.items():
        limits = service["deploy"]["resources"]["limits"]
        assert limits["cpus"] <= 2, f"{name} does not start on a machine of two cores"
        assert int(limits["memory"]) > 0
        assert service["user"].partition(":")[0] not in {"", "0", "root"}, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("read_only") or name.startswith("kafka-"), name
        assert not service.get("privileged"), name
        assert ("healthcheck" in service) == (name != "topics"), name
        assert service["logging"]["options"]["max-size"], name


def test_what_listens_listens_on_this_machine_only(config):
    ports = [port for service in config["services"].values() for port in service.get("ports", [])]
    assert ports
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}
    assert config["networks"]["inside"]["internal"] is True
    for name in OURS:
        outside = {"outside"} if name in {"portal", "jobs"} else set()
        assert set(config["services"][name]["networks"]) == {"inside"} | outside


def test_images_are_pinned(services):
    for name, service in services.items():
        assert PINNED.fullmatch(service["image"]), (name, service["image"])
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert services["worker"]["image"] == f"suyuan:{version}"


def test_parts_start_in_order(services):
    for name in ("worker", "loader", "portal", "jobs"):
        assert services[name]["depends_on"]["topics"]["condition"] == "service_completed_successfully"
    for name in ("loader", "portal"):
        assert services[name]["depends_on"]["clickhouse"]["condition"] == "service_healthy"
    for name in services:
        if name.startswith("kafka-"):
            assert services["topics"]["depends_on"][name]["condition"] == "service_healthy"


def test_workers_are_as_many_as_asked_for_and_share_no_folder(docker_compose, tmp_path):
    environment = tmp_path / "env"
    environment.write_text("SUYUAN_WORKERS=3\nSUYUAN_PARTITIONS=12\n", encoding="utf-8")
    arguments = ("-f", "deploy/compose.yaml", "--env-file", environment, "config", "--format", "json")
    worker = json.loads(docker_compose(*arguments))["services"]["worker"]
    assert worker["deploy"]["replicas"] == 3
    assert worker["environment"]["SUYUAN_PARTITIONS"] == "12"
    (volume,) = worker["volumes"]
    assert volume["target"] == "/var/lib/suyuan"
    assert "source" not in volume
    assert "container_name" not in worker


def test_no_secret_is_in_an_environment_or_in_the_repository(config):
    for name, service in config["services"].items():
        for variable, value in service.get("environment", {}).items():
            if "PASSWORD" in variable or variable.endswith("KEY_FILE"):
                assert re.search(r"_FILE$", variable), (name, variable)
                assert value.removeprefix("/run/secrets/") in {secret["source"] for secret in service["secrets"]}
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    for secret in config["secrets"].values():
        assert secret["file"].startswith(str(DEPLOY / "secrets"))
    assert "/deploy/secrets/" in ignored


@pytest.mark.parametrize("name", OURS)
def test_our_services_have_settings_that_the_command_takes(services, name, tmp_path, monkeypatch):
    environment = services[name]["environment"]
    settings = {variable for variable in environment if variable.startswith("SUYUAN_")}
    assert settings <= {f"SUYUAN_{field.upper()}" for field in Settings.model_fields}
    password, file = "not to be guessed", tmp_path / "password"
    file.write_text(f"{password}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)  # where no .env is
    for variable in settings:
        value = environment[variable]
        monkeypatch.setenv(variable, str(file) if value.startswith("/run/secrets/") else value)
    loaded = Settings()
    assert loaded.kafka_connection().servers == tuple(environment["SUYUAN_KAFKA"].split(","))
    if name == "portal":
        verify(loaded)
        assert portal_address(loaded) == f"http://127.0.0.1:{services[name]['ports'][0]['published']}"
    if name in {"portal", "jobs"}:
        assert loaded.seal_key_file == file
    if name in {"loader", "portal"}:
        assert loaded.clickhouse_settings().password == password
        assert loaded.clickhouse_settings().place == "clickhouse:8123"


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_commands_that_there_are(services, name):
    command = typer.main.get_command(app)
    for word in services[name]["command"]:
        command = command.commands[word]


def test_what_is_mounted_is_there(config):
    for service in config["services"].values():
        for volume in service.get("volumes", []):
            if volume["type"] == "bind":
                assert (ROOT / volume["source"]).exists(), volume["source"]
                assert volume["read_only"]


def test_prometheus_asks_each_service_where_it_answers(services):
    read = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text(encoding="utf-8"))
    jobs = {job["job_name"]: job for job in read["scrape_configs"]}
    for name in ("worker", "loader"):
        (found,) = jobs[name]["dns_sd_configs"]
        assert found["names"] == [name]
        assert found["port"] == int(services[name]["environment"]["SUYUAN_METRICS_PORT"])
        assert f":{found['port']}/metrics" in services[name]["healthcheck"]["test"][-1]
    (portal,) = jobs["portal"]["static_configs"]
    assert portal == {"targets": [f"portal:{services['portal']['environment']['SUYUAN_METRICS_PORT']}"]}
    (delivering,) = jobs["jobs"]["static_configs"]
    assert delivering == {"targets": [f"jobs:{services['jobs']['environment']['SUYUAN_METRICS_PORT']}"]}
    assert jobs["clickhouse"]["static_configs"] == [{"targets": ["clickhouse:9363"]}]
    assert "<port>9363</port>" in (DEPLOY / "clickhouse/server.xml").read_text(encoding="utf-8")


def test_grafana_finds_what_is_provisioned(services):
    mounted = {volume["target"]: volume["source"] for volume in services["grafana"]["volumes"]}
    provisioning = DEPLOY / "grafana/provisioning"
    assert mounted["/etc/grafana/provisioning"] == str(provisioning)
    (provider,) = yaml.safe_load((provisioning / "dashboards/suyuan.yaml").read_text(encoding="utf-8"))["providers"]
    folder = provider["options"]["path"]
    assert mounted[folder] == str(DEPLOY / "grafana/dashboards")
    home = services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (DEPLOY / "grafana/dashboards" / home.removeprefix(f"{folder}/")).is_file()
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yaml").read_text(encoding="utf-8"))[
        "datasources"
    ]
    assert source["url"] == "http://prometheus:9090"


def test_the_image_is_pinned_unprivileged_and_holds_the_package(services):
    dockerfile = (DEPLOY / "docker/Dockerfile").read_text(encoding="utf-8")
    bases = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)
    assert len(bases) == 2
    assert all(PINNED.fullmatch(base) for base in bases)
    assert re.findall(r"^USER (\S+)", dockerfile, re.MULTILINE) == [services["worker"]["user"]]
    assert dockerfile.count("-c constraints.txt") == dockerfile.count("pip install") == 2
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    left_out = (DEPLOY / "docker/Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    rooms = {link.name for link in (ROOT / "suyuan").iterdir() if link.is_symlink()}
    needed = {"suyuan", *rooms, project["project"]["readme"], "constraints.txt"}
    assert {name for name in needed for pattern in left_out if fnmatch.fnmatch(name, pattern)} == set()
    assert {".git", ".venv", "deploy", "tests"} == {
        name for name in (".git", ".venv", "deploy", "tests") for pattern in left_out if fnmatch.fnmatch(name, pattern)
    }


def test_a_server_packs_what_merges_leave_as_the_embedded_engine_does():
    server, embedded = (
        re.search(r"<compression>.*</compression>", path.read_text(encoding="utf-8"), re.DOTALL)
        for path in (DEPLOY / "clickhouse/server.xml", CHDB_FILE)
    )
    assert server
    assert embedded
    assert server.group() == embedded.group()
