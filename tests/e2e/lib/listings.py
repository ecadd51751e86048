"""The lists that registries have of their own: repositories of a namespace and tags with their digests, in pages.

    listings.hub(registry)

lets a scripted registry answer the API of Docker Hub as well, from what it holds. `dates` says when tags were pushed, {(repo, tag):
seconds since 1970}; `stale` has digests that the API still names, {(repo, tag): digest}.
"""

import collections
import datetime
import json
import re
import urllib.parse

PAGE = 100


def answer(document, **headers):
    return 200, {"Content-Type": "application/json", **headers}, json.dumps(document).encode()


MISSING = 404, {"Content-Type": "application/json"}, b'{"message": "not found"}'


def rfc3339(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.123456Z")


def _split(request):
    url = urllib.parse.urlsplit(request.path)
    return url.path, dict(urllib.parse.parse_qsl(url.query))


def _page(items, query):
    number = int(query.get("page", 1))
    size = min(int(query.get("page_size", query.get("limit", 10))), PAGE)
    return items[(number - 1) * size:number * size], number, number * size < len(items)


class _Stock:
    def __init__(self, registry, dates, stale):
        self.registry, self.dates, self.stale = registry, dates or {}, stale or {}

    def repositories(self, namespace):
        return sorted({repo for repo, _ in self.registry.tags if repo.startswith(namespace + "/")})

    def tags(self, repo):
        return sorted((tag, self.stale.get((repo, tag), digest)) for (of, tag), digest in self.registry.tags.items() if of == repo)

    def pushed(self, repo, tag):
        return self.dates.get((repo, tag), 1_700_000_000)


def hub(registry, dates=None, stale=None, private=(), token=None):
    """private: names of repositories that are shown only with the token, for which a login is taken at /v2/auth/token."""
    stock = _Stock(registry, dates, stale)

    def hook(request):
        path, query = _split(request)
        if path == "/v2/auth/token" and token:
            return answer({"access_token": token})
        shown = token and request.headers.get("Authorization") == f"Bearer {token}"
        found = re.fullmatch(r"/v2/namespaces/([^/]+)/repositories(?:/([^/]+)/tags)?", path)
        if not found:
            return None
        space, name = found.groups()
        repo = f"{space}/{name}"
        items = ([{"name": tag, "digest": digest, "last_updated": rfc3339(stock.pushed(repo, tag)), "images": []}
                  for tag, digest in stock.tags(repo)] if name else
                 [{"namespace": space, "name": each.partition("/")[2], "is_private": each in private}
                  for each in stock.repositories(space) if shown or each not in private])
        if name and repo in private:
            return MISSING
        if not items:
            return MISSING
        some, number, more = _page(items, query)
        onward = f"http://{registry.host}{path}?page={number + 1}&page_size={query['page_size']}" if more else None
        return answer({"count": len(items), "next": onward, "previous": None, "results": some})
    registry.hook = hook


def quay(registry, dates=None, stale=None):
    stock = _Stock(registry, dates, stale)

    def hook(request):
        path, query = _split(request)
        if path == "/api/v1/repository":
            return answer({"repositories": [
                {"namespace": query["namespace"], "name": each.partition("/")[2], "kind": "image", "state": "NORMAL"}
                for each in stock.repositories(query["namespace"])]})
        found = re.fullmatch(r"/api/v1/repository/(.+)/tag/", path)
        if not found:
            return None
        some, number, more = _page([
            {"name": tag, "manifest_digest": digest, "start_ts": stock.pushed(found[1], tag), "is_manifest_list": False}
            for tag, digest in stock.tags(found[1])], query)
        return answer({"tags": some, "page": number, "has_additional": more})
    registry.hook = hook


def harbor(registry, dates=None, stale=None, cached=(), login=None):
    """cached: projects that are caches for other registries. login: the Basic login without which nothing is shown."""
    stock = _Stock(registry, dates, stale)

    def artifacts(repo):
        images = collections.defaultdict(list)
        for tag, digest in stock.tags(repo):
            images[digest].append(tag)
        return [{"digest": digest, "type": "IMAGE", "push_time": rfc3339(max(stock.pushed(repo, tag) for tag in tags)),
                 "tags": [{"name": tag, "immutable": False} for tag in tags]} for digest, tags in images.items()]

    def hook(request):
        path, query = _split(request)
        if path == "/api/v2.0/ping":
            return 200, {"Content-Type": "text/plain"}, b"Pong"
        found = re.fullmatch(r"/api/v2.0/projects/([^/]+)(/repositories(?:/([^/]+)/artifacts)?)?", path)
        if not found:
            return None
        if login and request.headers.get("Authorization") != login:
            return 401, {}, b'{"errors":[{"code":"UNAUTHORIZED"}]}'
        project, listed, name = found.groups()
        if not listed:
            return answer({"name": project, **({"registry_id": 3} if project in cached else {})})
        items = (artifacts(f"{project}/{urllib.parse.unquote(urllib.parse.unquote(name))}") if name else
                 [{"name": each} for each in stock.repositories(project)])
        some, number, more = _page(items, query)
        link = {"Link": f'<{path}?page={number + 1}&page_size={query["page_size"]}>; rel="next"'} if more else {}
        return answer(some, **{"X-Total-Count": str(len(items))}, **link)
    registry.hook = hook
