"""What a release says is in its image: `.ci/sbom` about the program, with either engine of TLS."""

import json
import os
import re
import subprocess

import pytest

from actions import ROOT


@pytest.fixture(scope="module")
def sbom(binary):
    made = subprocess.run([os.path.join(ROOT, ".ci/sbom"), binary], check=True, stdout=subprocess.PIPE, env={**os.environ, "SOURCE_DATE_EPOCH": "86400"})
    return json.loads(made.stdout)


def test_it_names_what_the_program_is_linked_with(sbom, binary):
    number, *words = subprocess.run([binary, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[1:]
    versions = {"image-syncer": number, **dict(zip(words[::2], words[1::2]))}
    found = {each["name"]: each.get("versionInfo") for each in sbom["packages"]}
    assert found == {**versions, "ca-certificates": None}
    assert len({"bearssl", "openssl"} & set(found)) == 1
    linked = {each["relatedSpdxElement"] for each in sbom["relationships"] if each["relationshipType"] == "STATIC_LINK"}
    assert linked == {f"SPDXRef-{name}" for name in words[::2]}


def test_the_label_of_the_image_has_all_of_its_licences(sbom):
    with open(os.path.join(ROOT, "Dockerfile"), encoding="utf-8") as file:
        label = set(re.search(r'image\.licenses="([^"]+)"', file.read()).group(1).split(" AND "))
    for each in sbom["packages"]:
        assert label & set(each["licenseDeclared"].split(" OR ")), each["name"]


def test_each_element_is_whole(sbom):
    assert sbom["creationInfo"]["created"] == "1970-01-02T00:00:00Z"
    names = {"SPDXRef-DOCUMENT", *(each["SPDXID"] for each in sbom["packages"])}
    assert len(names) == len(sbom["packages"]) + 1
    for each in sbom["relationships"]:
        assert {each["spdxElementId"], each["relatedSpdxElement"]} <= names
    for each in sbom["packages"]:
        assert re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", each["SPDXID"]) and each["downloadLocation"]
