"""The page in a real browser: with keys alone, with the mouse, stopped and opened again, without a server."""

import threading

import pytest

from egoprog.study.answers import Answers
from egoprog.study.questions import Study
from egoprog.study.server import StudyServer
from tests.study.browser import Browser, chromium
from tests.study.studies import aligned_study, best_study

pytestmark = pytest.mark.skipif(chromium() is None, reason="needs Chromium; run  apt-get install chromium")

ASKED = "!document.querySelector('#asking').hidden && document.querySelector('#number').textContent.startsWith('{}')"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


def serve(study, port=0):
    server = StudyServer(study, port=port)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


def stop(server):
    server.shutdown()
    server.server_close()


def start(browser, server, rater):
    browser.open(server.url)
    browser.run("document.querySelector('#rater').focus()")
    browser.type(rater)
    browser.press("Enter")


def asks(browser, number):
    browser.until(ASKED.format(f"Question {number} "))


def marked(browser):
    return browser.run("[...document.querySelectorAll('.choice')].map(b => b.getAttribute('aria-checked') === 'true')")


def test_a_study_is_answered_by_keys_alone_and_goes_on_after_a_stop(browser, tmp_path):
    study = best_study(tmp_path, num=3)
    server = serve(study)
    start(browser, server, "ann")
    asks(browser, 1)
    browser.until("[...document.images].every(i => i.complete && i.naturalWidth === 20)")
    assert browser.run("document.images.length") == 4 and browser.run("document.querySelector('#next').disabled")
    browser.press("Enter")  # nothing is chosen yet
    browser.press("2")
    assert marked(browser) == [False, True, False]
    browser.press("ArrowRight")
    assert marked(browser) == [False, False, True]
    browser.press("Enter")
    asks(browser, 2)
    assert Answers(study).of("ann") == {"1:P901_01_0": study.order("ann", study.questions[0])[2]}
    browser.press("1")
    browser.press("Enter")
    asks(browser, 3)
    browser.press("Backspace")
    asks(browser, 2)
    assert marked(browser) == [True, False, False]
    stop(server)

    again = serve(Study(study.path))
    start(browser, again, "ann")
    asks(browser, 3)
    browser.press("9")  # there is no such choice
    assert marked(browser) == [False, False, False]
    browser.press("3")
    browser.press("Enter")
    browser.until("!document.querySelector('#done').hidden")
    stop(again)
    assert len(Answers(study).all()) == 3


def test_descriptions_are_judged_with_the_mouse(browser, tmp_path):
    study = aligned_study(tmp_path, num=2)
    server = serve(study)
    start(browser, server, "bob")
    asks(browser, 1)
    assert browser.run("document.querySelector('#text').textContent") == "The right hand opens drawer 0."
    assert browser.run("document.images.length") == 2
    browser.click(".choice:nth-child(2)")
    browser.click("#next")
    asks(browser, 2)
    browser.click("#back")
    asks(browser, 1)
    assert marked(browser) == [False, True]
    stop(server)
    assert list(Answers(study).of("bob").values()) == ["not aligned"]


def test_without_a_server_the_page_says_so_and_keeps_the_choice(browser, tmp_path):
    study = best_study(tmp_path, num=2)
    server = serve(study)
    port = server.server_address[1]
    start(browser, server, "eve")
    asks(browser, 1)
    stop(server)
    browser.press("1")
    browser.press("Enter")
    browser.until("document.querySelector('#trouble').textContent.includes('nothing was stored')")
    assert marked(browser) == [True, False, False]
    again = serve(Study(study.path), port)
    browser.press("Enter")
    asks(browser, 2)
    stop(again)
    assert len(Answers(study).all()) == 1


def test_an_odd_name_is_refused_with_words(browser, tmp_path):
    server = serve(best_study(tmp_path, num=2))
    start(browser, server, "<b>")
    browser.until("document.querySelector('#trouble').textContent.includes('expected a name')")
    assert not browser.run("document.querySelector('#welcome').hidden")
    stop(server)
