"""Lists in pages: what is announced is never left out in silence, in whatever way it is said."""

import json
import re
import urllib.parse

import pytest

from lib import images, run
from lib.scripted import Scripted
from lib.shy import errors

ONCE = ["--retries", "0"]
JSON = {"Content-Type": "application/json"}
TAGS = [f"v{number}" for number in range(1, 8)]
SIZE = 3


class Paged(Scripted):
    """Lists its tags in pages of three. link(path, last): what a page says about the next one, {header: value} and members of the
    JSON. number(n): an answer to a list that asks for n tags, or None; n is None when it asks for no number."""

    def __init__(self, link, number=None):
        super().__init__()
        self.link, self.number = link, number or (lambda _: None)

    def _tags(self, request, query, body):
        n = query.get("n", [None])[0]
        if "last" not in query and self.number(n):
            return self.number(n)
        last = query.get("last", [""])[0]
        rest = [tag for tag in sorted(tag for repo, tag in self.tags if repo == request.repo) if tag > last]
        document, headers = {"name": request.repo, "tags": rest[:SIZE]}, dict(JSON)
        if len(rest) > SIZE:
            for name, value in self.link(f"/v2/{request.repo}/tags/list?last={rest[SIZE - 1]}&n={SIZE}", self).items():
                (headers if name[0].isupper() else document)[name] = value
        return 200, headers, json.dumps(document).encode()


def lists(server):
    return [each.path for each in server.seen(kind="tags")]


READABLE = {
    "specification": lambda path, _: {"Link": f'<{path}>; rel="next"'},
    "absolute": lambda path, here: {"Link": f'<http://{here.host}{path}>; rel="next"'},
    "relative": lambda path, _: {"Link": f'<list?{path.split("?")[1]}>; rel="next"'},
    "query": lambda path, _: {"Link": f'<?{path.split("?")[1]}>; rel="next"'},
    "no-brackets": lambda path, _: {"Link": f'{path}; rel="next"'},
    "no-quotes": lambda path, _: {"Link": f"<{path}>;rel=next"},
    "single-quotes": lambda path, _: {"Link": f"<{path}>; rel='next'"},
    "upper-case": lambda path, _: {"Link": f'<{path}>; REL="NEXT"'},
    "no-semicolon": lambda path, _: {"Link": f'<{path}> rel="next"'},
    "no-relation": lambda path, _: {"Link": f"<{path}>"},
    "parameters": lambda path, _: {"Link": f'<{path}> ; title="a, b; c" ;type="x"; rel = "next"; y'},
    "several": lambda path, _: {"Link": f'</v2/a/tags/list>; rel="first", <{path}>; rel="next"'},
    "several-bare": lambda path, _: {"Link": f"/v2/a/tags/list; rel=first,{path}; rel=next"},
    "json": lambda path, _: {"next": path},
    "json-absolute": lambda path, here: {"next": f"http://{here.host}{path}"},
}
UNREADABLE = {
    "empty-link": lambda path, _: {"Link": '<>; rel="next"'},
    "no-target": lambda path, _: {"Link": 'rel="next"'},
    "blank-in-link": lambda path, _: {"Link": f'<{path}&x=a b>; rel="next"'},
    "elsewhere": lambda path, _: {"Link": f'<http://127.0.0.2:1{path}>; rel="next"'},
    "too-long": lambda path, _: {"Link": f'<{path}&x={"y" * 9000}>; rel="next"'},
    "flag": lambda path, _: {"has_more": True},
    "token": lambda path, _: {"next_token": "abc"},
    "loop": lambda path, _: {"Link": '</v2/a/tags/list>; rel="next"'},
    "missing": lambda path, _: {"Link": '</v2/a/blobs/sha256:0?last=x>; rel="next"'},
}


def listed(sync, here, there):
    picture = here.push(images.image("paged", layers=1), "a", *TAGS)
    result = sync({f"{here.host}/a": f"{there.host}/a"}, run.insecure(here, there), ONCE)
    return picture, result


@pytest.mark.parametrize("form", READABLE)
def test_a_list_that_goes_on(sync, there, form):
    with Paged(READABLE[form]) as here:
        picture, result = listed(sync, here, there)
        assert result.code == 0, result
        assert there.tags == {("a", tag): picture.digest for tag in TAGS}
        assert len(lists(here)) == 3


@pytest.mark.parametrize("form", UNREADABLE)
def test_a_list_that_goes_on_nobody_knows_where(sync, there, form):
    """The rule fails: nothing is copied from half a list."""
    with Paged(UNREADABLE[form]) as here:
        _, result = listed(sync, here, there)
        assert result.code == 1, result
        assert not there.tags and len(lists(here)) <= 4
        assert f"tags of {here.host}/a" in result.report["images"][0]["error"]["message"]


def test_two_headers(sync, there):
    with Paged(READABLE["specification"]) as here:
        answer = here.answer

        def twice(method, path, headers, body):
            status, more, content = answer(method, path, headers, body)
            link = more.pop("Link", None)
            return status, _Pairs([*more.items(), *([("Link", "</x>; rel=self"), ("Link", link)] if link else [])]), content
        here.answer = twice
        picture, result = listed(sync, here, there)
        assert result.code == 0 and len(there.tags) == len(TAGS)


class _Pairs(dict):
    """Headers of which one comes twice."""

    def __init__(self, pairs):
        super().__init__(pairs)
        self._pairs = pairs

    def items(self):
        return self._pairs


def test_pages_without_tags(sync, there):
    """A page of names that are none is passed, and the list goes on."""
    with Paged(READABLE["specification"]) as here:
        plain = here._tags

        def filtered(request, query, body):
            status, headers, content = plain(request, query, body)
            page = json.loads(content)
            page["tags"] = [tag if tag == "v7" else "sha256:" + tag for tag in page["tags"]]
            return status, headers, json.dumps(page).encode()
        here._tags = filtered
        _, result = listed(sync, here, there)
        assert result.code == 0 and list(there.tags) == [("a", "v7")]


def test_endless_pages_without_tags(sync, there):
    with Paged(lambda path, _: {}) as here:
        count = iter(range(10 ** 6))

        def endless(request, _query, _body):
            return 200, {**JSON, "Link": f'<{request.path.split("?")[0]}?last={next(count)}>; rel="next"'}, b'{"tags":[]}'
        here._tags = endless
        _, result = listed(sync, here, there)
        assert result.code == 1 and "nothing new" in result.report["images"][0]["error"]["message"]
        assert len(lists(here)) <= 20


# -- how many in a page -------------------------------------------------------------------------------------------------------

INVALID = errors("PAGINATION_NUMBER_INVALID", "invalid number of results requested")
NUMBERS = {
    "400": (400, JSON, INVALID), "400-plain": (400, {}, b""), "416": (416, {}, b""), "422": (422, JSON, INVALID), "500": (500, JSON, INVALID),
}


@pytest.mark.parametrize("most", (100, 50), ids=("a-hundred", "none-named"))
@pytest.mark.parametrize("form", NUMBERS)
def test_a_registry_that_takes_no_such_number(sync, there, form, most):
    """It is asked for fewer, then for as many as it likes; that is learnt for all lists of the run."""
    with Paged(READABLE["specification"], lambda n: NUMBERS[form] if n and int(n) > most else None) as here:
        picture = here.push(images.image("number", layers=1), "a", *TAGS)
        here.push(picture, "b", *TAGS)
        result = sync({f"{here.host}/{repo}": f"{there.host}/{repo}" for repo in "ab"}, run.insecure(here, there), [*ONCE, "--proc", "1"])
        assert result.code == 0, result
        assert len(there.tags) == 2 * len(TAGS)
        asked = [urllib.parse.parse_qs(urllib.parse.urlsplit(path).query).get("n", ["none"])[0] for path in lists(here) if "last=" not in path]
        assert set(asked) == ({"1000", "100"} if most == 100 else {"1000", "100", "none"})
        if form == "400":
            assert asked.count("1000") <= 2, "both lists may begin at once"


def test_a_refusal_that_is_about_something_else(sync, there):
    with Paged(READABLE["specification"], lambda n: (400, JSON, errors("NAME_INVALID", "invalid repository name"))) as here:
        _, result = listed(sync, here, there)
        message = result.report["images"][0]["error"]["message"]
        assert result.code == 1 and "NAME_INVALID" in message and len(lists(here)) == 3


# -- lists of referrers -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("form", ("no-brackets", "single-quotes", "json"))
def test_referrers_that_go_on(sync, there, form):
    with Scripted() as here:
        here.push(images.image("subject", layers=1), "a", "v1")

        def pages(request):
            if request.kind != "referrers":
                return None
            index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}
            headers = {"Content-Type": index["mediaType"]}
            if "page" not in request.path:
                for name, value in READABLE[form](f"{request.path}?page=2&last=1", here).items():
                    (headers if name[0].isupper() else index)[name] = value
            return 200, headers, json.dumps(index).encode()
        here.hook = pages
        result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), [*ONCE, "--referrers=all"])
        assert result.code == 0, result
        assert [bool(re.search("page=2", each.path)) for each in here.seen(kind="referrers")] == [False, True]
