"""What is missing at the destination and created there: repositories of Amazon ECR, projects of Harbor."""

import base64
import json
import threading

import pytest

from lib import images, run
from lib.cloud import ACCOUNT, ECR
from lib.scripted import Scripted


def failures(result):
    return [each["error"]["message"] for each in result.report["images"] if each["status"] == "failed"]


# --- repositories of Amazon ECR -----------------------------------------------------------------------------------------------

def stock(here, *tags):
    return {tag: here.push(images.image(f"created/{tag}"), "app", tag) for tag in tags or ("v1",)}


def to_amazon(runner, here, env, repo="team/app", tags=("v1",), flags=(), **fields):
    rules = {f"{here.host}/app:{tag}": {"to": f"{ECR}/{repo}", **fields} for tag in tags}
    return runner.sync(rules, run.insecure(here, ECR), flags=["--retries", "0", *flags], env=env)


def made(api):
    return api.documents("CreateRepository")


def plain(repo):
    return {"registryId": ACCOUNT, "repositoryName": repo}


def test_a_missing_repository_is_created_by_the_first_write(runner, amazon, here):
    held, api, env = amazon()
    picture = stock(here)["v1"]
    result = to_amazon(runner, here, env)
    assert result.code == 0, result.stderr
    assert made(api) == [plain("team/app")] and api.wrong == []
    assert held.tags == {("team/app", "v1"): picture.digest}
    assert {action for action, _ in api.asked} == {"GetAuthorizationToken", "CreateRepository"}, "nobody asks beforehand"
    assert f"created the repository {ECR}/team/app" in result.stderr
    assert to_amazon(runner, here, env).report["skipped"] == 1 and len(made(api)) == 1


def test_its_settings(runner, amazon, here):
    _, api, env = amazon()
    stock(here)
    settings = {"scan-on-push": True, "immutable-tags": True, "tags": {"team": "platform", "cost centre": "42", "empty": ""}}
    result = to_amazon(runner, here, env, **{"create-repository": settings})
    assert result.code == 0, result.stderr
    tags = [{"Key": "team", "Value": "platform"}, {"Key": "cost centre", "Value": "42"}, {"Key": "empty", "Value": ""}]
    assert made(api) == [{**plain("team/app"), "imageScanningConfiguration": {"scanOnPush": True},
                          "imageTagMutability": "IMMUTABLE", "tags": tags}]


@pytest.mark.parametrize("settings", (True, {"scan-on-push": False}))
def test_what_is_not_asked_for_is_left_to_aws(runner, amazon, here, settings):
    _, api, env = amazon()
    stock(here)
    assert to_amazon(runner, here, env, **{"create-repository": settings}).code == 0
    assert made(api) == [plain("team/app")]


def test_one_that_is_there_is_left_alone(runner, amazon, here):
    _, api, env = amazon()
    api.repositories["team/app"] = {}
    stock(here)
    result = to_amazon(runner, here, env, **{"create-repository": {"immutable-tags": True}})
    assert result.code == 0, result.stderr
    assert made(api) == []


def test_another_job_was_faster(runner, amazon, here):
    held, api, env = amazon()
    stock(here)
    create = api._CreateRepository

    def twice(document):
        create(document)
        return create(document)        # RepositoryAlreadyExistsException
    api._CreateRepository = twice
    result = to_amazon(runner, here, env)
    assert result.code == 0, result.stderr
    assert ("team/app", "v1") in held.tags and len(made(api)) == 1


def test_images_that_race_create_it_once(runner, amazon, here):
    """The call is answered when a second image has been refused as well, or has had the time for it."""
    held, api, env = amazon()
    tags = [f"v{number}" for number in range(6)]
    pictures = stock(here, *tags)
    refused, both = [], threading.Event()
    gate, create = held.hook, api._CreateRepository

    def hook(request):
        answer = gate(request)
        if answer and answer[0] == 404 and request.method == "POST":
            refused.append(request.path)
            if len(refused) > 1:
                both.set()
        return answer

    def slow(document):
        both.wait(5)
        return create(document)
    held.hook, api._CreateRepository = hook, slow
    result = to_amazon(runner, here, env, tags=tags)
    assert result.code == 0, result.stderr
    assert len(made(api)) == 1 and len(refused) > 1
    assert held.tags == {("team/app", tag): picture.digest for tag, picture in pictures.items()}


def test_several_destinations(runner, amazon, here, there):
    held, api, env = amazon()
    picture = stock(here)["v1"]
    rules = {f"{here.host}/app:v1": [f"{ECR}/team/a", f"{ECR}/team/b", f"{there.host}/mirror"]}
    result = runner.sync(rules, run.insecure(here, there, ECR), env=env)
    assert result.code == 0, result.stderr
    assert sorted(each["repositoryName"] for each in made(api)) == ["team/a", "team/b"]
    assert held.tags == {("team/a", "v1"): picture.digest, ("team/b", "v1"): picture.digest}
    assert there.tags == {("mirror", "v1"): picture.digest}


def test_a_mount_into_it(runner, amazon, here):
    """A layer that lies in another repository there is offered from it, and this is the write that is refused."""
    held, api, env = amazon()
    picture = stock(here)["v1"]
    api.repositories["team/a"] = {}
    assert to_amazon(runner, here, env, "team/a").code == 0
    rules = {f"{here.host}/app:v1": f"{ECR}/team/a:v2", f"{ECR}/team/a:v1": f"{ECR}/team/b"}
    result = runner.sync(rules, run.insecure(here, ECR), env=env)
    assert result.code == 0, result.stderr
    assert made(api) == [plain("team/b")] and held.tags["team/b", "v1"] == picture.digest
    assert held.seen("POST", path="team/b.*mount=")


def test_a_registry_that_learns_of_it_late(runner, amazon, here):
    held, api, env = amazon()
    stock(here)
    gate, late = held.hook, []

    def hook(request):
        answer = gate(request)
        if request.method == "POST" and not answer and len(late) < 2:
            late.append(request)
            return held.missing(request)
        return answer
    held.hook = hook
    result = to_amazon(runner, here, env)
    assert result.code == 0, result.stderr
    assert len(late) == 2 and len(made(api)) == 1


def test_a_throttled_call_is_made_again(runner, amazon, here):
    _, api, env = amazon(busy=1)
    stock(here)
    assert to_amazon(runner, here, env).code == 0
    assert made(api) == [plain("team/app")] * 2


def test_the_permission_that_is_missing_is_named_once(runner, amazon, here):
    held, api, env = amazon(forbidden=("CreateRepository",))
    stock(here, "v1", "v2", "v3")
    result = to_amazon(runner, here, env, tags=("v1", "v2", "v3"))
    assert result.code == 1 and held.tags == {}
    assert len(failures(result)) == 3
    for each in failures(result):
        assert "could not be created" in each and "the AWS keys need the permission ecr:CreateRepository" in each
    assert {each["error"]["kind"] for each in result.report["images"]} == {"denied"}
    assert len(made(api)) == 1, "asked once, not for every image"


@pytest.mark.parametrize("repo, most, words", (
    ("team/app", 0, "LimitExceededException"),
    ("a", 9, "InvalidParameterException"),
))
def test_what_aws_refuses(runner, amazon, here, repo, most, words):
    held, api, env = amazon(most=most)
    stock(here)
    result = to_amazon(runner, here, env, repo)
    assert result.code == 1 and held.tags == {} and len(made(api)) == 1
    assert words in failures(result)[0] and "could not be created" in failures(result)[0]


def test_another_account_than_that_of_the_keys(runner, amazon, here):
    """The repository is created in the registry that the rule names, or nowhere."""
    _, api, env = amazon(account="210987654321")
    stock(here)
    result = to_amazon(runner, here, env)
    assert result.code == 1 and api.repositories == {}
    assert "ecr:CreateRepository" in failures(result)[0]


def test_nothing_is_created_in_a_dry_run(runner, amazon, here):
    _, api, env = amazon()
    stock(here)
    result = to_amazon(runner, here, env, flags=["--dry-run"])
    assert result.code == 0 and result.report["would_copy"] == 1
    assert made(api) == []


@pytest.mark.parametrize("flags, fields", (
    (["--create-repository", "false"], {}),
    ([], {"create-repository": False}),
    (["--create-repository", "true"], {"create-repository": False}),
))
def test_it_can_be_turned_off(runner, amazon, here, flags, fields):
    _, api, env = amazon()
    stock(here)
    result = to_amazon(runner, here, env, flags=flags, **fields)
    assert result.code == 1 and made(api) == []
    assert "ECR does not create repositories on push" in failures(result)[0]


def test_a_login_without_keys_creates_nothing(runner, amazon, here):
    _, api, env = amazon()
    stock(here)
    auth = {**run.insecure(here), ECR: {"username": "AWS", "password": "cloud-word-1", "insecure": True}}
    env = {name: value for name, value in env.items() if not name.startswith("AWS_")}
    result = runner.sync({f"{here.host}/app:v1": f"{ECR}/team/app"}, auth, flags=["--retries", "0"], env=env)
    assert result.code == 1 and api.asked == []
    assert "ECR does not create repositories on push" in failures(result)[0]


def test_a_source_is_never_created(runner, amazon, there):
    _, api, env = amazon()
    result = runner.sync({f"{ECR}/team/app:v1": f"{there.host}/mirror"}, run.insecure(there, ECR), flags=["--retries", "0"], env=env)
    assert result.code == 1 and made(api) == []


# --- projects of Harbor -------------------------------------------------------------------------------------------------------

PASSWORD = "a-robots-password"


class Harbor(Scripted):
    """Whose middleware for /v2/ says 401 below a project that is missing, with a challenge only for reads without a login, and whose
    tokens allow what the projects allowed when they were issued."""

    def __init__(self, **more):
        super().__init__(**more)
        self.projects, self.made = {"library"}, []
        self.allowed = {}            # {token: repositories}
        self.refusal = None
        self.harbor = True
        self.hook = self.gate

    def gate(self, request):
        login = request.headers.get("Authorization", "")
        if not request.path.startswith("/v2/"):
            return None
        if not login and request.method in ("GET", "HEAD"):
            challenge = f'Bearer realm="http://{self.host}/service/token",service="harbor-registry"'
            return self.unauthorized("unauthorized", **{"WWW-Authenticate": challenge})
        project = request.repo.partition("/")[0]
        if project and project not in self.projects:
            return self.unauthorized(f"project {project} not found: project {project} not found")
        if login != self.basic() and request.repo not in self.allowed.get(login.removeprefix("Bearer "), ()):
            return self.unauthorized(f"unauthorized to access repository: {request.repo}, action: push",
                                     **{"WWW-Authenticate": 'Basic realm="harbor"'})
        return None

    def unauthorized(self, words, **headers):
        return 401, headers, json.dumps({"errors": [{"code": "UNAUTHORIZED", "message": words}]}).encode()

    def basic(self):
        return "Basic " + base64.b64encode(f"robot$sync:{PASSWORD}".encode()).decode()

    def _other(self, request, query, body):
        if request.path.startswith("/service/token"):
            names = [scope.split(":")[1] for text in query.get("scope", []) for scope in text.split(" ")]
            token = f"token-{len(self.allowed)}"
            self.allowed[token] = [name for name in names if name.partition("/")[0] in self.projects]
            return 200, {"Content-Type": "application/json"}, json.dumps({"token": token, "expires_in": 1800}).encode()
        if request.path == "/api/v2.0/ping" and self.harbor:
            return 200, {"Content-Type": "text/plain; charset=utf-8"}, b"Pong"
        if request.path != "/api/v2.0/projects" or request.method != "POST":
            return 404, {}, b"{}"
        if request.headers.get("Authorization") != self.basic():
            return self.unauthorized("unauthorized")
        self.made.append(json.loads(body))
        if self.refusal:
            return self.refusal
        name = self.made[-1]["project_name"]
        if name in self.projects:
            return 409, {}, json.dumps({"errors": [{"code": "CONFLICT", "message": f"The project named {name} already exists"}]}).encode()
        self.projects.add(name)
        return 201, {"Location": "/api/v2.0/projects/7"}, b""


@pytest.fixture
def harbor():
    with Harbor() as made_here:
        yield made_here


def to_harbor(sync, here, harbor, tags=("v1",), flags=(), **fields):
    rules = {f"{here.host}/app:{tag}": {"to": f"{harbor.host}/team/{tag}/app", **fields} for tag in tags}
    auth = {**run.insecure(here), **run.insecure(harbor, username="robot$sync", password=PASSWORD)}
    return sync(rules, auth, flags=["--retries", "0", *flags])


@pytest.mark.parametrize("flags, fields", (([], {"create-project": True}), (["--create-project"], {})))
def test_a_missing_project_is_created(sync, here, harbor, flags, fields):
    picture = stock(here)["v1"]
    result = to_harbor(sync, here, harbor, flags=flags, **fields)
    assert result.code == 0, result.stderr
    assert harbor.made == [{"project_name": "team", "public": False}]
    assert harbor.tags == {("team/v1/app", "v1"): picture.digest}
    assert f"created the project {harbor.host}/team" in result.stderr and PASSWORD not in result.stderr
    assert to_harbor(sync, here, harbor, flags=flags, **fields).report["skipped"] == 1 and len(harbor.made) == 1


def test_one_project_for_several_repositories(sync, here, harbor):
    tags = [f"v{number}" for number in range(5)]
    stock(here, *tags)
    result = to_harbor(sync, here, harbor, tags, **{"create-project": True})
    assert result.code == 0, result.stderr
    assert len(harbor.made) == 1 and len(harbor.tags) == 5


def test_another_job_has_created_the_project(sync, here, harbor):
    stock(here)
    made_by_another = harbor._other

    def other(request, query, body):
        if request.path == "/api/v2.0/projects":
            harbor.projects.add("team")
        return made_by_another(request, query, body)
    harbor._other = other
    assert to_harbor(sync, here, harbor, **{"create-project": True}).code == 0
    assert len(harbor.made) == 1


@pytest.mark.parametrize("flags, fields", (([], {}), (["--create-project"], {"create-project": False})))
def test_no_project_is_created_unasked(sync, here, harbor, flags, fields):
    stock(here)
    result = to_harbor(sync, here, harbor, flags=flags, **fields)
    assert result.code == 1 and harbor.seen(path="/api/") == []
    assert "project team not found" in failures(result)[0] and "create-project: true" in failures(result)[0]


def test_a_login_that_may_not_create_projects(sync, here, harbor):
    words = {"errors": [{"code": "FORBIDDEN", "message": "Only system admin can create project"}]}
    harbor.refusal = 403, {}, json.dumps(words).encode()
    stock(here, "v1", "v2")
    result = to_harbor(sync, here, harbor, ("v1", "v2"), **{"create-project": True})
    assert result.code == 1 and harbor.tags == {} and len(failures(result)) == 2
    for each in failures(result):
        assert "this login may not create projects" in each and "Only system admin can create project" in each
    assert len(harbor.made) == 1


def test_no_project_is_created_in_a_dry_run(sync, here, harbor):
    stock(here)
    result = to_harbor(sync, here, harbor, flags=["--dry-run"], **{"create-project": True})
    assert result.code == 0 and result.report["would_copy"] == 1
    assert harbor.seen(path="/api/") == []


def test_the_login_goes_to_the_api_of_harbor_only(sync, here, harbor):
    """What says the same and is not Harbor is not asked."""
    harbor.harbor = False
    stock(here)
    result = to_harbor(sync, here, harbor, **{"create-project": True})
    assert result.code == 1 and harbor.seen("POST", path="/api/") == []
    assert "is not Harbor" in failures(result)[0]
