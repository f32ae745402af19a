"""The image and the manifests, judged by the tools of their trade."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
# Those of the operator are no kinds of Kubernetes itself, so no schema here knows them.
MANIFESTS = [
    path for folder in (".", "ingress", "batch") for path in (ROOT / "k8s" / folder).glob("*.yaml")
]
OLDEST = "1.30"


def run(*command: str) -> None:
    """Run a tool in the project's folder; fail with what it says unless it is content."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def schemas() -> Any:
    """Kubernetes's own schemas, of every version from 1.25 on."""
    return pytest.importorskip("kubernetes_validate")


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: f"{path.parent.name}/{path.name}")
@pytest.mark.parametrize("which", ["oldest", "newest"])
def test_manifest_is_valid(schemas: Any, path: Path, which: str) -> None:
    """The oldest and the newest Kubernetes know the kind and every field, none removed."""
    version = OLDEST if which == "oldest" else schemas.latest_version()
    schemas.validate(yaml.safe_load(path.read_text()), version, strict=True)


def test_unknown_kinds_and_fields_are_refused(schemas: Any) -> None:
    """A removed version of an API is no mere warning, nor is a field that does not exist."""
    budget = yaml.safe_load((ROOT / "k8s" / "pdb.yaml").read_text())
    with pytest.raises(schemas.SchemaNotFoundError):
        schemas.validate(budget | {"apiVersion": "policy/v1beta1"}, OLDEST, strict=True)
    with pytest.raises(schemas.ValidationError):
        schemas.validate(budget | {"spec": {"maxUnavailble": 1}}, OLDEST, strict=True)


def test_hadolint(tool: Callable[[str], str]) -> None:
    """The Dockerfile follows the good practices that hadolint knows."""
    run(tool("hadolint"), "Dockerfile")


@pytest.mark.parametrize(("framework", "what"), [("kubernetes", "k8s"), ("dockerfile", ".")])
def test_checkov(tool: Callable[[str], str], framework: str, what: str) -> None:
    """No security check of checkov fails; those that are skipped give their reason in place."""
    options = ["--compact", "--quiet", "--skip-download", "--skip-path", r"\.venv"]
    run(tool("checkov"), "--directory", what, "--framework", framework, *options)


def test_shellcheck(tool: Callable[[str], str]) -> None:
    """The repository's shell scripts are without the mistakes that shellcheck knows."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    scripts = [
        name
        for name in listed.stdout.splitlines()
        if (ROOT / name).read_bytes().startswith((b"#!/usr/bin/env bash", b"#!/bin/sh"))
    ]
    assert ".ci/run" in scripts
    run(tool("shellcheck"), *scripts)


def test_kubectl_reads_every_manifest(tool: Callable[[str], str], tmp_path: Path) -> None:
    """Kubernetes's own parser takes all files, which it does not for every YAML."""
    for path in (ROOT / "k8s").rglob("*.yaml"):
        (tmp_path / f"{path.parent.name}-{path.name}").write_bytes(path.read_bytes())
    resources = sorted(path.name for path in tmp_path.glob("*.yaml"))
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump({"resources": resources}))
    run(tool("kubectl"), "kustomize", str(tmp_path))
