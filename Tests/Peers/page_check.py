"""Drives the page of the service in a real browser: page_check.py AKIN-SERVER [--shots FOLDER] [--only NAME]

Starts servers on free ports (with the demonstration's pictures, with a key, and empty), searches, browses and breaks things as
people do, and says what is not as it should be. Pictures of every step go to the folder of shots.
"""

import argparse
import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.request

from webdriver import Browser, present

PATIENCE = 30


class Server:
    """A running akin-server, stopped by `stop`."""

    def __init__(self, program, *arguments):
        self.data = tempfile.mkdtemp(prefix="page-check-data-")
        self.lines = []
        command = [program, "serve", "--data", self.data, "--port", "0", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.address = None
        ready = threading.Event()

        def read():
            for line in self.process.stdout:
                self.lines.append(line.rstrip())
                found = re.search(r"https?://[0-9.]+:\d+", line)
                if found and not self.address:
                    self.address = found.group(0)
                    ready.set()
            ready.set()

        threading.Thread(target=read, daemon=True).start()
        ready.wait(120)
        if not self.address:
            raise SystemExit("the server does not say where it is:\n" + "\n".join(self.lines))

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
        shutil.rmtree(self.data, ignore_errors=True)


class Checks:
    """The steps, in order; each looks at one thing that people do."""

    def __init__(self, browser, address, shots, key_address=None, key="", empty_address=None, stop=None):
        self.b = browser
        self.address = address
        self.shots = shots
        self.key_address = key_address
        self.key = key
        self.empty_address = empty_address
        self.stop = stop
        self.collection = "demo"

    # What is looked at again and again

    def ask(self, path, key=None, raw=False):
        headers = {"api-key": key} if key else {}
        address = (self.key_address if key else self.address) + path
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=60) as reply:
            data = reply.read()
        return data if raw else json.loads(data)["result"]

    def wait(self, what, script, *arguments):
        """Waits until a script gives something true."""
        end = time.monotonic() + PATIENCE
        value = None
        while time.monotonic() < end:
            value = self.b.script(script, *arguments)
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"waited in vain for {what}; the page says: {self.words()}")

    def words(self):
        return self.b.script("return document.body.innerText.slice(0, 400)")

    def cards(self):
        return self.b.script("""return [...document.querySelectorAll('#grid .card')].map(card => ({
            id: card.dataset.id, label: card.querySelector('.label').textContent,
            score: card.querySelector('.score') ? Number(card.querySelector('.score').textContent) : null }))""")

    def wait_cards(self, least=1):
        self.wait("pictures", "return document.querySelectorAll('#grid .card').length >= arguments[0]", least)
        self.wait("a visible picture to be drawn", """return [...document.querySelectorAll('#grid img')].filter(
            i => i.getBoundingClientRect().top < innerHeight).every(i => i.complete && i.naturalWidth > 0)
            && document.querySelector('#grid img') !== null""")
        return self.cards()

    def home(self, address=None, rest=""):
        self.b.open((address or self.address) + "/" + rest)

    def title_is(self, start):
        self.wait(f"the heading “{start}”", "return document.getElementById('title').textContent.startsWith(arguments[0])", start)

    def shot(self, name):
        # Lazily drawn parts get a moment.
        time.sleep(0.2)
        self.b.shot(os.path.join(self.shots, name + ".png"))

    def quiet(self, *allowed):
        """Nothing in the console but what the step provokes."""
        found = [message for level, message in self.b.complaints()
                 if level in ("SEVERE", "WARNING") and not any(part in message for part in allowed)]
        assert not found, f"the console says {found}"

    # The steps

    def check_first_page(self):
        """The first page shows the collection's pictures, and loads nothing from elsewhere."""
        self.home()
        self.wait_cards(20)
        assert self.b.script("return document.getElementById('collections').value") == self.collection
        foreign = self.b.script("""return performance.getEntriesByType('resource').map(e => e.name)
            .filter(name => !name.startsWith(location.origin))""")
        assert not foreign, f"loaded from elsewhere: {foreign}"
        with urllib.request.urlopen(urllib.request.Request(self.address + "/", headers={"accept": "text/html"})) as reply:
            policy = reply.headers["content-security-policy"]
        for rule in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"):
            assert rule in policy, f"the policy lacks {rule}: {policy}"
        assert "unsafe" not in policy, policy
        self.shot("01-first-page")
        self.quiet()

    def check_endless_grid(self):
        """Scrolling shows every point once."""
        self.home()
        self.wait_cards(20)
        total = self.ask(f"/v1/collections/{self.collection}")["points"]
        shown = 0
        end = time.monotonic() + 2 * PATIENCE
        while shown < total and time.monotonic() < end:
            self.b.script("scrollTo(0, document.documentElement.scrollHeight)")
            time.sleep(0.1)
            shown = self.b.script("return document.querySelectorAll('#grid .card').length")
        ids = [card["id"] for card in self.cards()]
        assert len(ids) == total == len(set(ids)), f"{len(ids)} shown, {len(set(ids))} different, {total} stored"
        self.wait("the end", "return document.getElementById('more').hidden")
        self.shot("02-end-of-the-grid")
        self.quiet()

    def check_filters(self):
        """Chips keep to labels, alone and together, and are taken back."""
        self.home()
        self.wait_cards()
        self.wait("chips", "return document.querySelector('.chip[data-value=star]')")
        self.b.click(".chip[data-value=star]")
        self.wait("stars only", "return [...document.querySelectorAll('#grid .label')].length > 0 && "
                  "[...document.querySelectorAll('#grid .label')].every(l => l.textContent === 'star')")
        self.wait_cards()
        self.shot("03-filter")
        self.b.click(".chip[data-value=ring]")
        self.wait("stars and rings", """const labels = new Set([...document.querySelectorAll('#grid .label')]
            .map(l => l.textContent)); return labels.size === 2 && labels.has('star') && labels.has('ring')""")
        self.b.click("#grid .card")
        self.title_is("Looks like this")
        self.wait("scores", "return document.querySelector('#grid .score')")
        assert {card["label"] for card in self.wait_cards()} <= {"star", "ring"}, "a search forgets the filter"
        self.b.click("#no-filter")
        self.wait("other labels", "return new Set([...document.querySelectorAll('#grid .label')]"
                  ".map(l => l.textContent)).size > 2")
        assert not self.b.script("return document.querySelector('[aria-pressed=true]')"), "a chip stays pressed"
        self.quiet()

    def check_click_through(self):
        """A click on a picture shows what looks like it, nearest first, itself left out; going back works."""
        self.home()
        first = self.wait_cards()[0]
        self.b.click("#grid .card")
        self.title_is("Looks like this")
        self.wait("scores", "return document.querySelector('#grid .score')")
        found = self.wait_cards(10)
        scores = [card["score"] for card in found]
        assert scores == sorted(scores, reverse=True), f"not nearest first: {scores}"
        assert first["id"] not in [card["id"] for card in found], "the picture itself is among its neighbours"
        answer = self.ask(f"/v1/collections/{self.collection}/points/{first['id']}/similar?limit=5")
        assert [str(hit["id"]) for hit in answer["hits"]] == [card["id"] for card in found[:5]], "another order than the service's"
        self.wait("the query's picture", "const q = document.getElementById('query'); return !q.hidden && q.naturalWidth > 0")
        self.shot("04-looks-like-this")
        self.b.click("#grid li:nth-child(2) .card")
        self.wait("the next search", "return location.hash.includes(arguments[0])", found[1]["id"])
        self.b.script("history.back()")
        self.wait("the first search again", "return location.hash.includes(arguments[0])", first["id"])
        self.b.click("#back")
        self.title_is("What looks alike?")
        self.quiet()

    def search_file(self, data, name):
        path = os.path.join(self.b.profile, name)
        with open(path, "wb") as file:
            file.write(data)
        self.b.type("#file", os.path.abspath(path))

    def check_file(self):
        """A stored picture, given as a file, finds itself first."""
        self.home()
        wanted = self.wait_cards(12)[11]
        self.search_file(self.ask(f"/v1/collections/{self.collection}/points/{wanted['id']}/image", raw=True), "mine.jpg")
        self.title_is("Looks like your picture")
        self.wait("hits", "return document.querySelector('#grid .score')")
        found = self.wait_cards(10)
        assert found[0]["id"] == wanted["id"] and found[0]["score"] > 0.999, f"{found[0]} before {wanted}"
        labels = [card["label"] for card in found[:10]]
        said = self.b.script("return document.getElementById('summary').textContent")
        most = re.match(r"(\d+) of the nearest 10 are labelled (\w+)", said)
        assert most and labels.count(most.group(2)) == int(most.group(1)) == max(map(labels.count, labels)), f"{said}: {labels}"
        self.shot("05-your-picture")
        self.quiet()

    def check_drop_and_paste(self):
        """A picture that is dropped or pasted is searched for."""
        for how in ("drop", "paste"):
            self.home()
            wanted = self.wait_cards(4)[3]
            data = self.ask(f"/v1/collections/{self.collection}/points/{wanted['id']}/image", raw=True)
            self.b.script("""
                const bytes = Uint8Array.from(atob(arguments[0]), c => c.charCodeAt(0));
                const given = new DataTransfer();
                given.items.add(new File([bytes], 'x.jpg', { type: 'image/jpeg' }));
                if (arguments[1] === 'paste') {
                    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: given, bubbles: true, cancelable: true }));
                } else for (const kind of ['dragenter', 'dragover', 'drop']) {
                    document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: given, bubbles: true, cancelable: true }));
                }""", base64.b64encode(data).decode(), how)
            self.title_is("Looks like your picture")
            self.wait("hits", "return document.querySelector('#grid .score')")
            assert self.wait_cards(5)[0]["id"] == wanted["id"], how
            assert self.b.script("return document.getElementById('veil').hidden"), "the veil stays"
        self.quiet()

    def check_keyboard(self):
        """Without a mouse: Tab to the pictures, arrows among them, Enter to search, Escape to go back."""
        self.home()
        cards = self.wait_cards(30)
        for _ in range(60):
            self.b.press("Tab")
            if self.b.script("return document.activeElement.classList.contains('card')"):
                break
        now = "return document.activeElement.dataset.id"
        assert self.b.script(now) == cards[0]["id"], "Tab does not reach the pictures"
        style = self.b.script("const s = getComputedStyle(document.activeElement); return [s.outlineStyle, parseFloat(s.outlineWidth)]")
        assert style[0] != "none" and style[1] >= 2, f"focus is not visible: {style}"
        across = self.b.script("""const tops = [...document.querySelectorAll('#grid li')].map(l => l.offsetTop);
            return tops.filter(t => t === tops[0]).length""")
        for key, place in (("Right", 1), ("Down", 1 + across), ("Left", across), ("Up", 0), ("Up", 0), ("End", None), ("Home", 0)):
            before = [card["id"] for card in self.cards()]
            self.b.press(key)
            # More may be loaded meanwhile, so that the end moves away.
            allowed = [before[place]] if place is not None else [card["id"] for card in self.cards()[len(before) - 1:]]
            assert self.b.script(now) in allowed, f"{key} goes to {self.b.script(now)}, not {allowed[0]}"
        self.b.press("Right", "Right")
        self.shot("06-keyboard")
        self.b.press("Enter")
        self.title_is("Looks like this")
        assert cards[2]["id"] in self.b.script("return decodeURIComponent(location.hash)")
        self.b.press("Escape")
        self.title_is("What looks alike?")
        nameless = self.b.script("""return [...document.querySelectorAll('button, a, input, select')].filter(e =>
            !(e.getAttribute('aria-label') || e.textContent.trim() || e.closest('label')?.textContent.trim()))
            .map(e => e.outerHTML.slice(0, 80))""")
        assert not nameless, f"controls without a name: {nameless}"
        self.quiet()

    def check_panel(self):
        """The panel says what the service says, and measures recall."""
        self.home()
        self.wait_cards()
        facts = self.ask(f"/v1/collections/{self.collection}")
        self.b.click("#about-button")
        self.wait("the panel", "return document.querySelector('#about dl')")
        text = self.b.script("return document.getElementById('about').innerText")
        for part in (f"{facts['points']:,}", facts["index"], facts["metric"], facts["space"]["name"]):
            assert part in text, f"the panel lacks {part}: {text}"
        self.b.click("#measure")
        self.wait("a measured recall", "return document.getElementById('recall')")
        measured = self.ask(f"/v1/collections/{self.collection}")["recall"]
        shown = float(self.b.script("return document.getElementById('recall').textContent").split()[0])
        assert abs(shown - 100 * measured["recall"]) <= 0.1, f"{shown} % shown, {measured} measured"
        self.shot("07-panel")
        self.b.press("Escape")
        self.wait("the panel to close", "return document.getElementById('about').hidden")
        assert self.b.script("return document.activeElement.id") == "about-button", "focus does not return"
        self.quiet()

    def check_phone(self):
        """On a phone of 360 pixels nothing is cut off or to be scrolled sideways."""
        self.b.size(360, 740, phone=True)
        try:
            self.home()
            self.wait_cards()
            self.no_overflow("the first page")
            self.shot("08-phone")
            self.b.click("#grid .card")
            self.title_is("Looks like this")
            self.wait("scores", "return document.querySelector('#grid .score')")
            self.wait_cards()
            self.no_overflow("a search")
            self.shot("09-phone-search")
            self.b.click("#about-button")
            self.wait("the panel", "return document.querySelector('#about dl')")
            self.no_overflow("the panel")
            self.shot("10-phone-panel")
            small = self.b.script("""return [...document.querySelectorAll('button, select')].filter(e => e.offsetParent)
                .map(e => [e.textContent.slice(0, 20), e.getBoundingClientRect().height]).filter(([, h]) => h < 32)""")
            assert not small, f"too small for fingers: {small}"
        finally:
            self.b.size(1280, 900)
        self.quiet()

    def no_overflow(self, where):
        width = self.b.script("return [document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], f"{where} is {width[0]} pixels wide on a screen of {width[1]}"

    def check_colours(self):
        """Light and dark are what they are called, and text stands out in both."""
        for scheme in ("light", "dark"):
            self.b.prefer(scheme)
            self.home()
            self.wait_cards()
            self.b.click("#grid .card")
            self.title_is("Looks like this")
            self.wait("scores", "return document.querySelector('#grid .score')")
            self.wait_cards()
            self.b.click("#about-button")
            self.wait("the panel", "return document.querySelector('#about dl')")
            faint = self.b.script(CONTRAST)
            ground = self.b.script("return getComputedStyle(document.body).backgroundColor")
            brightness = sum(int(part) for part in re.findall(r"\d+", ground)[:3]) / 765
            assert brightness > 0.8 if scheme == "light" else brightness < 0.2, f"{scheme} is {ground}"
            assert not faint, f"too faint in {scheme}: {faint}"
            self.shot("11-" + scheme)
        self.b.prefer("light")
        self.quiet()

    def check_key(self):
        """A service with a key asks for it, says when it is wrong, keeps it in the tab, and shows pictures with it."""
        if not self.key_address:
            return
        self.home(self.key_address)
        self.wait("the question", "return document.getElementById('key').open")
        self.shot("12-key")
        self.b.type("#key-field", "not the key")
        self.b.press("Enter")
        self.wait("the answer to a wrong key", "return document.getElementById('key').open && "
                  "document.getElementById('key-problem').textContent !== ''")
        self.b.type("#key-field", self.key)
        self.b.press("Enter")
        self.wait_cards(10)
        kept = self.b.script("return [Object.values(sessionStorage), Object.values(localStorage), document.cookie]")
        assert kept == [[self.key], [], ""], f"kept: {kept}"
        assert self.b.script("return document.querySelector('#grid img').src.startsWith('blob:')")
        self.shot("13-with-the-key")
        self.b.click("#grid .card")
        self.title_is("Looks like this")
        self.wait("scores", "return document.querySelector('#grid .score')")
        self.b.click("#key-button")
        self.b.click("#key-forget")
        self.wait("the question again", "return document.getElementById('key').open")
        self.quiet("401")

    def check_errors(self):
        """What goes wrong is said in words: no picture, a damaged one, no such collection or point."""
        self.home()
        self.wait_cards()
        self.search_file(b"this is no picture at all", "letter.jpg")
        self.wait("words about what is no picture", "return /picture|JPEG/.test(document.getElementById('notice').textContent)"
                  " && !document.getElementById('notice').hidden")
        assert "undefined" not in self.words()
        self.shot("14-no-picture")
        self.home(rest="#/nowhere")
        self.wait("words about a collection that is not there", "return /no collection/.test(document.getElementById('empty').textContent)")
        self.home(rest=f"#/{self.collection}/like/987654321")
        self.wait("words about a point that is not there", "return /no point/i.test(document.getElementById('notice').textContent)")
        self.quiet("400", "404", "415", "422")

    def check_empty(self):
        """Where nothing is stored, the page says how to load something."""
        if not self.empty_address:
            return
        self.home(self.empty_address)
        self.wait("what to do", "return /akin load --url/.test(document.getElementById('empty').textContent)")
        assert self.empty_address in self.b.script("return document.getElementById('empty').textContent")
        self.shot("15-empty")
        self.quiet()

    def check_gone(self):
        """A service that has gone away is named as such. The last step: the server is stopped."""
        if not self.stop:
            return
        self.home()
        self.wait_cards()
        self.stop()
        self.b.click("#grid .card")
        self.wait("words about the silence", "return /does not answer/.test(document.getElementById('notice').textContent)")
        self.shot("16-gone")
        self.b.complaints()


CONTRAST = """
const number = text => { const p = text.match(/[0-9.]+/g).map(Number); return p.length < 4 ? [...p, 1] : p; };
const over = (a, b) => a.slice(0, 3).map((c, i) => c * a[3] + b[i] * (1 - a[3]));
const ground = e => { const layers = []; for (; e; e = e.parentElement) layers.push(number(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]); };
const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const faint = new Set();
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !e.offsetParent || e.closest('.unseen, .skip, option')) continue;
    const below = ground(e), ink = over(number(getComputedStyle(e).color), below);
    const [a, b] = [light(ink), light(below)].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) faint.add(`${e.tagName}.${e.className} ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
}
return [...faint];
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("server", help="the program akin-server, or the address of a running service")
    parser.add_argument("--shots", default=".build/page-check", help="the folder for pictures of every step")
    parser.add_argument("--only", default="", help="steps whose name contains this")
    options = parser.parse_args()
    if not present():
        raise SystemExit("page-check: chromium and chromium-driver are needed: apt-get install chromium chromium-driver")
    os.makedirs(options.shots, exist_ok=True)

    servers = []
    key_file = None
    failed = 0
    browser = None
    try:
        if options.server.startswith("http"):
            places = {"address": options.server.rstrip("/")}
        else:
            key = "a key of this check"
            with tempfile.NamedTemporaryFile("w", suffix=".key", delete=False) as file:
                file.write(key + "\n")
                key_file = file.name
            for extra in (["--demo"], ["--demo", "--key-file", key_file], []):
                servers.append(Server(options.server, *extra))
            places = {"address": servers[0].address, "key_address": servers[1].address, "key": key,
                      "empty_address": servers[2].address, "stop": servers[0].stop}
        browser = Browser()
        checks = Checks(browser, shots=options.shots, **places)
        for name in [name for name in vars(Checks) if name.startswith("check_") and options.only in name]:
            step = getattr(checks, name)
            try:
                step()
                print(f"ok      {step.__doc__.splitlines()[0]}", flush=True)
            except Exception as error:  # Whatever it is, the other steps are looked at too.
                failed += 1
                print(f"FAILED  {step.__doc__.splitlines()[0]}\n        {error}", flush=True)
                if not isinstance(error, AssertionError):
                    traceback.print_exc()
                try:
                    browser.shot(os.path.join(options.shots, f"failed-{name}.png"))
                    browser.size(1280, 900)
                    browser.prefer("light")
                    browser.complaints()
                except Exception as second:
                    print(f"        and no picture of it: {second}")
    finally:
        if browser:
            browser.close()
        for server in servers:
            server.stop()
        if key_file:
            os.remove(key_file)
    print(f"pictures of every step: {options.shots}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
