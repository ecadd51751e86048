"""Rules for the namespaces of GitLab: its API is a server beside the registry, and takes an access token alone."""

import base64
import json
import urllib.parse

import pytest

from lib import images

TOKEN = "glpat-not-a-real-one"
JWT = "a-token-for-images"
JSON = {"Content-Type": "application/json"}
LISTED = "/registry/repositories?per_page=100"


def answer(document, status=200, **headers):
    return status, {**JSON, **headers}, json.dumps(document).encode()


def entry(path, **more):
    return {"id": 1, "name": "", "path": path, "location": f"registry.test/{path}", "status": None, **more}


class Lab:
    """A registry, and the GitLab to which it belongs.

    owners: {path of a group or project as in a URL: what is below it}. size: entries of a page. root: where GitLab is on its
    server. name: what the registry calls that server. token: what the API wants to see; None: anybody may ask it.
    """

    def __init__(self, scripted, size=100, root="", name="127.0.0.1", token=TOKEN):
        self.registry, self.api = scripted(), scripted()
        self.size, self.root, self.token = size, root, token
        self.owners = {}
        self.server = f"{name}:{self.api.port}"
        self.linked = True       # pages have a Link, and not only X-Next-Page
        self.bare = False        # pages have none of these headers
        self.more = {}           # headers of each page, instead of the usual ones or beside them
        self.registry.hook, self.api.hook = self._images, self._gitlab

    def stock(self, owner, *paths):
        for path in paths:
            self.registry.push(images.image("namespace"), path, "v1")
        self.owners[owner] = [entry(path) for path in paths]

    def auth(self, there, **login):
        return {self.registry.host: {"insecure": True, **login}, there.host: {"insecure": True}}

    def asked(self):
        """What the API was asked for, below its root."""
        return [each.path.removeprefix(f"{self.root}/api/v4/") for each in self.api.seen(path="/api/v4/")]

    def _images(self, request):
        if request.headers.get("Authorization") == f"Bearer {JWT}" and "_catalog" not in request.path:
            return None
        realm = f"http://{self.server}{self.root}/jwt/auth"
        return 401, {"WWW-Authenticate": f'Bearer realm="{realm}",service="container_registry"'}, b"{}"

    def _gitlab(self, request):
        if request.path.startswith(f"{self.root}/jwt/auth"):
            return answer({"token": JWT, "expires_in": 900})
        path, _, query = request.path.removeprefix(f"{self.root}/api/v4/").partition("?")
        owner = path.removesuffix("/registry/repositories")
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return answer({"message": "401 Unauthorized"}, 401)
        if owner not in self.owners:
            return answer({"message": f"404 {owner.split('/')[0]} Not Found"}, 404)
        return self._page(path, self.owners[owner], int(urllib.parse.parse_qs(query).get("page", ["1"])[0]))

    def _page(self, path, entries, page):
        more = page * self.size < len(entries)
        headers = {"X-Total": str(len(entries)), "X-Next-Page": str(page + 1) if more else ""}
        if more and self.linked:
            headers["Link"] = (f'<http://{self.server}{self.root}/api/v4/{path}?page={page + 1}&per_page=100>; rel="next", '
                               f'<http://{self.server}{self.root}/api/v4/{path}?page=1&per_page=100>; rel="first"')
        return answer(entries[(page - 1) * self.size:page * self.size], **{**({} if self.bare else headers), **self.more})


@pytest.fixture
def lab(scripted):
    return Lab(scripted)


def rules(lab, there, prefix="team", stars="**", **fields):
    return {f"{lab.registry.host}/{prefix}/{stars}": {"to": f"{there.host}/mirror", "via": "gitlab", **fields}}


def copied(there):
    return sorted({repo for repo, tag in there.tags})


# --- lists --------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("linked", (True, False))
def test_the_list_of_a_group(sync, lab, there, linked):
    """In pages, each named by a Link, or by a number alone. Only the API gets the token as it is."""
    names = [f"r{number}" for number in range(5)]
    lab.stock("groups/team", *(f"team/{name}" for name in names))
    lab.size, lab.linked = 2, linked
    result = sync(rules(lab, there), lab.auth(there, username="someone", password=TOKEN))
    assert result.code == 0, result.stderr
    assert copied(there) == [f"mirror/{name}" for name in names]
    asked = lab.asked()
    assert asked[0] == f"groups/team{LISTED}" and len(asked) == 3
    assert all(each.headers["Authorization"] == f"Bearer {TOKEN}" for each in lab.api.seen(path="/api/v4/"))
    basic = "Basic " + base64.b64encode(f"someone:{TOKEN}".encode()).decode()
    assert {each.headers["Authorization"] for each in lab.api.seen(path="/jwt/auth")} == {basic}
    assert {each.headers.get("Authorization") for each in lab.registry.seen()} <= {None, f"Bearer {JWT}"}
    assert lab.registry.seen(path="_catalog") == []


def test_one_level_of_a_group(sync, lab, there):
    lab.stock("groups/team", "team/a", "team/sub/b", "team/a/image")
    result = sync(rules(lab, there, stars="*"), lab.auth(there, username="someone", password=TOKEN))
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/a"]


def test_a_group_in_a_group(sync, lab, there):
    lab.stock("groups/team%2Fsub", "team/sub/a", "team/sub/a/image")
    result = sync(rules(lab, there, "team/sub"), lab.auth(there, username="someone", password=TOKEN))
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/a", "mirror/a/image"]
    assert lab.asked() == [f"groups/team%2Fsub{LISTED}"]


@pytest.mark.parametrize("below", ("", "/images"))
def test_the_list_of_a_project(sync, lab, there, below):
    """Also where the namespace is a path below the project, which is none of GitLab's own."""
    lab.stock("projects/team%2Fapp", "team/app", "team/app/images/a", "team/app/images/b")
    result = sync(rules(lab, there, f"team/app{below}"), lab.auth(there, username="someone", password=TOKEN))
    assert result.code == 0, result.stderr
    assert copied(there) == [f"mirror/{name}".replace(f"{below}/", "/", 1) for name in ("images/a", "images/b")]
    asked = [f"groups/team%2Fapp{LISTED}", f"projects/team%2Fapp{LISTED}"]
    if below:
        asked = [f"groups/team%2Fapp%2Fimages{LISTED}", f"projects/team%2Fapp%2Fimages{LISTED}", asked[1]]
    assert lab.asked() == asked


def test_what_is_public_needs_no_login(sync, scripted, there):
    lab = Lab(scripted, token=None)
    lab.stock("projects/team%2Fapp", "team/app/a")
    result = sync(rules(lab, there, "team/app"), lab.auth(there))
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/a"]
    assert not [each for each in lab.api.seen() if "Authorization" in each.headers]


def test_it_is_recognised_by_its_token_server(sync, lab, there):
    lab.stock("groups/team", "team/a")
    found = {f"{lab.registry.host}/team/*": f"{there.host}/mirror"}
    result = sync(found, lab.auth(there, username="someone", password=TOKEN))
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/a"]


def test_gitlab_below_a_path(sync, scripted, there):
    lab = Lab(scripted, size=1, root="/tools/gitlab")
    lab.stock("groups/team", "team/a", "team/b")
    lab.linked = False
    result = sync(rules(lab, there), lab.auth(there, username="someone", password=TOKEN))
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/a", "mirror/b"]


def test_what_is_being_deleted_is_left_out(sync, lab, there):
    lab.stock("groups/team", "team/a", "team/b")
    lab.owners["groups/team"] += [entry("team/c", status="delete_ongoing"), entry("team/d", status="delete_scheduled")]
    lab.owners["groups/team"][1]["status"] = "delete_failed"
    result = sync(rules(lab, there), lab.auth(there, username="someone", password=TOKEN))
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/a", "mirror/b"]


# --- where the token may go ---------------------------------------------------------------------------------------------------

def test_a_server_that_is_not_the_registrys_own(sync, scripted, there):
    """Without the token the list would be that of what is public."""
    lab = Lab(scripted, name="localhost", token=None)
    lab.stock("groups/team", "team/a")
    login = lab.auth(there, username="someone", password=TOKEN)
    result = sync(rules(lab, there), login)
    assert result.code == 1 and copied(there) == []
    assert f"add token-server: localhost:{lab.api.port}" in result.stderr
    assert lab.asked() == []
    login[lab.registry.host]["token-server"] = lab.server
    lab.token = TOKEN
    result = sync(rules(lab, there), login)
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/a"]


def test_an_api_that_moved_to_another_server(sync, lab, there, scripted):
    other = scripted()
    lab.stock("groups/team", "team/a")
    usual = lab.api.hook
    lab.api.hook = lambda request: (302, {"Location": f"http://{other.host}{request.path}"}, b"") if "/api/" in request.path else usual(request)
    result = sync(rules(lab, there), lab.auth(there, username="someone", password=TOKEN))
    assert result.code == 1 and copied(there) == []
    assert other.seen() == []


@pytest.mark.parametrize("login, message", (
    ({"token": "an-identity-token"}, "identity token"),
    ({"username": "someone", "password": "two words\r\nX-Evil: y"}, "characters that no token has"),
))
def test_a_login_that_is_no_token(sync, lab, there, login, message):
    lab.stock("groups/team", "team/a")
    result = sync(rules(lab, there), lab.auth(there, **login))
    assert result.code == 1 and copied(there) == []
    assert message in result.stderr
    assert lab.asked() == []


# --- refusals -----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("login, status, document, message", (
    (True, 401, {"message": "401 Unauthorized"}, "must be an access token with the scope read_api"),
    (True, 403, {"error": "insufficient_scope", "scope": "api read_api"}, "insufficient_scope"),
    (True, 403, {"message": "403 Forbidden"}, "the role Reporter"),
    (True, 404, {"message": "404 Group Not Found"}, "/USER/PROJECT/*"),
    (False, 401, {"message": "401 Unauthorized"}, "add a login for"),
    (False, 403, {"message": "403 Forbidden"}, "add a login for"),
    (False, 404, {"message": "404 Group Not Found"}, "add a login for"),
))
def test_refusals(sync, lab, there, login, status, document, message):
    lab.stock("groups/team", "team/a")
    usual = lab.api.hook
    lab.api.hook = lambda request: answer(document, status) if "/api/" in request.path else usual(request)
    result = sync(rules(lab, there), lab.auth(there, **({"username": "someone", "password": TOKEN} if login else {})))
    assert result.code == 1 and copied(there) == []
    assert message in result.stderr and f"the repositories of team at {lab.api.host}" in result.stderr
    assert f"HTTP {status}" in result.stderr and "refused" not in result.stderr
    assert lab.asked() == [f"groups/team{LISTED}"]
    assert lab.api.seen(path="/v2/") == []


def test_a_whole_registry(sync, lab, there):
    result = sync({f"{lab.registry.host}/**": {"to": there.host, "via": "gitlab"}}, lab.auth(there))
    assert result.code == 1
    assert f"name it, as in {lab.registry.host}/GROUP/*" in result.stderr
    assert lab.asked() == []


def test_a_number_is_no_name(sync, lab, there):
    """The API would list whichever group has that number."""
    lab.stock("groups/42", "other/a")
    result = sync(rules(lab, there, "42", **{"allow-empty": True}), lab.auth(there, username="someone", password=TOKEN))
    assert result.code == 1
    assert "the number of a group" in result.stderr
    assert lab.asked() == []


def test_a_registry_that_is_not_gitlabs(sync, lab, here, there):
    here.push(images.image("namespace"), "team/a", "v1")
    result = sync({f"{here.host}/team/*": {"to": f"{there.host}/mirror", "via": "gitlab"}},
                  {here.host: {"insecure": True}, there.host: {"insecure": True}})
    assert result.code == 1 and copied(there) == []
    assert f"{here.host} is not GitLab" in result.stderr


# --- lists that are not complete ----------------------------------------------------------------------------------------------

def test_a_total_that_does_not_come(sync, lab, there):
    lab.stock("groups/team", "team/a")
    lab.more = {"X-Total": "7"}
    result = sync(rules(lab, there), lab.auth(there, username="someone", password=TOKEN))
    assert result.code == 1 and copied(there) == []
    assert "ends after 1 of 7 entries" in result.stderr


def test_a_full_page_without_a_word_about_others(sync, lab, there):
    """As when a proxy drops all headers that it does not know."""
    lab.stock("groups/team", *(f"team/r{number}" for number in range(100)))
    lab.bare = True
    login = lab.auth(there, username="someone", password=TOKEN)
    result = sync(rules(lab, there), login)
    assert result.code == 1 and copied(there) == []
    assert "the last page has 100 entries" in result.stderr
    lab.more = {"X-Next-Page": ""}      # all that GitLab says where there are more than ten thousand
    assert sync(rules(lab, there), login, flags=["--dry-run"]).report["total"] == 100
    lab.more = {}
    lab.owners["groups/team"].pop()
    assert sync(rules(lab, there), login, flags=["--dry-run"]).report["total"] == 99


@pytest.mark.parametrize("more", (
    {"X-Next-Page": "two"},                                                       # a page that cannot be asked for
    {"X-Next-Page": "1"},                                                         # the same page for ever
    {"Link": '<http://elsewhere.test/api/v4/groups/team?page=2>; rel="next"'},    # a page of another server
    {"Link": '<>; rel="next"'},
))
def test_pages_that_lead_nowhere(sync, lab, there, more):
    lab.stock("groups/team", "team/a")
    lab.more = more
    result = sync(rules(lab, there), lab.auth(there, username="someone", password=TOKEN))
    assert result.code == 1 and copied(there) == []
    assert len(lab.asked()) < 10


def test_a_page_that_is_missing(sync, lab, there):
    """It is not taken for a namespace that is no group."""
    lab.stock("groups/team%2Fsub", "team/sub/a", "team/sub/b")
    lab.size = 1
    usual = lab.api.hook
    lab.api.hook = lambda request: answer({"message": "404 Not Found"}, 404) if "page=2" in request.path else usual(request)
    result = sync(rules(lab, there, "team/sub"), lab.auth(there, username="someone", password=TOKEN))
    assert result.code == 1 and copied(there) == []
    assert [each.partition("/")[0] for each in lab.asked()] == ["groups", "groups"]


@pytest.mark.parametrize("document", (
    {}, {"repositories": []}, [entry("team/a"), {"id": 2}], [entry("team/a"), entry(17)], [entry("team/a"), "team/b"], None, "team/a",
))
def test_answers_that_are_no_list(sync, lab, there, document):
    lab.stock("groups/team", "team/a")
    usual = lab.api.hook
    lab.api.hook = lambda request: answer(document) if "/api/" in request.path else usual(request)
    result = sync(rules(lab, there), lab.auth(there, username="someone", password=TOKEN))
    assert result.code == 1 and copied(there) == []
    assert len(lab.asked()) == 1


def test_a_server_that_is_named_by_https_gets_no_token_over_http(sync, lab, there):
    """insecure is about the registry: a password does not go in the open where https was asked for."""
    lab.stock("groups/team", "team/app")
    usual = lab.registry.hook

    def hook(request):
        answered = usual(request)
        if answered and answered[0] == 401:
            return 401, {"WWW-Authenticate": answered[1]["WWW-Authenticate"].replace("http://", "https://")}, b"{}"
        return answered
    lab.registry.hook = hook
    result = sync(rules(lab, there), lab.auth(there, username="robot", password=TOKEN))
    assert result.code == 1 and copied(there) == []
    assert lab.api.seen() == [], lab.api.log()
