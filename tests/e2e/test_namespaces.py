"""Rules for whole namespaces: which repositories they become, by which list, and what is no list at all."""

import dataclasses
import json
import urllib.parse

import pytest

from lib import images

TEAM = ("etcd", "flannel", "sub/deep")


def stock(registry, prefix, names=TEAM, tag="v1"):
    """One image in each repository below prefix; they share their layers."""
    for name in names:
        registry.push(images.image("namespace"), f"{prefix}/{name}", tag)


def wildcard(registry, prefix, stars="*"):
    return f"{registry.host}/{prefix}/{stars}"


# --- real registries ----------------------------------------------------------------------------------------------------------

def test_one_level(sync, src, dst, both, from_source, at_target, repo):
    stock(from_source, repo)
    result = sync({wildcard(src, repo): f"{dst.host}/mirror/{repo}"}, both)
    assert result.code == 0, result.stderr
    assert at_target.tags(f"mirror/{repo}/etcd") == at_target.tags(f"mirror/{repo}/flannel") == ["v1"]
    assert at_target.tags(f"mirror/{repo}/sub/deep") == []
    assert result.report["total"] == 2


def test_any_depth(sync, src, dst, both, from_source, at_target, repo):
    stock(from_source, repo)
    result = sync({wildcard(src, repo, "**"): f"{dst.host}/mirror/{repo}"}, both)
    assert result.code == 0, result.stderr
    assert at_target.tags(f"mirror/{repo}/sub/deep") == ["v1"]
    assert result.report["total"] == 3
    assert sync({wildcard(src, repo, "**"): f"{dst.host}/mirror/{repo}"}, both).report["skipped"] == 3


def test_a_rule_on_the_command_line(runner, src, dst, both, from_source, at_target, repo):
    stock(from_source, repo)
    auth = runner.write("auth.json", both)
    result = runner.run([runner.binary, "--auth", auth, wildcard(src, repo), f"{dst.host}/cli/{repo}"])
    assert result.code == 0, result.stderr
    assert at_target.tags(f"cli/{repo}/etcd") == ["v1"]


# --- registries in memory -----------------------------------------------------------------------------------------------------

def catalog(registry, size=1000, limit=1000):
    """Lets the registry answer _catalog in pages of at most size, and refuse to be asked for more than limit."""
    def hook(request):
        if not request.path.startswith("/v2/_catalog"):
            return None
        query = dict(each.split("=") for each in request.path.partition("?")[2].split("&") if each)
        if int(query.get("n", 1)) > limit:
            return 400, {}, b'{"errors":[{"code":"PAGINATION_NUMBER_INVALID"}]}'
        names = sorted({repo for repo, _ in registry.tags})
        rest = [name for name in names if name > query.get("last", "").replace("%2F", "/")]
        page = rest[:min(size, int(query.get("n", size)))]
        headers = {"Content-Type": "application/json"}
        if len(page) < len(rest):
            headers["Link"] = f'</v2/_catalog?last={page[-1]}&n={size}>; rel="next"'
        return 200, headers, json.dumps({"repositories": page}).encode()
    registry.hook = hook


def rules(here, there, fields=None, stars="*", prefix="team"):
    return {wildcard(here, prefix, stars): {"to": f"{there.host}/mirror", **(fields or {})}}


@pytest.fixture
def login(here, there):
    return {here.host: {"insecure": True}, there.host: {"insecure": True}}


def copied(there):
    return sorted({repo for repo, tag in there.tags})


def test_pages_are_followed(sync, here, there, login):
    names = [f"r{number:03}" for number in range(25)]
    stock(here, "team", names)
    stock(here, "teams", ["other"])
    catalog(here, size=4)
    result = sync(rules(here, there), login)
    assert result.code == 0, result.stderr
    assert copied(there) == [f"mirror/{name}" for name in names]
    assert len(here.seen(path="_catalog")) == 7
    assert f"{here.host}/team/*: 25 of 26 repositories" in result.stderr


def test_two_destinations_have_one_list(sync, here, there, login):
    stock(here, "team", ["a", "b"])
    catalog(here)
    rule = {"to": [f"{there.host}/mirror", f"{there.host}/other"]}
    result = sync({wildcard(here, "team"): rule}, login)
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/a", "mirror/b", "other/a", "other/b"]
    assert len(here.seen(path="_catalog")) == 1 and len(here.seen(path="/tags/list")) == 2


def test_smaller_pages_where_large_ones_are_refused(sync, here, there, login):
    stock(here, "team", ["a"])
    catalog(here, limit=100)
    assert sync(rules(here, there), login).code == 0
    assert [each.path for each in here.seen(path="_catalog")] == ["/v2/_catalog?n=1000", "/v2/_catalog?n=100"]


@pytest.mark.parametrize("fields, left", (
    ({"repositories": "et*"}, ["mirror/etcd"]),
    ({"repositories": ["/^f/", "etcd"]}, ["mirror/etcd", "mirror/flannel"]),
    ({"exclude-repositories": ["flannel"]}, ["mirror/etcd", "mirror/sub/deep"]),
    ({"exclude-repositories": "*/*", "names": "flatten"}, ["mirror/HOST_team_etcd", "mirror/HOST_team_flannel"]),
    ({"names": "all/{namespace}-{name}", "repositories": "sub/**"}, ["mirror/all/team/sub-deep"]),
    ({"tags": "/v2/"}, []),
))
def test_fields(sync, here, there, login, fields, left):
    stock(here, "team")
    catalog(here)
    result = sync(rules(here, there, fields, "**"), login)
    assert result.code == 0, result.stderr
    assert copied(there) == [name.replace("HOST", here.host.replace(":", "_")) for name in left]


def test_repositories_that_are_named_need_no_list(sync, here, there, login):
    stock(here, "team")
    result = sync(rules(here, there, {"repositories": ["etcd", "sub/deep"]}, "**"), login)
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/etcd", "mirror/sub/deep"]
    assert here.seen(path="_catalog") == []


def test_a_list_of_tags_goes_along(sync, here, there, login):
    stock(here, "team", ["a", "b"], "v1")
    stock(here, "team", ["a", "b"], "v2")
    catalog(here)
    result = sync({wildcard(here, "team", "*:/2$/"): f"{there.host}/mirror"}, login)
    assert result.code == 0, result.stderr
    assert set(there.tags) == {("mirror/a", "v2"), ("mirror/b", "v2")}


def test_a_namespace_without_repositories_is_a_failure(sync, here, there, login):
    stock(here, "other", ["a"])
    catalog(here)
    result = sync(rules(here, there), login)
    assert result.code == 1
    assert "allow-empty" in result.stderr and f"{here.host}/team/*" in result.stderr
    assert sync(rules(here, there, {"allow-empty": True}), login).code == 0


def test_two_repositories_with_one_destination(sync, here, there, login):
    """Neither is copied, and the others are."""
    stock(here, "team", ["a/x", "b/x", "c/y"])
    catalog(here)
    result = sync(rules(here, there, {"names": "{name}"}, "**"), login)
    assert result.code == 1
    assert copied(there) == ["mirror/y"]
    assert "would be the copy of several repositories" in result.stderr
    assert result.report["failed"] == 2


def test_one_name_that_is_none(sync, here, there, login):
    """The copy of one repository would have a name that is too long: the others are copied."""
    stock(here, "team", ["a", "b" * 200])
    catalog(here)
    result = sync(rules(here, there, {"names": "x" * 100 + "/{name}"}), login)
    assert result.code == 1
    assert copied(there) == ["mirror/" + "x" * 100 + "/a"]
    assert f"the copy of {here.host}/team/{'b' * 200}" in result.stderr and "leave it out with exclude-repositories" in result.stderr
    assert result.report["failed"] == 1


def test_logins_of_repositories_below(sync, here, there, login):
    """An entry for one of the repositories is used for it, and what is wrong with it is a mistake before any request."""
    stock(here, "team", ["a"])
    catalog(here)
    login[f"{here.host}/team/a"] = {"insecure": True, "username": "someone", "password": "${NOT_SET_ANYWHERE}"}
    result = sync(rules(here, there), login)
    assert result.code == 2
    assert "NOT_SET_ANYWHERE" in result.stderr
    assert here.seen() == []


def test_a_rule_as_written_has_precedence(sync, here, there, login):
    """It comes first, so the image of the namespace that has the same destination fails; the other one is copied."""
    stock(here, "team", ["a", "b"])
    here.push(images.image("another"), "else/a", "v9")
    catalog(here)
    found = {**rules(here, there), f"{here.host}/else/a:v9": f"{there.host}/mirror/a:v1"}
    result = sync(found, login)
    assert result.code == 1
    assert there.tags == {("mirror/a", "v1"): here.tags["else/a", "v9"], ("mirror/b", "v1"): here.tags["team/b", "v1"]}
    assert "is already the destination of" in result.stderr


def test_shards_are_disjoint_and_complete(sync, here, there, login):
    names = [f"r{number}" for number in range(12)]
    stock(here, "team", names)
    catalog(here)
    parts = []
    for index in range(3):
        there.tags.clear()
        result = sync(rules(here, there), login, flags=["--shard", f"{index}/3"])
        assert result.code == 0, result.stderr
        parts.append(copied(there))
    assert all(parts) and sorted(sum(parts, [])) == sorted(f"mirror/{name}" for name in names)


def test_an_incomplete_list_is_no_list(sync, here, there, login):
    """The second page fails: nothing is copied as if the first were all."""
    stock(here, "team", ["a", "b", "c"])
    catalog(here, size=2)
    whole = here.hook
    here.hook = lambda request: (404, {}, b"") if "last=" in request.path else whole(request)
    result = sync(rules(here, there), login)
    assert result.code == 1
    assert copied(there) == []
    assert f"the catalog of {here.host}" in result.stderr


def test_pages_that_lead_nowhere_end(sync, here, there, login):
    stock(here, "team", ["a"])
    catalog(here)
    whole = here.hook

    def hook(request):
        answer = whole(request)
        if answer:
            answer[1]["Link"] = '</v2/_catalog?last=a&n=1000>; rel="next"'
        return answer
    here.hook = hook
    result = sync(rules(here, there), login)
    assert result.code == 1 and copied(there) == []
    assert "nothing new" in result.stderr
    assert len(here.seen(path="_catalog")) < 10


def test_a_registry_without_any_list(sync, here, there, login):
    stock(here, "team", ["a"])
    here.hook = lambda request: (404, {}, b'{"errors":[{"code":"NOT_FOUND"}]}') if "_catalog" in request.path else None
    result = sync(rules(here, there), login)
    assert result.code == 1 and copied(there) == []
    assert "does not list its repositories" in result.stderr and "repositories: [one, two]" in result.stderr


# --- Google's tree ------------------------------------------------------------------------------------------------------------

def tree(registry):
    """Lets tags/list name what lies below, as Google's registries do."""
    def hook(request):
        if request.kind != "tags":
            return None
        path = request.repo
        tags = sorted(tag for repo, tag in registry.tags if repo == path)
        below = sorted({repo[len(path) + 1:].split("/")[0] for repo, _ in registry.tags if repo.startswith(path + "/")})
        digests = {registry.tags[path, tag]: {"tag": [tag]} for tag in tags}
        document = {"name": path, "child": below, "tags": tags, "manifest": digests}
        return 200, {"Content-Type": "application/json"}, json.dumps(document).encode()
    registry.hook = hook


def test_a_tree_is_walked(sync, here, there, login):
    stock(here, "team", ["etcd", "sub", "sub/deep", "sub/deeper/still"])
    tree(here)
    result = sync(rules(here, there, {"via": "google"}, "**"), login)
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/etcd", "mirror/sub", "mirror/sub/deep", "mirror/sub/deeper/still"]


def test_tags_without_digests_are_asked_for(sync, here, there, login):
    """A list that has a tag among its tags, and no manifest for it, does not say that the tag is gone."""
    stock(here, "team", ["etcd"])
    here.hook = lambda request: (200, {"Content-Type": "application/json"}, json.dumps(
        {"child": ["etcd"] if request.repo == "team" else [], "tags": ["v1"] if request.repo != "team" else [], "manifest": {}}
    ).encode()) if request.kind == "tags" else None
    result = sync(rules(here, there, {"via": "google"}), login)
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/etcd"]


def test_a_tree_of_one_level(sync, here, there, login):
    stock(here, "team", ["etcd", "sub/deep"])
    tree(here)
    result = sync(rules(here, there, {"via": "google"}), login)
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/etcd"]


def test_a_tree_is_found_where_there_is_no_catalog(sync, here, there, login):
    stock(here, "team", ["etcd"])
    tree(here)
    walked = here.hook
    here.hook = lambda request: (401, {}, b"") if "_catalog" in request.path else walked(request)
    result = sync(rules(here, there), login)
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/etcd"]


def test_a_redirect_that_loses_the_query(sync, here, there, login):
    """As registry.k8s.io makes it: the list is asked for as many entries as before."""
    stock(here, "team", ["etcd"])
    tree(here)
    walked = here.hook

    def hook(request):
        if request.kind == "tags" and not request.repo.startswith("moved/"):
            return 307, {"Location": f"/v2/moved/{request.repo}/tags/list"}, b""
        return walked(dataclasses.replace(request, repo=request.repo.removeprefix("moved/"))) if request.kind == "tags" else None
    here.hook = hook
    result = sync(rules(here, there, {"via": "google"}), login)
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/etcd"]
    moved = [each.path.partition("?")[2] for each in here.seen(path="^/v2/moved/")]
    assert moved and set(moved) <= {"n=10000", "n=1000"}


def test_a_tree_that_may_be_cut(sync, here, there, login):
    stock(here, "team", ["etcd"])
    tree(here)
    walked = here.hook

    def hook(request):
        answer = walked(request)
        if answer and request.repo == "team":
            document = json.loads(answer[2])
            document["child"] = [f"c{number}" for number in range(1000)]
            return 200, answer[1], json.dumps(document).encode()
        return answer
    here.hook = hook
    result = sync(rules(here, there, {"via": "google"}), login)
    assert result.code == 1 and copied(there) == []
    assert "whether these are all" in result.stderr


# --- lists of their own -------------------------------------------------------------------------------------------------------

def pages(registry, path, page, size=2):
    """Lets the registry answer below path with page(names, number, more), of so many names of its repositories at a time."""
    def hook(request):
        if not request.path.startswith(path):
            return None
        if any(part in request.path for part in ("/tags", "/tag/", "/artifacts")):
            return 404, {}, b"{}"
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.path).query))
        number = int(query.get("page", query.get("next_page", "page-1").rpartition("-")[2]))
        names = sorted({repo for repo, _ in registry.tags})
        return page(names[(number - 1) * size:number * size], number, number * size < len(names))
    registry.hook = hook


def answer(document, **headers):
    return 200, {"Content-Type": "application/json", **headers}, json.dumps(document).encode()


def parts(name):
    namespace, _, rest = name.partition("/")
    return {"namespace": namespace, "name": rest}


def harbor(registry, public=()):
    """Harbor, which shows a project to those who send their login itself; others see only what is public."""
    def page(names, number, more):
        link = {"Link": f'</api/v2.0/projects/team/repositories?page={number + 1}&page_size=100>; rel="next"'} if more else {}
        return answer([{"name": name} for name in names], **link)
    pages(registry, "/api/v2.0/projects/team/repositories", page)
    listed = registry.hook

    def hook(request):
        if request.path == "/api/v2.0/ping":
            return 200, {"Content-Type": "text/plain"}, b"Pong"
        if "/api/v2.0/projects" in request.path and not request.headers.get("Authorization", "").startswith("Basic "):
            return answer([{"name": name} for name in public])
        return listed(request)
    registry.hook = hook


def test_harbor_gets_the_login_itself(sync, here, there, login):
    names = ["a", "b", "c/d"]
    stock(here, "team", names)
    harbor(here)
    login[here.host].update(username="robot$team", password="a-robots-password")
    result = sync(rules(here, there, stars="**"), login)
    assert result.code == 0, result.stderr
    assert copied(there) == [f"mirror/{name}" for name in names]
    assert len(here.seen(path="/team/repositories[?]")) == 2 and here.seen(path="_catalog") == []
    assert "a-robots-password" not in result.stderr


def test_harbor_without_a_login(sync, here, there, login):
    stock(here, "team", ["a", "b"])
    harbor(here, public=["team/b"])
    result = sync(rules(here, there), login)
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/b"]


def test_a_project_that_harbor_does_not_show(sync, here, there, login):
    stock(here, "team", ["a"])
    harbor(here)
    whole = here.hook
    here.hook = lambda request: (403, {}, b'{"errors":[{"code":"FORBIDDEN"}]}') if "projects" in request.path else whole(request)
    result = sync(rules(here, there), login)
    assert result.code == 1 and copied(there) == []
    assert f"the repositories of {here.host}/team" in result.stderr
    assert here.seen(path="_catalog") == []


def test_a_login_that_harbors_api_refuses(sync, here, there, login):
    """The error is about the login, which was sent although nobody asked for it."""
    stock(here, "team", ["a"])
    here.hook = lambda request: (401, {}, b'{"errors":[{"code":"UNAUTHORIZED"}]}') if "projects" in request.path else None
    login[here.host].update(username="robot$team", password="a-robots-password")
    result = sync(rules(here, there, {"via": "harbor"}), login)
    assert result.code == 1 and copied(there) == []
    assert "refused the user name or password of" in result.stderr
    assert "was not sent" not in result.stderr


def test_docker_hubs_list(sync, here, there, login):
    names = ["a", "b", "c"]
    stock(here, "team", names)
    pages(here, "/v2/namespaces/team/repositories", lambda found, number, more: answer({
        "count": len(names), "results": [parts(name) for name in found],
        "next": f"http://{here.host}/v2/namespaces/team/repositories?page={number + 1}&page_size=100" if more else None}))
    result = sync(rules(here, there, {"via": "hub"}), login)
    assert result.code == 0, result.stderr
    assert copied(there) == [f"mirror/{name}" for name in names]
    assert len(here.seen(path="/v2/namespaces/team/repositories[?]")) == 2


def test_quays_list(sync, here, there, login):
    names = ["a", "b", "c"]
    stock(here, "team", names)
    pages(here, "/api/v1/repository", lambda found, number, more: answer({
        "repositories": [{**parts(name), "kind": "image", "state": "NORMAL"} for name in found]
        + [{"namespace": "team", "name": "gone", "state": "MARKED_FOR_DELETION"}, {"namespace": "team", "name": "app", "kind": "application"}],
        **({"next_page": f"page/=-{number + 1}"} if more else {})}))
    result = sync(rules(here, there, {"via": "quay"}), login)
    assert result.code == 0, result.stderr
    assert copied(there) == [f"mirror/{name}" for name in names]
    assert [each.path for each in here.seen(path="/api/v1/repository[?]")] == [
        "/api/v1/repository?public=true&namespace=team", "/api/v1/repository?public=true&namespace=team&next_page=page%2F%3D-2"]


@pytest.mark.parametrize("kind", ("orgs", "users"))
def test_githubs_list(sync, here, there, login, kind):
    """The login goes to the API as it is; an owner is asked for as an organization first."""
    names = ["a", "b", "c/d"]
    stock(here, "team", names)
    pages(here, f"/{kind}/team/packages", lambda found, number, more: answer(
        [{"name": name.partition("/")[2], "package_type": "container", "owner": {"login": "Team"}} for name in found],
        **({"Link": f'<http://{here.host}/{kind}/team/packages?package_type=container&per_page=100&page={number + 1}>; rel="next"'} if more else {})))
    listed = here.hook
    here.hook = lambda request: listed(request) or ((404, {}, b"{}") if request.path.startswith("/orgs") else None)
    login[here.host].update(username="someone", password="a-token-of-github")
    result = sync(rules(here, there, {"via": "ghcr"}, "**"), login)
    assert result.code == 0, result.stderr
    assert copied(there) == [f"mirror/{name}" for name in names]
    asked = here.seen(path=f"/{kind}/team/packages")
    assert len(asked) == 2 and all(each.headers["Authorization"].startswith("Basic ") for each in asked)


def test_a_name_beside_a_glob_does_not_end_the_search(sync, here, there, login):
    """Nor does it count as something that was listed, at a user of GitHub and in a catalog with small pages."""
    stock(here, "team", ["a", "b"])
    here.hook = lambda request: (404, {}, b"{}") if request.path.startswith("/orgs") else answer([{"name": "a"}]) \
        if request.path.startswith("/users") else None
    fields = {"repositories": ["a*", "b"]}
    result = sync(rules(here, there, {"via": "ghcr", **fields}), login)
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/a", "mirror/b"]
    there.tags.clear()
    catalog(here, limit=100)
    result = sync(rules(here, there, {"via": "catalog", **fields}), login)
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/a", "mirror/b"]


def test_githubs_list_without_a_login(sync, here, there, login):
    stock(here, "team", ["a"])
    here.hook = lambda request: (401, {}, b'{"message": "Requires authentication"}') if "packages" in request.path else None
    result = sync(rules(here, there, {"via": "ghcr"}), login)
    assert result.code == 1 and copied(there) == []
    assert "needs its own login" in result.stderr


@pytest.mark.parametrize("via, path, document", (
    ("hub", "/v2/namespaces", {"results": "none"}),
    ("quay", "/api/v1/repository", {"repositories": [], "next_page": "x"}),
    ("quay", "/api/v1/repository", []),
    ("harbor", "/api/v2.0", {}),
    ("catalog", "/v2/_catalog", {"repositories": {}}),
    ("catalog", "/v2/_catalog", {"repositories": ["team/a", 17]}),
    ("catalog", "/v2/_catalog", {"repositories": [{"name": "team/a"}]}),
    ("harbor", "/api/v2.0", [{"name": "team/a"}, {"names": "team/b"}]),
    ("hub", "/v2/namespaces", {"results": [parts("team/a"), {"name": "b"}]}),
    ("hub", "/v2/namespaces", {"results": [parts("team/a")], "count": 2, "next": None}),
    ("quay", "/api/v1/repository", {"repositories": [parts("team/a")], "next_page": 2}),
    ("quay", "/api/v1/repository", {"repositories": [parts("team/a")], "has_additional": True}),
    ("ghcr", "/orgs", [{"name": "a"}, {"names": "b"}]),
    ("google", "/v2/team/tags", {"child": {"a": 1}, "tags": []}),
    ("google", "/v2/team/tags", {"child": ["a", 7], "tags": []}),
    ("google", "/v2/team/tags", {"child": ["a"], "tags": [], "nextPageToken": "x"}),
))
def test_answers_that_are_no_list(sync, here, there, login, via, path, document):
    """Or are a part of one, which is never taken for the whole."""
    stock(here, "team", ["a"])
    here.hook = lambda request: answer(document) if request.path.startswith(path) else None
    result = sync(rules(here, there, {"via": via}), login)
    assert result.code == 1 and copied(there) == []
    assert len(here.seen()) < 20


def test_a_total_that_does_not_come(sync, here, there, login):
    """As when a proxy on the way drops the Link header."""
    stock(here, "team", ["a"])
    here.hook = lambda request: answer([{"name": "team/a"}], **{"X-Total-Count": "7"}) if "/api/v2.0/projects" in request.path else None
    result = sync(rules(here, there, {"via": "harbor"}), login)
    assert result.code == 1 and copied(there) == []
    assert "ends after 1 of 7 entries" in result.stderr


def test_tokens_that_go_round(sync, here, there, login):
    stock(here, "team", ["a"])
    here.hook = lambda request: answer({"repositories": [parts("team/a")], "next_page": "A" if request.path.endswith("=B") else "B"}) \
        if "/api/v1/repository" in request.path else None
    result = sync(rules(here, there, {"via": "quay"}), login)
    assert result.code == 1 and copied(there) == []
    assert len(here.seen(path="/api/v1")) < 5


def test_a_tree_in_pages(sync, here, there, login):
    stock(here, "team", ["a", "b"])

    def hook(request):
        if request.kind != "tags":
            return None
        if request.repo != "team":
            return answer({"child": [], "tags": ["v1"]})
        more = {} if "last" in request.path else {"Link": '</v2/team/tags/list?last=a>; rel="next"'}
        return answer({"child": ["b" if "last" in request.path else "a"], "tags": []}, **more)
    here.hook = hook
    result = sync(rules(here, there, {"via": "google"}), login)
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/a", "mirror/b"]


@pytest.mark.parametrize("child", ("../../other", "%2e%2e", "q?n=1", "a b", "b#c", "UP", "a\r\nX: y", "x" * 300))
def test_paths_that_are_none(sync, here, there, login, child):
    """They are left out with a warning, and never become part of a URL."""
    stock(here, "team", ["a"])
    here.hook = lambda request: None if request.kind != "tags" else answer(
        {"child": [child, "a"] if request.repo == "team" else [], "tags": [] if request.repo == "team" else ["v1"]})
    result = sync(rules(here, there, {"via": "google"}), login)
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/a"]
    assert "is left out" in result.stderr
    assert not [each for each in here.seen() if "/team" not in each.path and each.path != "/v2/"]


@pytest.mark.parametrize("via", ("catalog", "google"))
def test_many_names_that_are_none(sync, here, there, login, via):
    """They do not fill the log."""
    stock(here, "team", ["a"])
    odd = [f"UP{number}" for number in range(100)]

    def hook(request):
        if "_catalog" in request.path:
            return answer({"repositories": [f"team/{name}" for name in odd] + ["team/a"]})
        if request.kind != "tags":
            return None
        return answer({"child": [*odd, "a"] if request.repo == "team" else [], "tags": [] if request.repo == "team" else ["v1"]})
    here.hook = hook
    result = sync(rules(here, there, {"via": via}), login)
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/a"]
    assert result.stderr.count("cannot be the name") == 10 and result.stderr.count("others like it") == 1


def test_a_list_that_moved_to_another_server(sync, here, there, login, scripted):
    """There the login may not go, and without it the list would only have what is public."""
    other = scripted()
    for registry in (here, other):
        stock(registry, "team", ["public", "private"])
    harbor(other, public=["team/public"])
    login[here.host].update(username="robot$team", password="a-robots-password")
    here.hook = lambda request: (301, {"Location": f"http://{other.host}{request.path}"}, b"") if "/api/v2.0/" in request.path else None
    result = sync(rules(here, there, {"via": "harbor"}), login)
    assert result.code == 1 and copied(there) == []
    assert other.seen() == []


def test_an_identity_token_is_no_password(sync, here, there, login):
    stock(here, "team", ["a"])
    harbor(here, public=["team/a"])
    login[here.host].update(token="an-identity-token")
    result = sync(rules(here, there), login)
    assert result.code == 1 and copied(there) == []
    assert "identity token" in result.stderr and "an-identity-token" not in result.stderr
    assert not [each for each in here.seen(path="projects") if "Authorization" in each.headers]


# --- several rules ------------------------------------------------------------------------------------------------------------

def test_two_rules_for_one_repository(sync, here, there, login):
    """Each asks for its own tags."""
    for tag in ("v1", "w1", "x1", "y1"):
        stock(here, "team", ["a"], tag)
    catalog(here)
    target = f"{there.host}/mirror"
    result = sync({wildcard(here, "team"): [{"to": target, "tags": "/^v/"}, {"to": target, "tags": "/^w/"}],
                   wildcard(here, "team", "**") + ":x1": target}, login)
    assert result.code == 0, result.stderr
    assert sorted(tag for _, tag in there.tags) == ["v1", "w1", "x1"]


def test_two_rules_that_disagree(sync, here, there, login):
    stock(here, "team", ["a"])
    stock(here, "other", ["b"])
    catalog(here)
    target = f"{there.host}/mirror"
    result = sync({wildcard(here, "other"): target, wildcard(here, "team"): {"to": target, "on-change": "skip"},
                   wildcard(here, "team", "**"): {"to": target, "on-change": "overwrite"}}, login)
    assert result.code == 1
    assert "two different values of on-change" in result.stderr
    assert f"x {here.host}/team/a -> {target}/a: " in result.stderr
    assert f"x {here.host}/other" not in result.stderr and "mirror/b" in copied(there)


def test_a_name_beside_a_glob_is_asked_for(sync, here, there, login):
    """Whoever names a repository wants to know when it is gone, even where others are found by their names."""
    stock(here, "team", ["a", "b"])
    catalog(here)
    listed = here.hook
    here.hook = lambda request: (404, {}, b"") if "team/gone" in request.path else listed(request)
    result = sync(rules(here, there, {"repositories": ["a*", "gone"]}), login)
    assert result.code == 1 and copied(there) == ["mirror/a"]
    assert f"{here.host}/team/gone" in result.stderr


def test_an_exclusion_that_excludes_nothing(sync, here, there, login):
    stock(here, "team", ["a", "b"])
    catalog(here)
    result = sync(rules(here, there, {"exclude-repositories": ["team/a", "b"]}, "**"), login)
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/a"]
    assert "exclude-repositories names team/a" in result.stderr and "names b" not in result.stderr


# --- mistakes -----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("written, fields, message", (
    ("team/*", {"via": "magic"}, "via: magic is not a way to list repositories"),
    ("team/*", {"names": "{nam}"}, "begins none of {host}"),
    ("team/*", {"repositories": []}, "repositories"),
    ("team/a", {"names": "full"}, "is a repository"),
    ("team/*", {"names": "X{name}"}, "makes names that none can be"),
))
def test_mistakes(sync, here, there, login, written, fields, message):
    stock(here, "team", ["a"])
    catalog(here)
    result = sync({f"{here.host}/{written}": {"to": f"{there.host}/mirror", **fields}}, login)
    assert result.code in (1, 2)
    assert message in result.stderr
    assert copied(there) == []
