"""A browser without a screen: Chromium, asked by its DevTools protocol over two pipes.

A Page has a language, a width and colours of its own; what it loads, what it says and what goes wrong in it is kept.
"""

import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from . import need

_PATIENCE = 60
_FLAGS = ("--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
          "--no-default-browser-check", "--disable-extensions", "--disable-background-networking", "--disable-component-update",
          "--disable-sync", "--metrics-recording-only", "--no-proxy-server", "--hide-scrollbars")


class Failed(RuntimeError):
    """The browser refused a command, threw, or did not answer."""


class Browser:
    def __init__(self):
        self._home = tempfile.mkdtemp(prefix="browser-")
        self._lock, self._number = threading.Condition(), 0
        self._answers, self._pages = {}, {}
        self._ended = False

    def __enter__(self):
        reads, their_writes = os.pipe()
        their_reads, writes = os.pipe()
        # The protocol is read from descriptor 3 and written to 4. A shell puts them there.
        command = f'exec "$@" 3<&{their_reads} 4>&{their_writes}'
        self._process = subprocess.Popen(
            [need.program("bash"), "-c", command, "browser", need.program("chromium"), *_FLAGS, f"--user-data-dir={self._home}", "about:blank"],
            pass_fds=(their_reads, their_writes), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self._home}, start_new_session=True)
        os.close(their_reads)
        os.close(their_writes)
        self._reads, self._writes = os.fdopen(reads, "rb"), os.fdopen(writes, "wb", buffering=0)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_):
        try:
            self.ask("Browser.close")
            self._process.wait(_PATIENCE)
        except (Failed, OSError, subprocess.TimeoutExpired):
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._writes.close()
        self._reader.join(_PATIENCE)
        self._reads.close()
        shutil.rmtree(self._home, ignore_errors=True)

    def _read(self):
        """Messages are JSON, each ended by a NUL."""
        rest = b""
        while piece := os.read(self._reads.fileno(), 65536):
            *whole, rest = (rest + piece).split(b"\0")
            for text in whole:
                message = json.loads(text)
                with self._lock:
                    if "id" in message:
                        self._answers[message["id"]] = message
                    elif message.get("sessionId") in self._pages:
                        self._pages[message["sessionId"]].heard(message["method"], message["params"])
                    self._lock.notify_all()
        with self._lock:
            self._ended = True
            self._lock.notify_all()

    def ask(self, method, session=None, **parameters):
        with self._lock:
            self._number += 1
            number = self._number
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self._writes.write(json.dumps(message).encode() + b"\0")
        with self._lock:
            if not self._lock.wait_for(lambda: self._ended or number in self._answers, _PATIENCE) or number not in self._answers:
                raise Failed(f"{method}: no answer")
            answer = self._answers.pop(number)
        if "error" in answer:
            raise Failed(f"{method}: {answer['error'].get('message')}")
        return answer["result"]

    def page(self, **more):
        context = self.ask("Target.createBrowserContext")["browserContextId"]
        target = self.ask("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        made = Page(self, session, context, **more)
        with self._lock:
            self._pages[session] = made
        made.begin()
        return made


class Page:
    """`login` is what a person enters when asked. `faults` is what a person would not see: errors of scripts, refusals of the policy. `requests` has (method, URL, headers)."""

    def __init__(self, browser, session, context, language="en-US", dark=False, width=1280, height=900, login=None):
        self._browser, self._session, self._context = browser, session, context
        self.language, self.dark, self.width, self.height = language, dark, width, height
        self.login = login
        self.faults, self.requests = [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._browser.ask("Target.disposeBrowserContext", browserContextId=self._context)

    def ask(self, method, **parameters):
        return self._browser.ask(method, self._session, **parameters)

    def heard(self, method, params):
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.faults.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded" and params["entry"]["source"] in ("security", "violation", "javascript", "deprecation"):
            self.faults.append(params["entry"]["text"])
        elif method == "Runtime.consoleAPICalled":
            self.faults.append(str(params["args"]))
        elif method == "Network.requestWillBeSent":
            self.requests.append((params["request"]["method"], params["request"]["url"], params["request"]["headers"]))
        elif method == "Fetch.requestPaused":
            self._reply("Fetch.continueRequest", params)
        elif method == "Fetch.authRequired":
            user, password = self.login
            self._reply("Fetch.continueWithAuth", params,
                        authChallengeResponse={"response": "ProvideCredentials", "username": user, "password": password})

    def _reply(self, method, params, **more):
        """From another thread, since this one reads the answers."""
        def reply():
            with contextlib.suppress(Failed):       # the page may be gone
                self.ask(method, requestId=params["requestId"], **more)
        threading.Thread(target=reply, daemon=True).start()

    def begin(self):
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        self.ask("Security.setIgnoreCertificateErrors", ignore=True)       # those of the tests' own authority
        if self.login:
            self.ask("Fetch.enable", handleAuthRequests=True)
        agent = self._browser.ask("Browser.getVersion")["userAgent"]
        self.ask("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=self.language)
        self.ask("Emulation.setTimezoneOverride", timezoneId="UTC")
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if self.dark else "light"}])
        self.ask("Emulation.setDeviceMetricsOverride", width=self.width, height=self.height, deviceScaleFactor=1, mobile=self.width < 600)

    def open(self, url):
        failure = self.ask("Page.navigate", url=url).get("errorText")
        if failure:
            raise Failed(f"{url}: {failure}")
        return self

    def run(self, expression):
        """The value of a JavaScript expression in the page."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise Failed(f"{expression}: {answer['exceptionDetails'].get('exception', answer['exceptionDetails'])}")
        return answer["result"].get("value")

    def text(self, selector="body"):
        """What is seen of an element."""
        return self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def until(self, condition):
        """Waits until condition() is true, and returns it."""
        end = time.monotonic() + _PATIENCE
        while not (value := condition()):
            if time.monotonic() > end:
                raise Failed(f"not in {_PATIENCE} s; the page says:\n{self.text()}\n{self.faults}")
            time.sleep(0.05)
        return value

    def key(self, name):
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode={"Tab": 9, "Enter": 13}[name],
                     text="\r" if name == "Enter" and kind == "keyDown" else "")

    def screenshot(self, path):
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        data = self.ask("Page.captureScreenshot", captureBeyondViewport=True,
                        clip={"x": 0, "y": 0, "width": self.width, "height": size["height"], "scale": 1})["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
