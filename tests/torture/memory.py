"""Layer E: memory runs out. Each allocation of a scenario fails, once or from there on, in the program, its libraries and the C library.

The program for it is the release's objects with tests/torture/alloc.c in between. Whatever fails: no crash, no end that never comes, no
success that is none, a word about it, and nothing broken at the target.
"""

import base64
import dataclasses
import json
import os

import invariants
from lib import certs, images, proxy, registry
from scene import PASSWORD, USER

ECHOED = "a-fake-token-that-is-quoted"
BASIC_USER, BASIC_PASSWORD = "basic", "not-a-real-password-either"


@dataclasses.dataclass
class Scenario:
    fill: object                 # (scene): what there is and what is wanted
    flags: tuple = ()
    auth: object = None          # (scene, auth): what else the credentials say
    secure: bool = False         # https in front of both sides
    files: object = None         # (scene, runner) -> more flags, files written
    code: int = 0                # how a run with enough memory ends
    command: tuple = ()          # instead of a sync


# -- what there is ------------------------------------------------------------------------------------------------------------

def _image(scene):
    _share(scene, "e-image", lambda: images.image("e-image"))


def _index(scene):
    _share(scene, "e-index", lambda: images.multi("e-index", platforms=2, layers=1))


def _share(scene, repo, make, tags=("v1",), wanted=None, rule=None):
    """One source repository for all scenes of the process; the target is the scene's own."""
    def push():
        picture = make()
        with scene.world.client("src", repo) as client:
            client.push(picture, repo, *tags)
        return picture

    picture = scene.world.once(repo, push)
    scene.wanted[scene.name] = {tag: picture.digest for tag in tags} if wanted is None else wanted
    scene.rules[rule or f"{repo}:{tags[0]}"] = scene.name
    return picture


def _tags(scene):
    _share(scene, "e-tags", lambda: images.image("e-tags", layers=1), tags=("v1", "v2", "w3"), rule="e-tags:/v\\d/")
    del scene.wanted[scene.name]["w3"]


def _filtered(scene):
    picture = _share(scene, "e-index", lambda: images.multi("e-index", platforms=2, layers=1))
    scene.filtered = picture.digest
    scene.wanted[scene.name] = {}


def _in_sync(scene):
    picture = _share(scene, "e-image", lambda: images.image("e-image"))
    with scene.world.client("dst", scene.name) as client:
        client.push(picture, scene.name, "v1")
    scene.before[scene.name, "v1"] = picture.digest


def _absent(scene):
    _share(scene, "e-image", lambda: images.image("e-image"), rule="e-image:nothing")
    scene.wanted[scene.name] = {"nothing": "sha256:" + "0" * 64}


def _several(scene):
    _image(scene)
    scene.wanted[f"{scene.name}-x"] = scene.wanted[scene.name]
    scene.rules["e-image:/^v1$/"] = f"{scene.name}-x"


# -- how it is asked for ------------------------------------------------------------------------------------------------------

def _basic(scene, auth):
    """The source is one with Basic logins."""
    def start():
        server = scene.world.keep(registry.Registry("basic", users={BASIC_USER: BASIC_PASSWORD}))
        word = "Basic " + base64.b64encode(f"{BASIC_USER}:{BASIC_PASSWORD}".encode()).decode()
        client = images.Client(server, lambda _repo: word)
        client.push(images.image("e-image"), "e-image", "v1")
        client.close()
        return server

    scene.sides["src"].registry = scene.world.once("basic", start)
    auth[scene.sides["src"].host].update(username=BASIC_USER, password=BASIC_PASSWORD)


def _identity(scene, auth):
    """The token server is asked by POST with an identity token."""
    server = scene.world.auth["src"]
    server.identities["not-a-real-identity-token"] = USER
    entry = auth[scene.sides["src"].host]
    entry.pop("username"), entry.pop("password")
    entry["token"] = "not-a-real-identity-token"


def _docker_login(scene, runner):
    """The login stands in a docker configuration and comes from a helper."""
    path = runner.write("config.json", {"auths": {side.host: {"auth": base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
                                                  for side in (scene.sides["src"], scene.sides["dst"])}})
    return ["--docker-config", path]


def _no_login(_scene, auth):
    for entry in auth.values():
        entry.pop("username"), entry.pop("password")


def _lists(_scene, runner):
    return ["--output-success-images", os.path.join(runner.home, "good"), "--output-failed-images", os.path.join(runner.home, "bad"),
            "--log", os.path.join(runner.home, "run.log"), "--log-level", "debug"]


def _wrong_password(_scene, auth):
    for entry in auth.values():
        entry["password"] = "a-wrong-password-1"


def _echo(scene, _auth):
    """The target's refusal quotes the token: where there was no memory to remember it, it must not be told."""
    realm = f'Bearer realm="http://{scene.sides["dst-auth"].host}/token",service="e2e"'
    body = json.dumps({"errors": [{"code": "DENIED", "message": f"no access with {ECHOED}"}]}).encode()

    def refuse(request):
        return (403, {}, body) if "authorization" in request.headers else (401, {"WWW-Authenticate": realm}, b"")

    scene.secrets += (ECHOED,)
    scene.sides["dst-auth"].rule("*", "/token", proxy.Status(200, {}, json.dumps({"token": ECHOED}).encode()), 0, None)
    scene.sides["dst"].rule("*", "/v2/", proxy.Respond(refuse), 0, None)


SCENARIOS = {
    "image": Scenario(_image),
    "index": Scenario(_index),
    "tags": Scenario(_tags),
    "filter": Scenario(_filtered, flags=("--arch", "amd64")),
    "in-sync": Scenario(_in_sync),
    "force": Scenario(_in_sync, flags=("--force",)),
    "dry-run": Scenario(_in_sync, flags=("--dry-run",)),
    "basic": Scenario(_image, auth=_basic),
    "identity-token": Scenario(_image, auth=_identity),
    "docker-login": Scenario(_image, auth=_no_login, files=_docker_login),
    "https": Scenario(_image, secure=True),
    "lists": Scenario(_several, files=_lists),
    "absent": Scenario(_absent, code=1),
    "wrong-password": Scenario(_image, auth=_wrong_password, code=1),
    "echo": Scenario(_image, auth=_echo, code=1),
    "require-platforms": Scenario(_index, flags=("--require-platforms", "linux/amd64,linux/arm64/v8")),
    "on-change": Scenario(_in_sync, flags=("--on-change", "fail")),
    "debug": Scenario(_image, flags=("--debug", "--timeout", "10m")),
    "wrong-option": Scenario(_image, flags=("--no-such-option",), code=2),
    "help": Scenario(_image, command=("--help",)),
    "version": Scenario(_image, command=("--version",)),
}
STRAIGHT = ("--proc", "1", "--retries", "0")     # nothing beside each other: the numbers mean the same allocations each time


@dataclasses.dataclass
class Starve:
    scenario: str
    at: int
    once: bool
    program: str
    layer: str = "E"
    passes: bool = False

    @property
    def name(self):
        return f"{self.scenario} {self.at} {'once' if self.once else 'forever'}"

    def run(self, scene, _binary, verdict):
        plan = SCENARIOS[self.scenario]
        result, made = carry_out(scene, self.program, plan, self.at, self.once)
        verdict["hits"] = int(made is None or not self.at or made >= self.at)
        if plan.command:
            broken = [] if result.code == 0 or result.stderr.strip() else [f"I10 exit {result.code} without a word"]
            broken += ["I10 exit 0, and nothing on stdout"] if result.code == 0 and not result.stdout else []
        else:
            broken = judge(scene, result, plan)
        verdict.update(violations=broken, survived=result.code == plan.code, exit=result.code)
        if broken:
            verdict["log"] = str(result)


def judge(scene, result, plan):
    broken = []
    if result.code == 0 and plan.code:
        broken.append(f"I3 exit 0 where {plan.code} is due")
    if hasattr(scene, "filtered"):         # what is wanted is made by the run: any whole image under the one tag will do
        with scene.world.client("dst", scene.name) as client:
            held = client.head(scene.name, "v1")
        scene.wanted[scene.name] = {"v1": held or "sha256:" + "0" * 64}
        if held == scene.filtered:
            broken.append("I3 nothing was filtered")
    if "--dry-run" in plan.flags and result.report:
        for each in result.report["images"]:
            each["status"] = each["status"].replace("would-copy", "copied")
    try:
        return broken + invariants.check(scene, result, hurt=True)
    except (KeyError, json.JSONDecodeError) as problem:
        return [*broken, f"I10 the report: {problem!r}"]


def carry_out(scene, program, plan, at, once):
    """(result, number of allocations) of one run; at 0: with all the memory it wants."""
    plan.fill(scene)
    context = scene.world.once("certs", certs.Certs) if plan.secure else None
    with scene.fronts(context), scene.runner(program) as runner:
        rules, auth = scene.documents(context.ca if context else None)
        if plan.auth:
            plan.auth(scene, auth)
        runner.secrets = list(scene.secrets)
        flags = [*STRAIGHT, *plan.flags, *(plan.files(scene, runner) if plan.files else ())]
        count = os.path.join(runner.home, "count")
        env = {"FAIL_COUNT": count}
        if at:
            env["FAIL_AT"] = str(at)
        if once:
            env["FAIL_FOR"] = "1"
        command = [program, *plan.command] if plan.command else runner.arguments(rules, auth, flags)
        result = runner.run(command, env=env, report=not plan.command)
        result.stderr += runner._logs()      # a word there is one
        scene.settle()
        with open(count, encoding="ascii") if os.path.exists(count) else open(os.devnull, encoding="ascii") as file:
            text = file.read()
        return result, int(text) if text else None


def cells(make_scene, program):
    """Every allocation of every scenario, counted in a run where none fails; two more, since the numbers differ a little."""
    found = []
    for name, plan in SCENARIOS.items():
        scene = make_scene(f"count-{name}")
        result, made = carry_out(scene, program, plan, 0, False)
        broken = judge(scene, result, plan) if not plan.command else []
        if result.code != plan.code or broken or not made:
            raise SystemExit(f"torture: scenario {name} without a fault: {broken}\n{result}")
        found += [Starve(name, at, once, program) for at in range(1, made + 3) for once in (True, False)]
    return found
