"""Amazon ECR beyond logins: the repositories of a namespace, by its API and without it."""

import json

import pytest

from lib import images, run
from lib.cloud import ACCOUNT, ECR, LOGIN


def without_keys(env):
    return {name: value for name, value in env.items() if not name.startswith("AWS_")}


def copied(there):
    return sorted({repo for repo, _ in there.tags})


def stock(registry, *repos):
    for repo in repos:
        registry.push(images.image("amazon"), repo, "v1")


def listing(runner, there, env, stars="*", **fields):
    rule = {f"{ECR}/team/{stars}": {"to": f"{there.host}/mirror", **fields}}
    return runner.sync(rule, run.insecure(there, ECR), env=env)


# --- the repositories of a namespace ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("fields", ({}, {"via": "ecr"}))
def test_the_api_lists_them_page_by_page(runner, amazon, there, fields):
    held, api, env = amazon(page=2)
    stock(held, "team/a", "team/b", "team/c", "team/d/e", "teams/f")
    result = listing(runner, there, env, "**", **fields)
    assert result.code == 0, result.stderr
    assert api.wrong == [] and copied(there) == ["mirror/a", "mirror/b", "mirror/c", "mirror/d/e"]
    first = {"registryId": ACCOUNT, "maxResults": 1000}
    assert api.documents("DescribeRepositories") == [first, {**first, "nextToken": "token/2"}, {**first, "nextToken": "token/4"}]
    assert held.seen(path="_catalog") == []


def test_a_call_that_is_throttled_is_made_again(runner, amazon, there):
    held, api, env = amazon(busy=1)
    stock(held, "team/a")
    result = listing(runner, there, env)
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/a"] and len(api.documents("DescribeRepositories")) == 2


def test_the_permission_that_is_missing_is_named(runner, amazon, there):
    held, api, env = amazon(forbidden=("DescribeRepositories",))
    stock(held, "team/a")
    result = listing(runner, there, env)
    assert result.code == 1 and copied(there) == []
    assert "the AWS keys need the permission ecr:DescribeRepositories" in result.stderr
    assert len(api.documents("DescribeRepositories")) == 1 and held.seen(path="_catalog") == []


def test_a_second_page_that_fails_is_no_end(runner, amazon, there):
    held, api, env = amazon(page=1)
    stock(held, "team/a", "team/b")
    whole = api._DescribeRepositories
    api._DescribeRepositories = lambda document: {"repositories": None} if "nextToken" in document else whole(document)
    result = listing(runner, there, env)
    assert result.code == 1 and copied(there) == []
    assert "holds no list of repositories" in result.stderr


@pytest.mark.parametrize("token, words", (("again", "brings nothing new"), (7, "nextToken is not a token")))
def test_a_token_that_leads_nowhere(runner, amazon, there, token, words):
    held, api, env = amazon()
    stock(held, "team/a")
    api._DescribeRepositories = lambda document: {"repositories": [{"repositoryName": "team/a"}], "nextToken": token}
    result = listing(runner, there, env)
    assert result.code == 1 and copied(there) == []
    assert words in result.stderr and len(api.documents("DescribeRepositories")) < 30


def with_catalog(held, api):
    gate = held.hook

    def hook(request):
        if request.path.startswith("/v2/_catalog") and request.headers.get("Authorization") == LOGIN:
            return 200, {"Content-Type": "application/json"}, json.dumps({"repositories": sorted(api.repositories)}).encode()
        return gate(request)
    held.hook = hook


def by_login(runner, there, env, **fields):
    auth = {**run.insecure(there), ECR: {"username": "AWS", "password": "cloud-word-1", "insecure": True}}
    return runner.sync({f"{ECR}/team/*": {"to": f"{there.host}/mirror", **fields}}, auth, env=without_keys(env))


def test_a_login_alone_reads_the_catalog(runner, amazon, there):
    held, api, env = amazon()
    stock(held, "team/a", "team/b", "other/c")
    with_catalog(held, api)
    result = by_login(runner, there, env)
    assert result.code == 0, result.stderr
    assert copied(there) == ["mirror/a", "mirror/b"] and api.asked == []


@pytest.mark.parametrize("fields", ({}, {"repositories": ["named", "a*"]}))
def test_a_catalog_that_may_be_cut(runner, amazon, there, fields):
    """A full page without a word of another one: nobody says that this is all."""
    held, api, env = amazon()
    stock(held, "team/a")
    api.repositories.update({f"other/r{number}": {} for number in range(999)})
    with_catalog(held, api)
    result = by_login(runner, there, env, **fields)
    assert result.code == 1 and copied(there) == []
    assert "more may be missing" in result.stderr


def test_via_ecr_elsewhere(sync, here, there):
    rule = {f"{here.host}/team/*": {"to": f"{there.host}/mirror", "via": "ecr"}}
    result = sync(rule, run.insecure(here, there))
    assert result.code == 1
    assert "not a private registry of Amazon ECR" in result.stderr and here.seen() == []
