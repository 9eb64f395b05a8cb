"""The files for Docker and Kubernetes fit their schemas, and name what there is."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from engine.cli import app
from engine.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
TOOLS = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"],
        ["kubernetes-validate", "--strict", "--quiet", "kubernetes.yaml"],
        ["caddy", "validate", "--config", "Caddyfile", "--adapter", "caddyfile"],
    ],
    ids=lambda command: command[-1] if command[0] != "caddy" else "Caddyfile",
)
def test_a_file_fits_its_schema(command: list[str], tmp_path: Path) -> None:
    program = str(TOOLS / command[0])
    environment = {**os.environ, "HOME": str(tmp_path), "SITE_ADDRESS": "localhost"}

    checked = subprocess.run(
        [program, *command[1:]], cwd=DEPLOY, env=environment, capture_output=True, timeout=60
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", ["compose.yaml", "kubernetes.yaml", "env.example"])
def test_every_setting_that_is_named_exists(name: str) -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+", (DEPLOY / name).read_text()))

    assert named - {"API_ENGINE_IMAGE_TAG"} <= known


def test_every_command_that_is_run_exists() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    manifests = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))
    run = [service["command"] for service in compose["services"].values() if "command" in service]
    for manifest in manifests:
        containers = (
            manifest.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])
        )
        run += [container["args"] for container in containers]
    asked = {command[1] for command in run if command[0] == "api-engine"}
    commands = {
        each.name or getattr(each.callback, "__name__", "") for each in app.registered_commands
    }

    assert asked == {"serve", "dashboard", "worker", "migrate"}
    assert asked <= commands


def test_a_process_may_finish_before_it_is_killed() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    sidecar = compose["services"]["sidecar"]
    environment = sidecar["environment"]
    needed = sum(
        float(environment[f"{PREFIX}{name}"]) for name in ("STOP_DELAY_SECONDS", "DRAIN_SECONDS")
    )

    assert float(sidecar["stop_grace_period"].removesuffix("s")) > needed
