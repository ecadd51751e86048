"""Completions in the shells themselves: each is started, given the script, and asked as somebody does who presses the tab key."""

import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

SECONDS = 30
# What is typed behind the name of the program, what is offered, and what is not.
CASES = (
    ("--ret", {"--retries"}, {"--report"}),
    ("--output-", {"--output-success-images", "--output-failed-images", "--output-images-format"}, {"--os"}),
    ("ser", {"serve"}, set()),
    ("serve --time", {"--time-zone", "--timeout"}, set()),
    ("--time", {"--timeout"}, {"--time-zone"}),
    ("gcr --na", {"--namespace"}, {"--notify"}),
    ("sync --kube", set(), {"--kubeadm"}),
    ("--log-level ", {"error", "warn", "info", "debug"}, {"serve"}),
    ("--on-change=re", {"retag"}, {"overwrite"}),
    ("serve --log-level d", {"debug"}, set()),
    ("help ", {"rules", "auth", "serve", "exit"}, {"--images"}),
    ("completion ", {"bash", "zsh", "fish"}, {"gcr"}),
    ("--images only", {"only-here.yaml"}, set()),
    ("--report=only", {"only-here.yaml"}, set()),
    ("gcr --manifests only", {"only-folder"}, {"only-here.yaml"}),
    ("--force --ver", {"--verify", "--version"}, set()),
    ("-", {"--images", "--dry-run"}, set()),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, binary):
    """A folder with the program, its scripts, and something to complete."""
    here = tmp_path_factory.mktemp("completion")
    os.symlink(os.path.abspath(binary), here / "image-syncer")
    (here / "only-here.yaml").write_text("{}\n")
    (here / "only-folder").mkdir()
    for shell in ("bash", "zsh", "fish"):
        done = subprocess.run([binary, "completion", shell], capture_output=True, text=True, check=True)
        assert done.stderr == ""
        (here / f"_{shell}").write_text(done.stdout)
    return here


class Terminal:
    """A shell on a terminal, asked by its completion keys."""

    def __init__(self, command, folder):
        env = {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(folder), "TERM": "dumb", "LC_ALL": "C.UTF-8"}
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=env, start_new_session=True)
        os.close(slave)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)

    def until(self, pattern):
        """What is printed up to the pattern."""
        text, end = "", time.monotonic() + SECONDS
        while not re.search(pattern, text):
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            assert ready, f"{pattern} did not come: {text!r}"
            text += os.read(self.master, 65536).decode(errors="replace")
        return text

    def type(self, text):
        os.write(self.master, text.encode())


def words(text):
    """The words of what a shell shows, without control sequences."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x07", "", text).replace("\b", "")
    return {word.rstrip("/") for word in re.split(r"[\s=]+", text)}


def ask_bash(folder):
    """Readline's key M-? lists everything that fits."""
    terminal = Terminal(["bash", "--norc", "-i"], folder)
    terminal.type("bind 'set page-completions off' 'set completion-query-items 0'; . ./_bash; PS1='as''k> '\n")
    terminal.until("ask> ")

    def ask(line):
        # What is typed comes back. Behind it is what is listed, or the rest of a word that only one thing fits.
        terminal.type(f"image-syncer {line}\x1b?\x15echo en''d\n")
        shown = terminal.until(r"\nend\r?\n(?s:.*)ask> ")
        typed = re.split(r"[\s=]", line)[-1]
        return words(typed + shown.split(f"image-syncer {line}", 1)[1].split("echo en''d")[0])
    return terminal, ask


def ask_zsh(folder):
    """list-choices shows everything that fits."""
    terminal = Terminal(["zsh", "-f", "-i"], folder)
    terminal.type("unsetopt zle_bracketed_paste prompt_sp; LISTMAX=10000; autoload -Uz compinit; compinit -u -D; . ./_zsh; "
                  "zstyle ':completion:*' menu no; bindkey '^T' list-choices; stty columns 200; PS1='as''k> '\n")
    terminal.until("ask> ")

    def ask(line):
        terminal.type(f"image-syncer {line}\x14\x15echo en''d\n")
        shown = terminal.until(r"\nend\r?\n(?s:.*)ask> ")
        return words(shown.split(line, 1)[-1].split("echo en''d")[0])
    return terminal, ask


def ask_fish(folder):
    """Fish completes a text on request."""
    def ask(line):
        env = {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(folder), "TERM": "dumb", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(["fish", "--no-config", "-c", f"source _fish; complete -C 'image-syncer {line}'"], cwd=folder, env=env,
                              capture_output=True, text=True, timeout=SECONDS, check=True)
        assert done.stderr == ""
        return {word for text in done.stdout.splitlines() for word in words(text.split("\t")[0])}
    return None, ask


SHELLS = {"bash": ask_bash, "zsh": ask_zsh, "fish": ask_fish}


@pytest.mark.parametrize("shell", SHELLS)
def test_what_is_offered(folder, shell):
    assert shutil.which(shell), f"{shell} is not here: make setup gets it"
    terminal, ask = SHELLS[shell](folder)
    try:
        found = [(line, ask(line), wanted, others) for line, wanted, others in CASES]
    finally:
        if terminal:
            terminal.close()
    wrong = [(line, wanted - offered, others & offered, offered) for line, offered, wanted, others in found
             if wanted - offered or others & offered]
    assert wrong == []


def test_every_option_is_offered(folder, binary):
    """The scripts are made from the tables, so each option of --help is in each of them."""
    text = subprocess.run([binary, "--help"], capture_output=True, text=True, check=True).stdout
    names = set(re.findall(r"^  (?:-\w, |    )--([\w-]+)", text, re.M))
    assert {"images", "platform", "creds", "help"} < names
    for shell in SHELLS:
        script = (folder / f"_{shell}").read_text()
        form = "-l {}[ \n]" if shell == "fish" else "--{}[\\[ =|\"]"
        assert [name for name in sorted(names) if not re.search(form.format(name), script)] == []


@pytest.mark.parametrize("arguments", ([], ["tcsh"], ["bash", "zsh"]))
def test_another_shell(binary, arguments):
    done = subprocess.run([binary, "completion", *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "bash, zsh or fish" in done.stderr
