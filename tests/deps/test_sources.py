"""src/deps: nothing is compiled but what the lock names, whoever gave it; and what happens where that cannot be had.

The scripts run as they are, on a lock of two small packages. apt's programs are stand-ins that know what a mirror would."""

import hashlib
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
STUBS = {
    # A list of versions; those in "had" can be fetched as well, each as two files.
    "apt-cache": 'for last; do :; done\nsed -n "s/^$last /Package: $last\\nVersion: /p" "$MIRROR/listed"\n',
    "apt-get": """case " $* " in *" update "*)
	for last; do case $last in Dir::State::lists=*) lists=${last#*=} ;; esac; done
	echo 'Origin: Debian' >"$lists/m_dists_trixie_InRelease"; : >"$lists/m_dists_trixie_main_source_Sources"; exit ;;
esac
for last; do :; done
name=${last%%=*} version=${last#*=}
grep -qx "$name $version" "$MIRROR/had" || exit 100
echo "$name $version" >"${name}_$version.dsc"; echo "$name $version ${FLAVOUR-}" >"${name}_$version.tar"
""",
    "apt-helper": """for last; do case $last in *://*) address=$last ;; esac; shift; [ "$last" != download-file ] || break; done
cp "$MIRROR/pool/${1##*/}" "$2" 2>/dev/null && [ "SHA256:$(sha256sum <"$2" | cut -c 1-64)" = "$3" ]
""",
}
NAMES = {"one": "1.0-1", "libtwo": "2.0-3"}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Place:
    """A copy of the scripts with a lock of its own, a mirror, and a folder to fetch into."""

    def __init__(self, home):
        self.home, self.deps, self.mirror, self.out = home, home / "src/deps", home / "mirror", home / "out"
        shutil.copytree(ROOT / "src/deps", self.deps)
        (self.mirror / "pool").mkdir(parents=True)
        (home / "bin").mkdir()
        for name, text in STUBS.items():
            (home / "bin" / name).write_text("#!/bin/bash\n" + text)
            (home / "bin" / name).chmod(0o755)
        self.lock = self.deps / "packages"
        self.files = {}
        text = "# What stays.\n"
        for name, version in NAMES.items():
            text += f"{name} {version} {version.split('-', maxsplit=1)[0]}\n"
            for kind in ("dsc", "tar"):
                file, data = f"{name}_{version}.{kind}", f"{name} {version}{' ' if kind == 'tar' else ''}\n".encode()
                self.files[file] = data
                text += f"\t{sha256(data)} {file}\n"
        self.lock.write_text(text)
        self.offer()

    def offer(self, listed=(), had=()):
        """What the mirror lists, and what of it can be fetched; the locked files lie in its pool if `had` has their version."""
        (self.mirror / "listed").write_text("".join(f"{each}\n" for each in [*listed, *had]))
        (self.mirror / "had").write_text("".join(f"{each}\n" for each in had))

    def in_pool(self, *files):
        for file in files or self.files:
            (self.mirror / "pool" / file).write_bytes(self.files[file])

    def run(self, *command, **env):
        given = {"PATH": f"{self.home / 'bin'}:{os.environ['PATH']}", "MIRROR": str(self.mirror), "HOME": str(self.home), **env}
        return subprocess.run(["bash", *map(str, command)], env=given, cwd=self.home, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, timeout=60)

    def fetch(self, **env):
        return self.run(self.deps / "fetch.sh", self.out, **env)

    def update(self, **env):
        return self.run(self.deps / "update.sh", **env)

    def fetched(self):
        """Whether every file is there as the lock has it."""
        return all((self.out / file.split("_")[0] / file).read_bytes() == data for file, data in self.files.items())


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


# -- what is fetched --------------------------------------------------------------------------------------------------------------

def test_from_the_mirror(place):
    place.in_pool()
    result = place.fetch()
    assert result.returncode == 0 and place.fetched(), result
    (place.mirror / "pool").rename(place.home / "gone")
    assert place.fetch().returncode == 0, "what is there is not asked for again"


@pytest.mark.parametrize("layout", ["{file}", "{name}/{file}", "pool/main/{group}/{name}/{file}", "pool/updates/main/{group}/{name}/{file}"])
@pytest.mark.parametrize("form", ["{}", "{}/", "file:{}", "file://{}"])
def test_from_a_folder_of_the_user(place, layout, form):
    folder = place.home / "a folder"
    for file, data in place.files.items():
        name = file.split("_")[0]
        path = folder / layout.format(file=file, name=name, group=name[:4] if name.startswith("lib") else name[0])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    result = place.fetch(SOURCES=form.format(folder))
    assert result.returncode == 0 and place.fetched(), result


def test_a_folder_that_is_not_there(place):
    place.in_pool()
    result = place.fetch(SOURCES="no/such/folder")
    assert result.returncode == 1 and "SOURCES=no/such/folder" in result.stderr


def _spoil(path):
    path.write_bytes(path.read_bytes() + b"more\n")


def _empty(path):
    path.write_bytes(b"")


def _folder(path):
    path.unlink()
    path.mkdir()


def _link_to_nothing(path):
    path.unlink()
    path.symlink_to("nowhere")


SPOILT = [_spoil, _empty, pathlib.Path.unlink, _folder, _link_to_nothing]


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_cached_file_that_changed_is_fetched_again(place, spoil):
    place.in_pool()
    assert place.fetch().returncode == 0
    spoil(place.out / "one/one_1.0-1.tar")
    assert place.fetch().returncode == 0 and place.fetched()


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_cached_file_that_changed_is_not_used(place, spoil):
    place.in_pool()
    assert place.fetch().returncode == 0
    (place.mirror / "pool/one_1.0-1.tar").unlink()
    spoil(place.out / "one/one_1.0-1.tar")
    result = place.fetch()
    assert result.returncode == 1 and "one_1.0-1.tar cannot be had" in result.stderr, result
    assert not (place.out / "one/one_1.0-1.tar").exists()


def test_what_a_folder_of_the_user_has_wrong_is_not_used(place):
    place.in_pool("one_1.0-1.dsc", "libtwo_2.0-3.dsc", "libtwo_2.0-3.tar")
    folder = place.home / "folder"
    folder.mkdir()
    (folder / "one_1.0-1.tar").write_text("evil\n")
    result = place.fetch(SOURCES=str(folder))
    assert result.returncode == 1 and "one_1.0-1.tar cannot be had" in result.stderr, result
    place.in_pool()
    assert place.fetch(SOURCES=str(folder)).returncode == 0 and place.fetched()


def test_what_cannot_be_had_is_told_with_the_ways_out(place):
    place.in_pool("libtwo_2.0-3.dsc", "libtwo_2.0-3.tar")
    place.offer(listed=["one 0.9-1", "one 1.1-1", "one 1.0-1", "other 7"])
    result = place.fetch()
    assert result.returncode == 1
    for words in ("wants one 1.0-1", "one_1.0-1.dsc cannot be had", "offers: 1.1-1 1.0-1 0.9-1", "SOURCES=DIR", "make update-deps",
                  "ALLOW_OTHER_SOURCES=1", "+other-sources"):
        assert words in result.stderr, result.stderr


def test_other_sources_only_when_they_are_allowed(place):
    place.in_pool("libtwo_2.0-3.dsc", "libtwo_2.0-3.tar")
    place.offer(had=["one 1.1-1"], listed=["one 1.2-1"])
    for refused in ({}, {"ALLOW_OTHER_SOURCES": ""}, {"ALLOW_OTHER_SOURCES": "0"}):
        assert place.fetch(**refused).returncode == 1
        assert not (place.out / "other").exists()
    result = place.fetch(ALLOW_OTHER_SOURCES="1")
    assert result.returncode == 0 and "1.1-1 takes the place of 1.0-1" in result.stderr, result
    lines = (place.out / "other").read_text().splitlines()
    assert lines[0].split() == ["one", "1.1-1", "1.0"] and len(lines) == 3
    for line in lines[1:]:
        digest, file = line.split()
        assert sha256((place.out / "other.one" / file).read_bytes()) == digest
    # Nothing of it is left once the locked files can be had.
    place.in_pool()
    assert place.fetch(ALLOW_OTHER_SOURCES="1").returncode == 0
    assert not (place.out / "other").exists() and not (place.out / "other.one").exists()


def test_other_sources_have_their_limits(place):
    place.in_pool("libtwo_2.0-3.dsc", "libtwo_2.0-3.tar")
    place.lock.write_text(place.lock.read_text().replace("one 1.0-1 1.0", "one 1.0-1 1.0 1.2"))
    place.offer(had=["one 0.9-9", "one 1.2-1"])
    result = place.fetch(ALLOW_OTHER_SOURCES="1")
    assert result.returncode == 1 and "no usable one, at least 1.0, below 1.2" in result.stderr, result


# -- what is unpacked -------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("spoil", SPOILT)
def test_nothing_is_unpacked_that_is_not_what_the_lock_names(tmp_path, spoil):
    """The real lock and the real recipe; but what brings the files does nothing, as if it had been deceived."""
    deps, cache = tmp_path / "deps", tmp_path / "cache"
    shutil.copytree(ROOT / "src/deps", deps)
    (deps / "fetch.sh").write_text("#!/bin/sh\n")
    command = f'here={deps}; . {deps}/sources.sh; lock_names "$lock" | while read -r n r; do lock_files "$lock" $n | sed "s/^/$n /"; done'
    listed = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout
    shared = pathlib.Path(os.environ.get("IMAGE_SYNCER_CACHE") or
                          pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache", "image-syncer"))
    for name, _, file in map(str.split, listed.splitlines()):
        (cache / "sources" / name).mkdir(parents=True, exist_ok=True)
        shutil.copy(shared / "sources" / name / file, cache / "sources" / name)
    victim = next(path for path in (cache / "sources/libyaml").iterdir() if ".orig." in path.name)
    spoil(victim)
    result = subprocess.run([deps / "build.sh", "fuzz" if shutil.which("clang-19") else "musl"], capture_output=True, text=True,
                            env={**os.environ, "IMAGE_SYNCER_CACHE": str(cache)}, check=False, timeout=300)
    assert result.returncode == 1 and "unpack-libyaml failed" in result.stderr, result
    assert victim.name in result.stderr
    assert result.stdout == "" and not list(cache.glob("tmp.*"))


def test_the_program_says_that_it_is_made_of_other_sources(tmp_path):
    (tmp_path / "src").mkdir()
    for name in ("Makefile", "src/deps"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    prefix = tmp_path / "prefix"
    prefix.mkdir()
    (prefix / "versions").write_text("musl 1.2.5\n")
    (tmp_path / "src/deps/build.sh").write_text(f"#!/bin/sh\necho {prefix}\n")

    def version():
        subprocess.run(["make", "-s", "build/musl/version.h", "VERSION=1.2.3"], cwd=tmp_path, check=True, capture_output=True)
        return (tmp_path / "build/musl/version.h").read_text().split('"')[1]

    assert version() == "1.2.3"
    (prefix / "other-sources").write_text("one 1.1-1\n")
    assert version() == "1.2.3+other-sources"


# -- the lock itself --------------------------------------------------------------------------------------------------------------

DAMAGE = {
    "empty": lambda text: "",
    "comments alone": lambda text: "# nothing\n",
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "upper case": lambda text: text.upper(),
    "an upper-case hash": lambda text: text.replace(sha256(b"one 1.0-1\n"), sha256(b"one 1.0-1\n").upper()),
    "a hash that was cut off": lambda text: text.replace(sha256(b"one 1.0-1\n"), sha256(b"one 1.0-1\n")[:40]),
    "a hash without its file": lambda text: text.replace(" one_1.0-1.tar", ""),
    "a file without its hash": lambda text: text.replace(sha256(b"one 1.0-1\n") + " ", ""),
    "an end that was cut off": lambda text: text[:text.rindex("\t")],
    "a package twice": lambda text: text + text,
    "a file twice": lambda text: text + text.splitlines(True)[-1],
    "another package's file": lambda text: text.replace("libtwo_2.0-3.tar", "one_2.0-3.tar"),
    "a path": lambda text: text.replace("one_1.0-1.tar", "one_/../../x"),
    "no description": lambda text: text.replace("one_1.0-1.dsc", "one_1.0-1.asc"),
    "a merge": lambda text: text.replace("one 1.0-1", "<<<<<<< ours\none 1.0-1"),
    "no minimum": lambda text: text.replace("one 1.0-1 1.0", "one 1.0-1"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_lock_stops_everything(place, damage):
    place.in_pool()
    place.offer(had=["one 1.1-1", "libtwo 2.1-1"])
    spoilt = DAMAGE[damage](place.lock.read_text())
    place.lock.write_bytes(spoilt.encode())
    for run in (place.fetch, place.update, lambda: place.fetch(ALLOW_OTHER_SOURCES="1")):
        result = run()
        assert result.returncode == 1 and "lock is damaged" in result.stderr, result
        assert not place.out.exists() or not list(place.out.rglob("*_*"))
    assert place.lock.read_bytes() == spoilt.encode()


def test_no_lock_at_all(place):
    place.in_pool()
    place.lock.unlink()
    assert place.fetch().returncode == 1 and place.update().returncode == 1


# -- the update -------------------------------------------------------------------------------------------------------------------

def test_an_update_takes_the_newest_that_can_be_had(place):
    place.offer(listed=["one 1.3-1"], had=["one 1.2-1", "one 1.1-1", "libtwo 2.0-3"])
    before = place.lock.read_text()
    result = place.update()
    assert result.returncode == 0 and "one 1.0-1 -> 1.2-1" in result.stderr and "libtwo stays at 2.0-3" in result.stderr, result
    after = place.lock.read_text()
    assert after.startswith("# What stays.\none 1.2-1 1.0\n\t")
    assert before[before.index("libtwo 2.0-3"):] == after[after.index("libtwo 2.0-3"):]
    assert f"\t{sha256(b'one 1.2-1' + chr(10).encode())} one_1.2-1.dsc\n" in after
    assert place.update().returncode == 0 and place.lock.read_text() == after


def test_an_update_keeps_below_the_limit(place):
    place.lock.write_text(place.lock.read_text().replace("one 1.0-1 1.0", "one 1.0-1 1.0 1.2"))
    place.offer(had=["one 1.2-1", "one 1.1-1", "libtwo 2.0-3"])
    assert place.update().returncode == 0
    assert "one 1.1-1 1.0 1.2\n" in place.lock.read_text()


def test_an_update_never_steps_back(place):
    place.lock.write_text(place.lock.read_text().replace("one 1.0-1 1.0", "one 1.0-1 0.1"))
    before = place.lock.read_text()
    place.offer(listed=["one 1.1-1"], had=["one 0.9-1", "libtwo 2.1-1"])
    result = place.update()
    assert result.returncode == 1 and "0.9-1, a step back from 1.0-1" in result.stderr, result
    assert place.lock.read_text() == before, "nothing of the update is kept"
    place.in_pool()
    result = place.update()
    assert result.returncode == 0 and "one stays at 1.0-1" in result.stderr, result
    assert place.lock.read_text().startswith(before[:before.index("libtwo")] + "libtwo 2.1-1 2.0\n")


def test_an_update_sees_other_files_under_the_same_version(place):
    place.offer(had=["one 1.0-1", "libtwo 2.0-3"])
    before = place.lock.read_text()
    result = place.update(FLAVOUR="evil")
    assert result.returncode == 1 and "other files" in result.stderr, result
    assert place.lock.read_text() == before
