"""Build a kustomization in Python, as far as ours use it: resources, patches by name, replicas, images, namespace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import yaml

Manifest = dict[str, Any]

KNOWN: Final = {"apiVersion", "kind", "namespace", "resources", "replicas", "images", "patches"}


def build(folder: Path) -> list[Manifest]:
    """The manifests of a kustomization's folder.

    Raises:
        AssertionError: it uses what is not built here.
    """
    wanted: Manifest = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    assert not (more := wanted.keys() - KNOWN), f"{folder}: {more}"
    found: list[Manifest] = []
    for name in wanted["resources"]:
        place = (folder / name).resolve()
        found += build(place) if place.is_dir() else load(place)
    for patch in wanted.get("patches", []):
        for change in load(folder / patch["path"]):
            _merge(_the(found, change["kind"], change["metadata"]["name"]), change)
    for replicas in wanted.get("replicas", []):
        _the(found, "Deployment", replicas["name"])["spec"]["replicas"] = replicas["count"]
    images = {image["name"]: f"{image['newName']}:{image['newTag']}" for image in wanted.get("images", [])}
    for manifest in found:
        for container in containers_of(manifest):
            container["image"] = images.get(container["image"], container["image"])
        if "namespace" in wanted:
            manifest["metadata"]["namespace"] = wanted["namespace"]
    return found


def load(path: Path) -> list[Manifest]:
    """The manifests of a file."""
    # By JSON's rules an alias is a copy: two containers never share one object.

    return [json.loads(json.dumps(one)) for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))]


def containers_of(manifest: Manifest) -> list[Manifest]:
    """The containers of a Deployment or a Job, those that run first included."""
    pod = manifest.get("spec", {}).get("template", {}).get("spec", {})
    return [*pod.get("initContainers", []), *pod.get("containers", [])]


def _the(found: list[Manifest], kind: str, name: str) -> Manifest:
    (one,) = [each for each in found if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return one


def _merge(into: Any, change: Any) -> Any:
    """Merge as Kubernetes does: objects by key, lists of named things by name, other lists whole."""
    if isinstance(into, dict) and isinstance(change, dict):
        for key, value in change.items():
            into[key] = _merge(into[key], value) if key in into else value
        return into
    if isinstance(into, list) and isinstance(change, list) and all("name" in one for one in [*into, *change]):
        named = {one["name"]: one for one in into}
        for one in change:
            named[one["name"]] = _merge(named.get(one["name"], {}), one)
        return list(named.values())
    return change
