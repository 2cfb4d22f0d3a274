#!/usr/bin/env python3
"""Writes what a release is made of as CycloneDX 1.6: the crates that are linked, and none that only tests need.

One file for the functions, one for the command line. Cargo itself says which crates those are. Neither a time nor a
random number is in it, so the same lock gives the same file.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

import archive
import package as functions
from build import ROOT
from whole import SBOMS


def metadata(targets: tuple, features: list[str]) -> dict:
    command = ["cargo", "metadata", "--format-version", "1", "--locked", *features]
    for target in targets:
        command += ["--filter-platform", target]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def linked(nodes: dict, root: str) -> dict:
    """From the root on, by normal dependencies: what builds or tests is not part of what runs."""
    found, waiting = {}, [root]
    while waiting:
        package = waiting.pop()
        if package in found:
            continue
        deps = [d["pkg"] for d in nodes[package]["deps"] if any(k["kind"] is None for k in d["dep_kinds"])]
        found[package] = sorted(deps)
        waiting.extend(deps)
    return found


def component(package: dict, checksums: dict, kind: ComponentType) -> Component:
    name, version = package["name"], package["version"]
    checksum = checksums.get((name, version))
    return Component(
        type=kind,
        name=name,
        version=version,
        bom_ref=f"{name}@{version}",
        purl=PackageURL("cargo", None, name, version),
        licenses=[LicenseFactory().make_from_string(package["license"].replace("/", " OR "))]
        if package.get("license")
        else [],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)] if checksum else [],
        external_references=[
            ExternalReference(type=ExternalReferenceType.VCS, url=XsUri(package["repository"]))
        ]
        if package.get("repository")
        else [],
    )


def write(out: Path, targets: tuple, features: list[str]) -> None:
    known = metadata(targets, features)
    packages = {package["id"]: package for package in known["packages"]}
    nodes = {node["id"]: node for node in known["resolve"]["nodes"]}
    root = known["resolve"]["root"]
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    checksums = {(p["name"], p["version"]): p.get("checksum") for p in lock["package"]}
    graph = linked(nodes, root)
    made = {
        package: component(
            packages[package], checksums, ComponentType.APPLICATION if package == root else ComponentType.LIBRARY
        )
        for package in graph
    }
    bom = Bom()
    bom.metadata.component = made[root]
    bom.metadata.properties.add(Property(name="cargo:targets", value=",".join(targets)))
    bom.components.update(part for package, part in made.items() if package != root)
    for package, deps in graph.items():
        bom.register_dependency(made[package], [made[dep] for dep in deps])
    text = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1)
    document = json.loads(text)
    document.pop("serialNumber", None)
    document["metadata"].pop("timestamp", None)
    text = json.dumps(document, indent=1, sort_keys=True) + "\n"
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong:
        raise SystemExit(f"the SBOM is not valid CycloneDX: {wrong}")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text)
    print(f"SBOM: {len(made) - 1} crates: {out}")


def main(folder: Path) -> None:
    command_line, lambdas = (folder / name for name in SBOMS)
    write(command_line, archive.TARGETS, [])
    write(lambdas, tuple(functions.TARGETS.values()), functions.FEATURES)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
