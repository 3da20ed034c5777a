import base64
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import soundfile
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from sklearn_cnmf.reporting import ListeningTrial, listening_page
from sklearn_cnmf.reporting.listening._table import player_html

SFREQ = 8000.0


def make_trial(name="one", level=0.3, **changes):
    tone = level * np.sin(2 * np.pi * 440 * np.arange(8000) / SFREQ)
    fields = {
        "name": name,
        "tracks": {"Mixture": tone, "Attended": 0.5 * tone},
        "sfreq": SFREQ,
        "values": {"subject": "01", "gain (dB)": -3.25},
        **changes,
    }
    return ListeningTrial(**fields)


def write(tmp_path, trials, **options):
    path = tmp_path / "page.html"
    listening_page(path, trials, title="Some trials", **options)
    return path.read_text(encoding="utf-8")


def embedded(html):
    pattern = r'<script type="application/json" class="trial">(.*?)</script>'
    return [json.loads(text) for text in re.findall(pattern, html, re.S)]


def decoded(track):
    return soundfile.read(io.BytesIO(base64.b64decode(track["audio"])))


@pytest.mark.parametrize(("audio_format", "atol"), [("ogg", 0.1), ("flac", 1e-4)])
def test_audio_is_whole_and_in_proportion(tmp_path, audio_format, atol):
    trial = make_trial()
    html = write(tmp_path, [trial], audio_format=audio_format)
    (found,) = embedded(html)
    assert found["name"] == "one"
    assert [track["name"] for track in found["tracks"]] == ["Mixture", "Attended"]
    for track, level in zip(found["tracks"], (0.9, 0.45)):
        audio, sfreq = decoded(track)
        assert sfreq == SFREQ
        assert len(audio) == 8000
        expected = level / 0.3 * trial.tracks["Mixture"]
        assert_allclose(audio, expected, atol=atol)


def test_silence_and_channels(tmp_path):
    silence = make_trial("silence", level=0.0)
    stereo = make_trial(
        "stereo", tracks={"Mixture": np.stack([[0.5] * 100, [0.1] * 100])}
    )
    html = write(tmp_path, [silence, stereo], audio_format="flac")
    first, second = embedded(html)
    assert not decoded(first["tracks"][0])[0].any()
    assert_allclose(decoded(second["tracks"][0])[0][0], [0.9, 0.18], atol=1e-4)


def opened(encoded):
    with PIL.Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
        return np.array(image.convert("RGB"))


def test_figures_are_images_with_their_colours(tmp_path):
    figure = Figure(figsize=(2, 1))
    figure.add_axes((0.5, 0, 0.5, 1)).set(facecolor="red", xticks=[], yticks=[])
    file = tmp_path / "half.png"
    # Blue that half lets through: on a page, over white.
    PIL.Image.new("RGBA", (40, 20), (0, 0, 255, 128)).save(file)
    trials = [
        make_trial("drawn", figure=figure),
        make_trial("read", figure=str(file)),
        make_trial("none"),
    ]
    drawn, read, none = embedded(write(tmp_path, trials))
    image = opened(drawn["figure"])
    assert image.shape == (100, 200, 3)
    assert_allclose(image[50, [50, 150]], [[255, 255, 255], [255, 0, 0]], atol=3)
    assert_allclose(opened(read["figure"])[10, 20], [127, 127, 255], atol=3)
    assert none["figure"] is None


def test_what_is_no_figure_is_refused(tmp_path):
    file = tmp_path / "figure.png"
    with pytest.raises(FileNotFoundError, match=r"figure\.png"):
        write(tmp_path, [make_trial(figure=file)])
    file.write_text("no image")
    with pytest.raises(ValueError, match=r"\[0\].figure: .*figure.png can't be r"):
        write(tmp_path, [make_trial(figure=file)])
    PIL.Image.new("RGB", (400, 200)).save(file)
    file.write_bytes(file.read_bytes()[:60])
    with pytest.raises(ValueError, match=r"\[0\].figure: .*figure.png can't be r"):
        write(tmp_path, [make_trial(figure=file)])
    with pytest.raises(ValueError, match=r"figure: expected a figure or .*, got int"):
        write(tmp_path, [make_trial(figure=3)])
    assert not (tmp_path / "page.html").exists()


class Elements(HTMLParser):
    """Names of all elements, and all text."""

    def __init__(self):
        super().__init__()
        self.names, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)

    def handle_data(self, data):
        self.text += data


def test_strings_from_data_are_text_wherever_they_stand(tmp_path):
    evil = "<b onclick='x'>&\"</script><script>alert(1)</script>"
    values = {evil: evil}
    plain = make_trial("plain", values={"two words": "b"})
    trial = make_trial(evil, tracks={evil: np.zeros(10)}, values=values)
    options = {"audio_format": "flac"}
    expected = write(tmp_path, [plain], summary="s", settings="t", **options)
    found = write(tmp_path, [trial], summary=evil, settings=evil, **options)
    elements = []
    for html in (expected, found):
        parser = Elements()
        parser.feed(html)
        elements.append(parser)
    assert elements[0].names == elements[1].names
    assert elements[1].text.count(evil) >= 4
    assert embedded(found)[0]["name"] == evil


def test_titles_are_shown_as_they_are(tmp_path):
    from matplotlib.figure import Figure

    evil = "<i onclick='x'>Q & \"R</script>"
    elements = []
    for title in ("title", evil):
        path = tmp_path / "page.html"
        figures = {title: Figure()}
        listening_page(path, [make_trial()], title=title, figures=figures)
        elements.append(Elements())
        elements[-1].feed(path.read_text(encoding="utf-8"))
    assert elements[0].names == elements[1].names
    # Of the window, the page and the figure.
    assert elements[1].text.count(evil) == 3


def test_summary_and_settings_are_shown_as_they_are(tmp_path):
    html = write(tmp_path, [make_trial()], summary="a\n  b", settings="c = 1")
    plain = re.findall(r'<pre class="plain">(.*?)</pre>', html, re.S)
    assert plain == ["a\n  b", "c = 1"]
    # Settings are long, and folded.
    folded = re.findall(r"<details><summary>Show</summary><pre[^>]*>(.*?)<", html)
    assert folded == ["c = 1"]
    assert "plain" not in re.findall(
        r'<pre class="(.*?)">', write(tmp_path, [make_trial()])
    )


def test_rates_are_rounded(tmp_path):
    html = write(tmp_path, [make_trial(sfreq=7999.7)], audio_format="flac")
    assert decoded(embedded(html)[0]["tracks"][0])[1] == 8000


def test_cells():
    values = {
        "number": -3.256,
        "count": 7,
        "nothing": np.nan,
        "none": None,
        "right": np.True_,
        "wrong": False,
        "whole": np.int64(12),
        "text": "a & b",
    }
    html = player_html([make_trial(values=values)], [{"Mixture": ""}], [None], {})
    cells = re.findall(r"<td[^>]*>.*?</td>", html)
    assert cells == [
        '<td data-value="one">one</td>',
        '<td class="number" data-value="-3.256">\N{MINUS SIGN}3.26</td>',
        '<td class="number" data-value="7.0">7</td>',
        '<td data-value=""></td>',
        '<td data-value=""></td>',
        '<td data-value="yes">yes</td>',
        '<td data-value="no">no</td>',
        '<td class="number" data-value="12.0">12</td>',
        '<td data-value="a &amp; b">a &amp; b</td>',
    ]


def test_trials_may_have_other_values_each():
    trials = [make_trial("a", values={"x": "1"}), make_trial("b", values={"y": "2"})]
    html = player_html(trials, [{}, {}], [None, None], {})
    heads = re.findall(r"<th.*?><button><span>(.*?)</span></button>", html)
    assert heads == ["trial", "x", "y"]
    assert html.count('data-value=""') == 2


def test_a_value_may_be_called_like_the_name(tmp_path):
    trial = ListeningTrial("first", {"a": np.zeros(8)}, 8.0, {"trial": 3, "gain": 1.5})
    html = write(tmp_path, [trial])
    assert len(re.findall(r'<th scope="col"', html)) == 3
    (row,) = re.findall(r"<tr data-trial.*?</tr>", html)
    assert re.findall(r">([^<>]+)</td>", row) == ["first", "3", "1.50"]


def test_nothing_is_loaded_from_elsewhere(tmp_path):
    html = write(tmp_path, [make_trial()])
    loaded = re.findall(r'(?:src|href)="(?!data:|#|javascript:|\$)([^"]*)"', html)
    # The foot names MNE, whose page is not loaded.
    assert all(address.startswith("https://mne.tools") for address in loaded)
    assert not re.search(r"@import|url\((?!['\"]?data:)", html.split("<body")[0])


def test_figures_are_drawn_in(tmp_path):
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([1, 2])
    html = write(tmp_path, [make_trial()], figures={"Gain": figure})
    assert "Gain" in html
    assert html.count("<svg") > write(tmp_path, [make_trial()]).count("<svg")


def test_a_page_is_whole_or_as_it_was(tmp_path, monkeypatch):
    import mne

    path = tmp_path / "page.html"
    path.write_text("before")

    def fail(self, file, **_):
        Path(file).write_text("half")
        raise OSError("full")

    monkeypatch.setattr(mne.Report, "save", fail)
    with pytest.raises(OSError, match="full"):
        listening_page(path, [make_trial()], title="x")
    assert path.read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]


def test_others_may_read_it_as_any_other_file(tmp_path):
    (tmp_path / "other").touch()
    write(tmp_path, [make_trial()])
    modes = {file.name: file.stat().st_mode for file in tmp_path.iterdir()}
    assert modes["page.html"] == modes["other"]


@pytest.mark.parametrize(
    ("trials", "message"),
    [
        ([], "trials: expected at least one"),
        ([make_trial(), make_trial()], "trials: 2 have the name 'one'"),
        ([make_trial(tracks={})], r"trials\[0\]: has no tracks"),
        ([make_trial(sfreq=0.0)], r"trials\[0\].sfreq"),
        (
            [make_trial(tracks={"a": np.zeros(5), "b": np.zeros(6)})],
            r"trials\[0\]: tracks differ in length, .*'a': 5, 'b': 6",
        ),
        ([make_trial(), "two"], r"trials\[1\]: expected a ListeningTrial, got str"),
        (
            [make_trial(tracks={"a": np.zeros(0)})],
            r"trials\[0\]: track 'a' is empty",
        ),
        (
            [make_trial(tracks={"a": np.array([0, np.nan])})],
            r"trials\[0\]: track 'a' has values that are not finite",
        ),
    ],
)
def test_bad_trials_are_refused(tmp_path, trials, message):
    with pytest.raises(ValueError, match=message):
        listening_page(tmp_path / "page.html", trials, title="x")
    assert not list(tmp_path.iterdir())


def test_bad_options_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"path: expected a name that ends in \.html"):
        listening_page(tmp_path / "page.htm", [make_trial()], title="x")
    with pytest.raises(ValueError, match="audio_format: expected one of ogg, flac"):
        write(tmp_path, [make_trial()], audio_format="mp3")


def test_heads_say_what_they_mean_and_where_numbers_stand(tmp_path):
    values = {"who": "flute", "gain (dB)": None, "right": True}
    trials = [
        make_trial("one", values=values),
        make_trial("two", values={**values, "gain (dB)": 3.0, "right": False}),
    ]
    columns = {"gain (dB)": "above <the> mixture", "other": "is not there"}
    html = write(tmp_path, trials, columns=columns)
    assert "<b>gain (dB)</b>: above &lt;the&gt; mixture." in html
    assert "is not there" not in html
    heads = re.findall(r'<th scope="col"( class="number")?>', html)
    assert [bool(head) for head in heads] == [False, False, True, False]
    assert html.count('<td class="wrong" data-value="no">') == 1
    assert "meanings" not in player_html(trials, [{}, {}], [None, None], {})
