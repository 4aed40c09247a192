"""A small client of the WebDriver protocol (W3C), enough to drive Chromium with what Python brings along."""

import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Tab": "\ue004", "Left": "\ue012", "Up": "\ue013", "Right": "\ue014",
        "Down": "\ue015", "Home": "\ue011", "End": "\ue010"}


class BrowserError(Exception):
    """What the driver answered instead of a result."""


def present():
    """Whether a browser and its driver are installed."""
    return bool(browser_path() and shutil.which("chromedriver"))


def browser_path():
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """A headless browser with a profile of its own, gone when it is closed."""

    def __init__(self, width=1280, height=900):
        self.profile = tempfile.mkdtemp(prefix="page-check-")
        self.log = open(os.path.join(self.profile, "driver.log"), "w+", encoding="utf-8")
        self.driver = subprocess.Popen([shutil.which("chromedriver"), "--port=0"], stdout=self.log, stderr=self.log)
        self.base = f"http://127.0.0.1:{self._port()}"
        options = {
            "binary": browser_path(),
            "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", "--disable-gpu",
                     f"--window-size={width},{height}", f"--user-data-dir={self.profile}/profile"],
        }
        capabilities = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        made = self._call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        self.session = f"/session/{made['sessionId']}"
        self.size(width, height)

    def _port(self):
        for _ in range(300):
            self.log.flush()
            with open(self.log.name, encoding="utf-8") as log:
                found = re.search(r"started successfully on port (\d+)", log.read())
            if found:
                return int(found.group(1))
            if self.driver.poll() is not None:
                break
            time.sleep(0.1)
        raise BrowserError("chromedriver does not start")

    def _call(self, method, path, body=None):
        data = json.dumps(body if body is not None else {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.base + path, data, {"content-type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            raise BrowserError(json.load(error)["value"].get("message", str(error))) from None

    def close(self):
        """Ends the browser and its driver, and forgets the profile."""
        try:
            self._call("DELETE", self.session)
        except (BrowserError, OSError):
            pass
        self.driver.terminate()
        self.driver.wait(20)
        self.log.close()
        shutil.rmtree(self.profile, ignore_errors=True)

    # Pages

    def open(self, address):
        """Opens an address anew, even where only the part after # differs."""
        self._call("POST", self.session + "/url", {"url": "about:blank"})
        self._call("POST", self.session + "/url", {"url": address})

    def script(self, text, *arguments):
        """Runs the body of a function in the page and gives what it returns."""
        return self._call("POST", self.session + "/execute/sync", {"script": text, "args": list(arguments)})

    def devtools(self, command, **parameters):
        """Calls the DevTools protocol."""
        return self._call("POST", self.session + "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def size(self, width, height, phone=False):
        """Makes the page as large as a screen of some device."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=2 if phone else 1, mobile=phone)

    def prefer(self, scheme):
        """Prefers "light" or "dark"."""
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def shot(self, path):
        """Writes what is seen as a PNG file."""
        with open(path, "wb") as file:
            file.write(base64.b64decode(self._call("GET", self.session + "/screenshot")))

    def complaints(self):
        """What the browser's console said since the last call: [(level, message)]."""
        return [(line["level"], line["message"])
                for line in self._call("POST", self.session + "/se/log", {"type": "browser"})]

    # Elements

    def find(self, selector):
        """An element, which must be there."""
        return self._call("POST", self.session + "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self._call("POST", f"{self.session}/element/{self.find(selector)}/click")

    def type(self, selector, text):
        """Types into a field; gives a file's path to a field of files."""
        self._call("POST", f"{self.session}/element/{self.find(selector)}/value", {"text": text})

    def press(self, *keys):
        """Presses and releases keys, one after the other, wherever the focus is."""
        actions = []
        for key in keys:
            value = KEYS.get(key, key)
            actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self._call("POST", self.session + "/actions",
                   {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})
