"""The listening page in a real browser."""

import json
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from sklearn_cnmf.reporting import ListeningTrial, listening_page

SFREQ, SECONDS = 8000.0, 12.0
# A busy machine shows times late.
LATE = 1.5


def find_browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name) and shutil.which("chromedriver"):
            return shutil.which(name)
    return None


webdriver = pytest.importorskip(
    "selenium.webdriver", reason="needs Selenium: pip install selenium"
)
pytestmark = pytest.mark.skipif(
    find_browser() is None, reason="needs chromium and chromedriver (chromium-driver)"
)


def make_trial(name, gain, pitch):
    times = np.arange(round(SECONDS * SFREQ)) / SFREQ
    tone = np.sin(2 * np.pi * pitch * times)
    tracks = {
        "Mixture": tone + 0.1,
        "Attended": tone,
        "Rest": np.full_like(tone, 0.1),
        "Reference": tone,
    }
    if name == "02 flute":
        tracks["Reference"] = np.where(times > SECONDS / 2, tone, 0)
    values = {"subject": name[:2], "attended": name[3:], "gain (dB)": gain}
    figure = Figure(figsize=(pitch / 100, 1)) if gain > 0 else None
    return ListeningTrial(name, tracks, SFREQ, values, figure)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    trials = [
        make_trial("01 flute", 9.0, 300),
        make_trial("01 cello", -10.0, 400),
        make_trial("02 flute", np.nan, 500),
        make_trial("02 oboe & harp", 100.0, 600),
    ]
    listening_page(path, trials, title="Four trials", summary="All simulated.")
    return path


def driver_of(*arguments):
    options = webdriver.ChromeOptions()
    options.binary_location = find_browser()
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--window-size=1280,900",
        *arguments,
    ):
        options.add_argument(argument)
    options.set_capability(
        "goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"}
    )
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    return webdriver.Chrome(options=options, service=service)


@pytest.fixture(scope="module")
def browser():
    driver = driver_of("--autoplay-policy=no-user-gesture-required")
    yield driver
    driver.quit()


class Opened:
    """The page as a user sees it."""

    def __init__(self, browser):
        self.browser = browser
        self.wait(lambda: self.all(".player") and self.loaded == "0")

    def all(self, selector):
        return self.browser.find_elements("css selector", f"#listening {selector}")

    def one(self, selector):
        return self.all(selector)[0]

    def press(self, keys):
        self.browser.find_element("css selector", "body").send_keys(keys)

    def click_at(self, part):
        """Click into the waveform, from 0 on its left to 1 on its right."""
        canvas = self.one("canvas")
        aside = round((part - 0.5) * canvas.size["width"])
        chain = webdriver.ActionChains(self.browser, duration=0)
        chain.move_to_element_with_offset(canvas, aside, 0).click().perform()

    def wait(self, condition, seconds=20):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not happen"
            time.sleep(0.02)

    @property
    def loaded(self):
        return self.one(".player").get_attribute("data-loaded")

    @property
    def time(self):
        return self.one(".time").text

    @property
    def position(self):
        return float(self.time.split()[0])

    @property
    def duration(self):
        return float(self.time.split()[2])

    @property
    def track(self):
        (pressed,) = self.all('.tracks button[aria-pressed="true"]')
        return pressed.text

    def column(self, number):
        rows = [row for row in self.all("tbody tr") if row.is_displayed()]
        return [row.find_elements("css selector", "td")[number].text for row in rows]


# Reading from the waveform itself would make the browser warn.
COPY = """
    const shown = document.querySelector("#listening canvas");
    const { width, height } = shown;
    const copy = new OffscreenCanvas(width, height).getContext(
      "2d", { willReadFrequently: true });
    copy.drawImage(shown, 0, 0);
"""


def columns_of(opened, colour):
    """Where columns of the waveform have a colour in the middle, from 0 to 1."""
    return opened.browser.execute_script(
        COPY
        + """
        const row = copy.getImageData(0, height / 2, width, 1).data;
        const hex = (x) => [0, 1, 2].map((i) =>
          row[4 * x + i].toString(16).padStart(2, "0")).join("");
        return [...Array(width).keys()].filter(
          (x) => hex(x) === arguments[0]).map((x) => x / width);
        """,
        colour,
    )


def shade_of(opened, part):
    """Colour at the top of the waveform, at a part of its width."""
    return opened.browser.execute_script(
        COPY
        + """
        const x = Math.round(arguments[0] * width);
        return [...copy.getImageData(x, 0, 1, 1).data];
        """,
        part,
    )


def colour_of(element):
    return element.value_of_css_property("background-color")


@pytest.fixture
def opened(browser, page):
    browser.get_log("browser")
    browser.get(page.as_uri())
    yield Opened(browser)
    assert browser.get_log("browser") == []


def test_audio_loads_and_has_its_duration(opened):
    assert opened.duration == SECONDS
    assert opened.position == 0
    assert opened.one(".name").text == "01 flute"
    terms = [term.text for term in opened.all(".said dt")]
    assert terms == ["subject", "attended", "gain (dB)"]
    assert [value.text for value in opened.all(".said dd")] == ["01", "flute", "9.00"]
    buttons = [button.text for button in opened.all(".tracks button")]
    assert buttons == ["1 Mixture", "2 Attended", "3 Rest", "4 Reference"]


def test_space_plays_and_pauses(opened):
    opened.press(" ")
    opened.wait(lambda: opened.position > 0.5)
    assert opened.one(".play").text == "Pause"
    opened.press(" ")
    assert opened.one(".play").text == "Play"
    before = opened.position
    time.sleep(0.4)
    assert opened.position == before


def test_a_switch_keeps_the_position(opened):
    assert opened.track == "1 Mixture"
    opened.press(" ")
    opened.wait(lambda: opened.position > 1)
    for key, name in (("2", "2 Attended"), ("4", "4 Reference"), ("3", "3 Rest")):
        before, asked = opened.position, time.monotonic()
        opened.press(key)
        assert opened.track == name
        after = opened.position
        assert before <= after < before + time.monotonic() - asked + LATE
    opened.all(".tracks button")[0].click()
    assert opened.track == "1 Mixture"
    before = opened.position
    opened.wait(lambda: opened.position > before)
    # A fifth track does not exist.
    opened.press("5")
    assert opened.track == "1 Mixture"


METER = """
    const connect = AudioNode.prototype.connect;
    window.heard = [];
    AudioNode.prototype.connect = function (target, ...rest) {
      if (target instanceof AudioDestinationNode) {
        const meter = this.context.createAnalyser();
        connect.call(this, meter);
        window.heard.push(meter);
      }
      return connect.call(this, target, ...rest);
    };
"""
LEVELS = """
    return window.heard.map((meter) => {
      const samples = new Float32Array(meter.fftSize);
      meter.getFloatTimeDomainData(samples);
      return Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
    });
"""


@pytest.fixture
def sounding(opened):
    """Function that opens a trial and returns one that tells which tracks are heard.

    That is measured in the page, behind the gains.
    """

    def load(row):
        opened.browser.execute_script(METER)
        opened.all("tbody tr")[row].click()
        opened.wait(lambda: opened.loaded == str(row))
        return lambda: [x > 0.01 for x in opened.browser.execute_script(LEVELS)]

    return load


def test_of_all_tracks_one_is_heard(opened, sounding):
    heard = sounding(1)
    opened.press(" ")
    for key in "12341":
        opened.press(key)
        expected = [number == key for number in "1234"]
        opened.wait(lambda expected=expected: heard() == expected)


def test_what_is_heard_is_what_stands_at_the_cursor(opened, sounding):
    heard = sounding(2)
    opened.press("4")
    opened.press(" ")
    # This reference begins after 6 s.
    opened.wait(lambda: opened.position > 0.5)
    assert not any(heard())
    opened.press("\ue014")
    opened.press("\ue014")
    opened.wait(lambda: heard() == [False, False, False, True])
    assert opened.position > 10


COUNTED = """
    window.counts = { start: 0, stop: 0, decode: 0, frame: 0 };
    const count = (owner, method, name) => {
      const own = owner[method];
      owner[method] = function (...rest) {
        window.counts[name]++;
        return own.apply(this, rest);
      };
    };
    count(AudioScheduledSourceNode.prototype, "stop", "stop");
    count(AudioBufferSourceNode.prototype, "start", "start");
    count(BaseAudioContext.prototype, "decodeAudioData", "decode");
    count(window, "requestAnimationFrame", "frame");
"""


@pytest.fixture
def counted(opened):
    """Function that tells how often sound was started, stopped and decoded."""
    opened.browser.execute_script(COUNTED)
    return lambda: opened.browser.execute_script("return { ...window.counts }")


def test_what_is_pressed_in_haste_is_started_once(opened, counted):
    opened.browser.execute_script("""
        for (const _ of [1, 2, 3]) document.body.dispatchEvent(
          new KeyboardEvent("keydown", { key: " ", bubbles: true }));
    """)
    assert opened.one(".play").text == "Pause"
    found = counted()
    assert found["start"] - found["stop"] == 4
    opened.press(" ")
    found = counted()
    assert found["start"] == found["stop"]


def test_a_double_click_opens_a_trial_once(opened, counted):
    opened.browser.execute_script("""
        const row = document.querySelectorAll("#listening tbody tr")[1];
        row.click();
        row.click();
    """)
    opened.wait(lambda: opened.loaded == "1")
    assert counted()["decode"] == 4
    opened.press("\ue014")
    opened.all("tbody tr")[1].send_keys("\ue007")
    assert opened.position == 5


def test_marks_without_a_loop_do_not_interrupt(opened, counted):
    opened.press(" ")
    opened.wait(lambda: opened.position > 0.3)
    before = counted()["start"]
    opened.press("a")
    opened.press("l")
    assert counted()["start"] == before
    opened.wait(lambda: opened.position > 0.5)
    opened.press("b")
    assert counted()["start"] == before + 4


def test_seeking_leaves_one_animation(opened, counted):
    opened.press(" ")
    for _ in range(4):
        opened.press("\ue014")
        opened.press("\ue012")
    start = counted()["frame"], time.monotonic()
    time.sleep(0.5)
    frames = counted()["frame"] - start[0]
    assert 0 < frames < 100 * (time.monotonic() - start[1])


def test_a_folded_section_plays_on(opened):
    opened.press(" ")
    fold = opened.browser.find_element("css selector", ".accordion-button")
    fold.click()
    opened.wait(lambda: not opened.one("canvas").is_displayed())
    opened.press("2")
    time.sleep(0.3)
    fold.click()
    opened.wait(lambda: opened.one("canvas").is_displayed() and opened.time)
    before = opened.position
    opened.wait(lambda: opened.position > before)
    assert opened.track == "2 Attended"


def test_a_browser_that_can_not_decode_says_so(opened):
    opened.browser.execute_script("""
        const decode = AudioContext.prototype.decodeAudioData;
        AudioContext.prototype.decodeAudioData = () =>
          Promise.reject(new DOMException("no", "EncodingError"));
        window.able = decode;
        document.querySelectorAll("#listening tbody tr")[1].click();
    """)
    opened.wait(lambda: "can't decode the sound (EncodingError)" in opened.time)
    assert opened.all(".tracks button") == []
    opened.browser.execute_script("window.dispatchEvent(new Event('resize'))")
    assert "can't decode" in opened.time
    opened.press(" ")
    assert opened.one(".play").text == "Play"
    # It may be tried again.
    opened.browser.execute_script(
        "AudioContext.prototype.decodeAudioData = window.able;"
    )
    opened.all("tbody tr")[1].send_keys("\ue007")
    opened.wait(lambda: opened.loaded == "1")


def test_marks_before_a_trial_is_there_do_nothing(opened):
    opened.browser.execute_script("""
        const decode = AudioContext.prototype.decodeAudioData;
        AudioContext.prototype.decodeAudioData = async function (data) {
          const found = await decode.call(this, data);
          await new Promise((done) => setTimeout(done, 500));
          return found;
        };
        document.querySelectorAll("#listening tbody tr")[1].click();
        document.querySelector("#listening .from").click();
    """)
    assert opened.time == ""
    opened.wait(lambda: opened.loaded == "1")
    opened.click_at(0.5)
    opened.press("b")
    assert opened.one(".loop").get_attribute("aria-pressed") == "false"


def test_the_first_sound_is_that_of_one_track(page):
    # Without a gesture of the user, browsers hold sound back.
    driver = driver_of()
    try:
        driver.execute_cdp_cmd(
            "Page.addScriptToEvaluateOnNewDocument",
            {
                "source": """
                window.gains = [];
                const create = BaseAudioContext.prototype.createGain;
                BaseAudioContext.prototype.createGain = function () {
                  window.gains.push(create.call(this));
                  return window.gains.at(-1);
                };
                """
            },
        )
        driver.get(page.as_uri())
        opened = Opened(driver)
        gains = "return window.gains.map((node) => node.gain.value)"
        assert driver.execute_script(gains) == [0, 0, 0, 0]
        opened.press(" ")
        opened.wait(lambda: opened.position > 0.3)
        assert driver.execute_script(gains) == pytest.approx([1, 0, 0, 0], abs=0.01)
        assert driver.get_log("browser") == []
    finally:
        driver.quit()


def test_nothing_is_heard_of_a_pause(opened, sounding):
    heard = sounding(1)
    opened.press(" ")
    opened.wait(lambda: heard() == [True, False, False, False])
    opened.press(" ")
    opened.wait(lambda: not any(heard()), seconds=2)
    opened.press(" ")
    opened.press("\ue014")
    opened.wait(lambda: opened.position > 5)
    assert heard() == [True, False, False, False]


@pytest.mark.parametrize(("start", "expected"), [(0.45, False), (0.85, True)])
def test_a_loop_is_heard_from_its_start_to_its_end(opened, sounding, start, expected):
    heard = sounding(2)
    # This reference begins after 6 s.
    opened.press("4")
    opened.click_at(start)
    opened.press("a")
    opened.click_at(start + 0.03)
    opened.press("b")
    opened.press(" ")
    opened.wait(lambda: heard()[3] == expected)
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        assert heard() == [False, False, False, expected]


def test_seeking(opened):
    right, left = "\ue014", "\ue012"
    opened.press(right)
    assert opened.position == 5
    opened.press(left)
    opened.press(left)
    assert opened.position == 0
    canvas = opened.one("canvas")
    canvas.click()  # in the middle
    assert opened.position == pytest.approx(SECONDS / 2, abs=0.1)


def test_a_click_moves_the_cursor(opened):
    opened.click_at(0.25)
    assert opened.position == pytest.approx(SECONDS / 4, abs=0.1)
    cursor = columns_of(opened, "d55e00")
    assert np.mean(cursor) == pytest.approx(0.25, abs=0.01)
    assert np.ptp(cursor) < 0.01


def test_loop(opened):
    right = "\ue014"
    opened.press(right)
    opened.press("a")
    assert opened.one(".loop").get_attribute("aria-pressed") == "false"
    opened.press(" ")
    opened.wait(lambda: opened.position > 5.6)
    opened.press(" ")
    end = opened.position + LATE
    opened.press("b")
    opened.press(" ")
    assert opened.one(".loop").get_attribute("aria-pressed") == "true"
    for _ in range(2):
        opened.wait(lambda: opened.position < 5.3)
        opened.wait(lambda: opened.position > 5.5)
    seen = []
    for _ in range(20):
        seen.append(opened.position)
        time.sleep(0.05)
    assert 5 <= min(seen) <= max(seen) < end
    # Beyond its end there is nothing to go to.
    opened.press(right)
    assert opened.position < 5.5
    opened.press("l")
    assert opened.one(".loop").get_attribute("aria-pressed") == "false"
    opened.wait(lambda: opened.position > end)


def test_ends_of_a_loop_are_in_order_and_shaded(opened):
    loop = opened.one(".loop")
    opened.click_at(0.5)
    opened.one(".from").click()
    opened.click_at(0.25)
    opened.one(".to").click()
    # An end on the wrong side takes the place of the other one.
    loop.click()
    assert loop.get_attribute("aria-pressed") == "false"
    opened.press("\ue012")
    marks = columns_of(opened, "e69f00")
    assert np.mean(marks) == pytest.approx(0.25, abs=0.01)
    assert np.ptp(marks) < 0.01
    opened.click_at(0.25)
    opened.press("A")
    opened.click_at(0.5)
    opened.press("B")
    assert loop.get_attribute("aria-pressed") == "true"
    assert opened.position == pytest.approx(SECONDS / 4, abs=0.1)
    on = shade_of(opened, 0.1), shade_of(opened, 0.4), shade_of(opened, 0.6)
    assert on[0] == on[2] == [0, 0, 0, 0]
    red, _, blue, opacity = on[1]
    assert red > blue
    assert opacity > 0
    loop.click()
    assert loop.get_attribute("aria-pressed") == "false"
    red, _, blue, _ = shade_of(opened, 0.4)
    assert red == blue
    opened.press("l")
    opened.all("tbody tr")[1].click()
    opened.wait(lambda: opened.loaded == "1")
    assert loop.get_attribute("aria-pressed") == "false"


def test_a_resize_while_the_page_loads_is_made_up_for(opened):
    browser = opened.browser
    widths = """
        const canvas = document.querySelector("#listening canvas");
        return [canvas.width, Math.round(devicePixelRatio * canvas.clientWidth)];
    """
    browser.execute_script("""
        Object.defineProperty(document, "readyState",
          { get: () => "loading", configurable: true });
    """)
    try:
        browser.set_window_size(900, 900)
        opened.wait(lambda: len(set(browser.execute_script(widths))) == 2)
        browser.execute_script("""
            delete document.readyState;
            window.dispatchEvent(new Event("load"));
        """)
        drawn, shown = browser.execute_script(widths)
        assert drawn == shown
    finally:
        browser.set_window_size(1280, 900)


def test_what_lies_behind_a_loop_leads_to_its_start(opened):
    opened.click_at(0.1)
    opened.press("a")
    opened.click_at(0.2)
    opened.press("b")
    opened.click_at(0.75)
    assert opened.position == pytest.approx(SECONDS / 10, abs=0.1)
    opened.press("l")
    opened.click_at(0.75)
    assert opened.position == pytest.approx(0.75 * SECONDS, abs=0.1)


def test_the_button_plays_and_space_pauses(opened):
    opened.one(".play").click()
    opened.wait(lambda: opened.position > 0.2)
    # Space would press the button that has the focus, too.
    opened.one(".play").send_keys(" ")
    time.sleep(0.1)
    assert opened.one(".play").text == "Play"


def test_keys_of_the_player_do_nothing_else(opened):
    ask = """
        return ["ctrlKey", "metaKey", "altKey", null].map((modifier) =>
          document.body.dispatchEvent(new KeyboardEvent("keydown",
            { key: arguments[0], [modifier]: true, bubbles: true, cancelable: true })));
    """
    for key in (" ", "2", "ArrowRight"):
        # With a modifier, they are the browser's.
        left = opened.browser.execute_script(ask, key)
        assert left == [True, True, True, False]
    assert opened.track == "2 Attended"
    assert opened.browser.execute_script(ask, "q") == [True] * 4


def test_the_end(opened):
    for _ in range(2):
        opened.press("\ue014")
    opened.press(" ")
    opened.wait(lambda: opened.one(".play").text == "Play")
    assert opened.position == SECONDS
    opened.press(" ")
    opened.wait(lambda: 0 < opened.position < SECONDS - 1)


def test_another_trial(opened):
    opened.press(" ")
    opened.press("2")
    row = opened.all("tbody tr")[3]
    row.click()
    opened.wait(lambda: opened.loaded == "3")
    assert opened.one(".name").text == "02 oboe & harp"
    assert opened.track == "2 Attended"
    assert opened.position == 0
    (selected,) = opened.all('tbody tr[aria-selected="true"]')
    assert selected == row
    opened.all("tbody tr")[1].send_keys("\ue007")  # Enter
    opened.wait(lambda: opened.loaded == "1")


def test_the_figure_of_the_trial_that_is_open(opened):
    figure, image = opened.one(".figure"), opened.one(".figure img")

    def width():
        return int(image.get_attribute("naturalWidth"))

    assert not image.is_displayed()
    opened.one(".figure summary").click()
    opened.wait(lambda: image.is_displayed() and width() == 300)
    assert image.get_attribute("alt") == "Figure of 01 flute"
    opened.all("tbody tr")[3].send_keys("\ue007")
    opened.wait(lambda: width() == 600)
    assert image.is_displayed()
    # A trial without one.
    opened.all("tbody tr")[1].send_keys("\ue007")
    opened.wait(lambda: not figure.is_displayed())


def test_the_last_of_two_trials_is_loaded(opened):
    # The first one takes longer.
    opened.browser.execute_script("""
        const decode = AudioContext.prototype.decodeAudioData;
        const rows = document.querySelectorAll("#listening tbody tr");
        let calls = 0;
        AudioContext.prototype.decodeAudioData = async function (data) {
          const found = await decode.call(this, data);
          if (calls++ < 4) await new Promise((done) => setTimeout(done, 500));
          return found;
        };
        rows[1].click();
        rows[3].click();
    """)
    opened.wait(lambda: opened.loaded == "3")
    time.sleep(0.8)
    assert opened.loaded == "3"


def test_trials_may_have_other_tracks_and_gaps(browser, tmp_path):
    tone = np.sin(np.arange(800))
    trials = [
        ListeningTrial(
            "a", {"Mixture": tone, "Rest": tone}, SFREQ, {"x": None, "y": 2}
        ),
        ListeningTrial("b", {"Mixture": tone}, SFREQ, {"x": 1, "y": None}),
    ]
    path = tmp_path / "page.html"
    listening_page(path, trials, title="Two trials")
    browser.get(path.as_uri())
    opened = Opened(browser)
    assert opened.one(".said").text == "y\n2"
    opened.press("2")
    opened.all("tbody tr")[1].click()
    opened.wait(lambda: opened.loaded == "1")
    assert opened.one(".said").text == "x\n1"
    assert opened.track == "1 Mixture"


def test_what_is_chosen_looks_other_than_the_rest(opened):
    first, second = opened.all(".tracks button")[:2]
    assert colour_of(first) != colour_of(second)
    opened.press("2")
    assert colour_of(first) != colour_of(second)
    assert colour_of(second) == "rgba(0, 114, 178, 1)"
    rows = opened.all("tbody tr")[1:]
    assert colour_of(opened.all("tbody tr")[0]) not in map(colour_of, rows)


def test_sorting_by_numbers_and_words(opened):
    gain = opened.all("th button")[3]
    gain.click()
    # By value, not by letters, and what is missing last.
    minus = "\N{MINUS SIGN}10.00"
    assert opened.column(3) == [minus, "9.00", "100.00", ""]
    gain.click()
    assert opened.column(3)[:3] == ["100.00", "9.00", minus]
    opened.all("th button")[2].click()
    assert opened.column(2) == ["cello", "flute", "flute", "oboe & harp"]
    # A row brings its own sound along.
    opened.all("tbody tr")[0].click()
    opened.wait(lambda: opened.loaded == "1")
    assert opened.one(".name").text == "01 cello"


def test_one_column_shows_its_order(opened):
    arrows = """
        return [...document.querySelectorAll("#listening th button")].map(
          (button) => getComputedStyle(button, "::after").content.trim());
    """
    up, down = (
        '" \N{BLACK UP-POINTING TRIANGLE}"',
        '" \N{BLACK DOWN-POINTING TRIANGLE}"',
    )
    heads = opened.all("th button")
    for column, expected in ((3, up), (3, down), (2, up), (3, up)):
        heads[column].click()
        found = opened.browser.execute_script(arrows)
        assert [arrow for arrow in found if arrow != "none"] == [expected]
        assert found[column] == expected


def test_all_that_a_row_says_is_filtered(opened):
    opened.one(".filter").send_keys("100.00")
    assert opened.column(0) == ["02 oboe & harp"]


def test_filtering(opened):
    field = opened.one(".filter")
    field.send_keys("FLUTE 02")
    assert opened.column(0) == ["02 flute"]
    assert opened.one(".shown").text == "1 of 4 trials"
    # What is typed is no command.
    assert opened.one(".play").text == "Play"
    assert opened.track == "1 Mixture"
    # Beginnings of words: not the "lute" of flutes.
    field.clear()
    field.send_keys("lute")
    assert opened.column(0) == []
    field.clear()
    field.send_keys("nothing like it")
    assert opened.column(0) == []


def test_the_waveform_is_drawn_anew_in_a_window_of_another_size(opened):
    canvas = opened.one("canvas")
    before = canvas.size["width"]
    try:
        opened.browser.set_window_size(900, 900)
        opened.wait(lambda: canvas.size["width"] < before)
        opened.wait(
            lambda: canvas.get_property("width") == canvas.size["width"], seconds=3
        )
    finally:
        opened.browser.set_window_size(1280, 900)


@pytest.mark.parametrize(("width", "position"), [(1280, "sticky"), (500, "static")])
def test_the_player_stays_in_sight_where_there_is_room(opened, width, position):
    try:
        opened.browser.set_window_size(width, 900)
        player = opened.one(".player")
        opened.wait(
            lambda: player.value_of_css_property("position") == position, seconds=3
        )
        (contents,) = opened.browser.find_elements("css selector", "#toc")
        assert contents.is_displayed() is (position == "sticky")
    finally:
        opened.browser.set_window_size(1280, 900)


def test_the_space_bar_presses_what_has_the_focus(opened):
    gain = opened.all("th button")[3]
    gain.send_keys(" ")
    minus = "\N{MINUS SIGN}10.00"
    assert opened.column(3)[0] == minus
    opened.one(".figure summary").send_keys(" ")
    opened.wait(lambda: opened.one(".figure img").is_displayed())
    assert opened.one(".play").text == "Play"


def test_a_trial_that_is_opened_is_in_sight(browser, tmp_path):
    phone = {"width": 390, "height": 600, "deviceScaleFactor": 2, "mobile": True}
    trials = [make_trial(f"{number:02d} flute", 1.0, 300) for number in range(30)]
    path = tmp_path / "page.html"
    listening_page(path, trials, title="Thirty trials")
    browser.get("about:blank")
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        browser.get(path.as_uri())
        opened = Opened(browser)
        row, player = opened.all("tbody tr")[25], opened.one(".player")
        browser.execute_script("arguments[0].scrollIntoView({ block: 'center' })", row)
        top = "return arguments[0].getBoundingClientRect().top"
        opened.wait(lambda: browser.execute_script(top, player) < -100)
        browser.execute_script("arguments[0].click()", row)
        bar = browser.find_element("id", "top-bar").size["height"]
        opened.wait(lambda: bar <= browser.execute_script(top, player) < 300)
        opened.wait(lambda: opened.loaded == "25")
    finally:
        browser.get("about:blank")
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_what_a_report_has_beside_is_out_of_the_way(opened):
    find = opened.browser.find_element
    assert not find("id", "filter-by-tags-dropdown-menu").is_displayed()
    assert not find("css selector", ".badge").is_displayed()
    footer = find("css selector", "footer .navbar")
    assert footer.value_of_css_property("position") == "static"


def test_heads_are_not_broken_within_words(opened):
    opened.browser.execute_script("""
        const head = document.querySelectorAll("#listening th")[3];
        head.style.width = head.style.maxWidth = "1px";
        head.querySelector("span").textContent = "SI-SDR";
    """)
    first = opened.all("th:nth-child(4) span")[0]
    assert (
        first.size["height"] < 1.5 * opened.all("th:first-child span")[0].size["height"]
    )


def test_a_loop_without_ends_can_not_be_switched(opened):
    loop = opened.one(".loop")
    assert not loop.is_enabled()
    opened.press("a")
    assert not loop.is_enabled()
    opened.press("\ue014")
    opened.press("b")
    assert loop.is_enabled()


@pytest.mark.parametrize("width", [1280, 400])
def test_everything_has_room(opened, width):
    browser = opened.browser
    browser.set_window_size(width, 900)
    try:
        opened.wait(lambda: opened.one("canvas").size["width"] > 0)
        inner = browser.execute_script("return window.innerWidth")
        for selector in (".player", "canvas", ".filter"):
            element = opened.one(selector)
            assert element.location["x"] + element.size["width"] <= inner
        assert opened.one("canvas").size["width"] > inner / 2
    finally:
        browser.set_window_size(1280, 900)


def test_a_phone_shows_the_page_at_its_own_width(browser, page):
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    browser.get("about:blank")
    browser.get_log("browser")
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        browser.get(page.as_uri())
        opened = Opened(browser)
        wide = "return document.documentElement.scrollWidth"
        assert browser.execute_script(wide) == 390
        canvas = opened.one("canvas")
        assert 300 < canvas.size["width"] < 390
        # Two dots a pixel.
        drawn = browser.execute_script("return arguments[0].width", canvas)
        assert drawn == 2 * canvas.size["width"]
        assert browser.get_log("browser") == []
    finally:
        browser.get("about:blank")
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_outline_is_that_of_all_channels(browser, tmp_path):
    times = np.arange(8000) / SFREQ
    right = np.where(times > 0.5, 0.8, 0.1)
    tracks = {"Mixture": np.stack([np.full(8000, 0.1), right])}
    path = tmp_path / "stereo.html"
    listening_page(path, [ListeningTrial("stereo", tracks, SFREQ)], title="Stereo")
    browser.get(path.as_uri())
    Opened(browser)
    found = browser.execute_script("""
        const canvas = document.querySelector("#listening canvas");
        const { width, height } = canvas;
        const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
        return [0.25, 0.75].map((part) => {
          const x = Math.round(part * width);
          const rows = [...Array(height).keys()].filter(
            (y) => pixels[4 * (y * width + x) + 2] === 0xb2);
          return [rows.length / height, rows.at(-1) / height];
        });
    """)
    heights, lowest = zip(*found)
    # One factor brings the loudest to 0.9; Vorbis is not exact.
    assert heights == pytest.approx([0.9 / 0.8 * 0.1 / 2, 0.9 / 2], abs=0.03)
    # Positive samples stand above the middle.
    assert max(lowest) < 0.53


def test_no_network(browser, page):
    browser.get_log("performance")
    browser.get(page.as_uri())
    Opened(browser)
    messages = [
        json.loads(entry["message"]) for entry in browser.get_log("performance")
    ]
    requested = {
        message["message"]["params"]["request"]["url"]
        for message in messages
        if message["message"]["method"] == "Network.requestWillBeSent"
    }
    outside = {
        url for url in requested if not url.startswith(("data:", Path(page).as_uri()))
    }
    assert requested
    assert outside == set()
