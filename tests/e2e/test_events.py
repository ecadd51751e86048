"""Events of registries: what each kind sends when an image was pushed, who may send it, and which rules it concerns."""

import hashlib
import hmac
import json
import os
import re
import threading

import pytest

from lib import images, run
from lib.serving import WAIT, Serving

SECRET = "not-a-real-secret-of-events"
DIGEST = "sha256:" + "a" * 64


@pytest.fixture
def serving(runner):
    made = Serving(runner)
    runner.secret(SECRET)
    yield made
    made.stop()


@pytest.fixture
def serve(serving, here, there):
    """serve(rules, **file) starts a server with these rules; here has team/app and team/web with some tags each."""
    for name in "app", "web":
        for tag in "v1", "v2", "1.2.3", "edge":
            here.push(images.image(f"event {name} {tag}"), f"team/{name}", tag)

    def start(rules, words=(), auth=None, **file):
        text = json.dumps(rules(here, there) if callable(rules) else rules)
        serving.runner.write("images.yaml", text)
        document = serving.config(**file)
        del document["registry"]
        return serving.start(document, {**run.insecure(here, there), **(auth or {})}, ["--images", "images.yaml", *words])

    return start


def mirror(here, there):
    return {f"{here.host}/team/*": f"{there.host}/copies"}


def copied(there):
    return {f"{repo}:{tag}" for repo, tag in there.tags}


def asked(registry):
    """The tags that somebody asked for."""
    return {f"{each.repo}:{each.reference}" for each in registry.seen(kind="manifest") if not each.reference.startswith("sha256:")}


def pushed(host, repository="team/app", tag="v1"):
    """What each kind sends after a push of that image."""
    name = repository.split("/")[-1]
    return {
        "dockerhub": ({}, {"push_data": {"tag": tag, "pusher": "p"}, "repository": {"repo_name": repository, "name": name, "namespace": "team"}}),
        "harbor": ({}, {"type": "PUSH_ARTIFACT", "occur_at": 1, "operator": "admin", "event_data": {
            "resources": [{"digest": DIGEST, "tag": tag, "resource_url": f"{host}/{repository}:{tag}"}],
            "repository": {"name": name, "namespace": "team", "repo_full_name": repository, "repo_type": "private"}}}),
        "quay": ({}, {"name": name, "repository": repository, "namespace": "team", "docker_url": f"{host}/{repository}", "updated_tags": [tag]}),
        "github": ({"X-GitHub-Event": "registry_package"}, {"action": "published", "registry_package": {
            "name": name, "namespace": repository.split("/")[0], "package_type": "CONTAINER", "owner": {"login": repository.split("/")[0]},
            "package_version": {"package_url": f"{host}/{repository}:{tag}", "container_metadata": {"tag": {"name": tag, "digest": DIGEST}}}}}),
        "gitlab": ({}, distribution(host, repository, tag)),
        "acr": ({}, {"id": "x", "action": "push", "target": {"repository": repository, "tag": tag, "digest": DIGEST}, "request": {"host": host}}),
        "aliyun": ({}, {"push_data": {"tag": tag, "digest": DIGEST}, "repository": {
            "name": name, "namespace": "team", "region": "cn-hangzhou", "repo_full_name": repository}}),
        "distribution": ({"Content-Type": "application/vnd.docker.distribution.events.v1+json"}, distribution(host, repository, tag)),
        "zot": ({"Content-Type": "application/cloudevents+json"}, {
            "specversion": "1.0", "id": "x", "source": f"http://{host}", "type": "zotregistry.image.updated",
            "data": {"name": repository, "reference": tag, "digest": DIGEST}}),
        "nexus": ({"X-Nexus-Webhook-Id": "rm:repository:component"}, {
            "repositoryName": "docker", "action": "CREATED", "component": {"id": "x", "format": "docker", "name": repository, "version": tag}}),
    }


def distribution(host, repository, tag):
    return {"events": [{"id": "x", "action": "push", "request": {"host": host}, "target": {
        "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": DIGEST, "repository": repository, "tag": tag,
        "url": f"http://{host}/v2/{repository}/manifests/{DIGEST}"}}]}


KINDS = sorted(pushed("x"))


# -- each kind -----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", KINDS)
def test_a_push(serve, here, there, kind):
    """Just that tag is asked for and copied, and not even a list of anything."""
    server = serve(mirror, events={kind: {"registry": here.host}})
    headers, body = pushed(here.host)[kind]
    answer = server.post(f"/events/{kind}", body, headers=headers)
    assert answer.status == 202 and answer.json["queued"] == 1, answer
    server.until(lambda: copied(there) == {"copies/app:v1"}, "the copy")
    assert asked(here) == {"team/app:v1"} and not here.seen(kind="tags") and not here.seen(path="_catalog")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("dockerhub", "aliyun", "nexus", "github")])
def test_its_own_registry(serve, here, there, kind):
    """The payload says of which registry it is."""
    server = serve(mirror)
    headers, body = pushed(here.host)[kind]
    assert server.post(f"/events/{kind}", body, headers=headers).json["queued"] == 1
    server.until(lambda: copied(there) == {"copies/app:v1"}, "the copy")


@pytest.mark.parametrize("kind", KINDS)
def test_what_no_rule_means(serve, here, there, kind):
    """It is counted and not contacted, and its sender gets success: some give up otherwise."""
    server = serve(mirror, events={kind: {"registry": here.host}})
    headers, body = pushed(here.host, "other/app")[kind]
    answer = server.post(f"/events/{kind}", body, headers=headers)
    assert answer.status == 200 and answer.json == {"queued": 0, "ignored": 1}, answer
    assert re.search(r'hooks_total\{result="ignored"\} 1', server.get("/metrics").text)
    assert not here.seen() and not there.seen()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", (b"", b"{", b"[]", b"\xff\xfe", b'{"events": [[]]}', b"null", b"{}"), ids=range(7))
def test_no_payload(serve, here, there, kind, body):
    server = serve(mirror)
    answer = server.post(f"/events/{kind}", body, headers={"Content-Type": "application/json"})
    assert answer.status in (200, 400), answer
    assert not here.seen() and not there.seen()


def test_a_kind_that_nobody_knows(serve):
    server = serve(mirror)
    assert server.post("/events/frobnicator", {}).status == 404
    assert server.get("/events/harbor").status == 405


# -- who may -------------------------------------------------------------------------------------------------------------------

def prove(kind, body):
    text = json.dumps(body).encode()
    if kind == "github":
        return {"X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()}
    if kind == "nexus":
        return {"X-Nexus-Webhook-Signature": hmac.new(SECRET.encode(), text, hashlib.sha1).hexdigest()}
    if kind == "gitlab":
        return {"X-Gitlab-Token": SECRET}
    return {"Authorization": SECRET}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("dockerhub", "aliyun")])
def test_the_login_of_each_vendor(serve, here, kind):
    server = serve(mirror, events={kind: {"registry": here.host, "secret": SECRET}}, sync={"interval": "1000h"})
    headers, body = pushed(here.host)[kind]
    for proof, status in ({}, 401), ({name: value[:-1] for name, value in prove(kind, body).items()}, 401), (prove(kind, body), 202):
        answer = server.post(f"/events/{kind}", body, headers={**headers, **proof}, login=None)
        assert answer.status == status, (proof, answer)
    other = "quay" if kind != "quay" else "acr"
    assert server.post(f"/events/{other}", body, headers={**headers, **prove(kind, body)}, login=None).status == 401


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_path(serve, here, kind):
    server = serve(mirror, events={kind: {"registry": here.host, "secret": SECRET}}, sync={"interval": "1000h"})
    headers, body = pushed(here.host)[kind]
    for path, status in (f"/events/{kind}/{SECRET}x", 401), (f"/events/{kind}/", 401), (f"/events/{kind}/{SECRET}", 202):
        assert server.post(path, body, headers=headers, login=None).status == status, path
    assert server.get(f"/status/{SECRET}", login=None).status == 401


def test_azure_wants_its_code_back(serve):
    """Event Grid asks once whether we want its events."""
    server = serve(mirror)
    event = [{"id": "x", "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "topic": "t", "subject": "",
              "data": {"validationCode": "512d38b6", "validationUrl": "https://rp.example.com/x"}}]
    answer = server.post("/events/acr", event, headers={"aeg-event-type": "SubscriptionValidation"})
    assert answer.status == 200 and answer.json == {"validationResponse": "512d38b6"}, answer


# -- which rules ---------------------------------------------------------------------------------------------------------------

def event(server, here, repository="team/app", tag="v1"):
    return server.post("/events/distribution", distribution(here.host, repository, tag)).json


@pytest.mark.parametrize("tags, tag, wanted", [
    ("/^v/", "v1", True), ("/^v/", "edge", False), ("v1,v2", "v2", True), ("v1,v2", "1.2.3", False), ("edge", "edge", True)])
def test_patterns_of_tags(serve, here, there, tags, tag, wanted):
    server = serve({f"{here.host}/team/app:{tags}": f"{there.host}/copies/app"})
    assert event(server, here, tag=tag)["queued"] == wanted
    if wanted:
        server.until(lambda: copied(there) == {f"copies/app:{tag}"}, "the copy")
    assert asked(here) == ({f"team/app:{tag}"} if wanted else set()) and not here.seen(kind="tags")


@pytest.mark.parametrize("fields, tag, wanted", [
    ({"semver": "^1.2"}, "1.2.3", True), ({"semver": "^1.2"}, "v2", False), ({"exclude": "/^v/"}, "v1", False), ({"tags": ["v1"]}, "v1", True)])
def test_selections(serve, here, there, fields, tag, wanted):
    server = serve({f"{here.host}/team/app": {"to": f"{there.host}/copies/app", **fields}})
    assert event(server, here, tag=tag)["queued"] == wanted
    if wanted:
        server.until(lambda: copied(there) == {f"copies/app:{tag}"}, "the copy")
    assert asked(here) == ({f"team/app:{tag}"} if wanted else set())


def test_the_newest_few(serve, serving, here, there):
    """Only the list tells whether the tag is among them, so it is read; one that is not is not copied."""
    for tag in "1.0.0", "2.0.0":
        here.push(images.image(f"newest {tag}"), "team/app", tag)
    server = serve({f"{here.host}/team/app": {"to": f"{there.host}/copies/app", "semver": "*", "latest": 1}})
    for tag in "1.0.0", "2.0.0":
        assert event(server, here, tag=tag)["queued"] == 1
    server.until(lambda: copied(there) == {"copies/app:2.0.0"}, "the newest")
    server.until(lambda: serving.pending() == [], "an empty record")
    assert copied(there) == {"copies/app:2.0.0"}


@pytest.mark.concurrency
def test_platforms_and_renamed_tags(serve, here, there):
    picture = images.multi("event platforms", 2)
    here.push(picture, "team/many", "v1")
    server = serve({f"{here.host}/team/many:v1": {"to": f"{there.host}/copies/one:stable", "platforms": ["linux/amd64"]}})
    assert event(server, here, "team/many")["queued"] == 1
    server.until(lambda: copied(there) == {"copies/one:stable"}, "the copy")
    assert there.tags["copies/one", "stable"] != picture.digest


@pytest.mark.concurrency
def test_several_destinations(serve, scripted, here, there):
    second = scripted()
    server = serve({f"{here.host}/team/app": [f"{there.host}/a/app", f"{second.host}/b/app"]}, auth=run.insecure(second))
    assert event(server, here)["queued"] == 1
    server.until(lambda: copied(there) == {"a/app:v1"} and copied(second) == {"b/app:v1"}, "both copies")


@pytest.mark.concurrency
def test_events_of_one_build_are_one_run(serve, serving, here, there):
    server = serve(mirror)
    events = [each for name in ("app", "web") for tag in ("v1", "v2") for each in distribution(here.host, f"team/{name}", tag)["events"]]
    assert server.post("/events/distribution", {"events": events}).json["queued"] == 4
    assert event(server, here, tag="edge")["queued"] == 1
    server.until(lambda: serving.pending() == [], "an empty record")
    assert len(copied(there)) == 5 and len(re.findall(r"run \d+ starts", server.text())) == 1


@pytest.mark.concurrency
def test_routes_and_rules_together(serve, serving, here, there):
    """An event concerns both, and each has its own entry."""
    serving.runner.write("images.yaml", json.dumps(mirror(here, there)))
    server = serving.start(serving.config([(here.host, "team", there.host + "/routed")]), run.insecure(here, there),
                           ["--images", "images.yaml"])
    assert event(server, here)["queued"] == 2
    server.until(lambda: copied(there) == {"copies/app:v1", "routed/team/app:v1"}, "both copies")


# -- runs by the clock beside them ---------------------------------------------------------------------------------------------

@pytest.mark.concurrency
def test_an_event_while_a_job_is_under_way(serve, serving, here, there):
    """
    The job has read an older image and writes it after the event's run has written the newer one. The event's image is
    looked at once more when the job is over, so the newer one is there in the end.
    """
    begun, released = threading.Event(), threading.Event()
    older = {blob for (repo, blob) in here.blobs if repo == "team/app"}

    def wait(request):
        if request.kind == "blob" and request.repo == "team/app" and request.reference in older and not released.is_set():
            begun.set()
            released.wait(WAIT)

    for name in "app", "web":
        here.push(images.image(f"older {name}"), f"team/{name}", "v1")
    older |= {blob for (repo, blob) in here.blobs if repo == "team/app"}
    here.hook = wait
    server = serve({f"{here.host}/team/app:v1": f"{there.host}/copies/app"}, ["--every", "1000h"])
    assert begun.wait(WAIT)
    newer = here.push(images.image("newer app"), "team/app", "v1")
    assert event(server, here)["queued"] == 1
    server.until(lambda: there.tags.get(("copies/app", "v1")) == newer.digest, "the newer image, by the event")
    assert serving.pending(), "the entry stays until the job is over"
    released.set()
    server.until(lambda: serving.pending() == [], "an empty record")
    assert there.tags["copies/app", "v1"] == newer.digest


@pytest.mark.concurrency
def test_times_of_single_rules(serve, here, there):
    """Each rule by its own clock; the run of one names nothing of the other."""
    server = serve({f"{here.host}/team/app:v1": {"to": f"{there.host}/copies/app", "every": "1s"},
                    f"{here.host}/team/web:v1": {"to": f"{there.host}/copies/web", "every": "1000h"}})
    server.until(lambda: copied(there) == {"copies/app:v1", "copies/web:v1"}, "both copies")
    newer = {name: here.push(images.image(f"newer {name}"), f"team/{name}", "v1") for name in ("app", "web")}
    server.until(lambda: there.tags["copies/app", "v1"] == newer["app"].digest, "the newer app")
    assert there.tags["copies/web", "v1"] != newer["web"].digest
    jobs = {each["when"]: each["rules"] for each in server.status()["jobs"]}
    assert jobs == {"every 1s": 1, "every 1000h": 1}


@pytest.mark.concurrency
def test_files_that_change(serve, serving, here, there):
    """They are read again without a signal; a bad version is told of, and the old rules stay."""
    server = serve({f"{here.host}/team/app:v1": f"{there.host}/copies/app"})
    assert event(server, here, "team/web")["queued"] == 0
    server.replace(os.path.join(serving.runner.home, "images.yaml"), json.dumps(mirror(here, there)))
    server.until(lambda: event(server, here, "team/web")["queued"] == 1, "the new rules")
    server.until(lambda: copied(there) == {"copies/web:v1"}, "the copy")
    server.replace(os.path.join(serving.runner.home, "images.yaml"), "no: [rules")
    server.says("these files are not used")
    assert "images.yaml:" in json.dumps(server.status())
    assert event(server, here, "team/app")["queued"] == 1
    server.until(lambda: copied(there) == {"copies/web:v1", "copies/app:v1"}, "the copy by the old rules")
    server.replace(os.path.join(serving.runner.home, "images.yaml"), json.dumps(mirror(here, there)))
    server.until(lambda: "images.yaml:" not in json.dumps(server.status()), "the good files")
