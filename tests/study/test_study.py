"""Studies without a browser: what a rater can learn, what is stored, what the answers say."""

import http.client
import json
import threading

import numpy as np
import pytest

from egoprog.errors import AnnotationError, ConfigurationError, InputError, RecordingError
from egoprog.study.answers import Answer, Answers
from egoprog.study.command import main
from egoprog.study.questions import Study, drawn
from egoprog.study.results import fleiss_kappa, markdown, results
from egoprog.study.server import StudyServer
from tests.study.studies import METHODS, aligned_study, best_study, pair_folder, rows


@pytest.fixture
def served(tmp_path):
    with StudyServer(best_study(tmp_path), port=0) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


def request(server, method, path, body=None, kind="application/json"):
    connection = http.client.HTTPConnection(*server.server_address, timeout=20)
    connection.request(method, path, body if body is None else body.encode(), {"Content-Type": kind})
    reply = connection.getresponse()
    data = reply.read()
    connection.close()
    return reply, data


def test_the_order_of_methods_differs_between_raters_and_stays_for_each(tmp_path):
    study = best_study(tmp_path)
    orders = {study.order(f"rater {k}", study.questions[0]) for k in range(40)}
    assert len(orders) == 6 and all(sorted(order) == sorted(METHODS) for order in orders)
    assert Study(study.path).order("rater 1", study.questions[0]) == study.order("rater 1", study.questions[0])
    first = [study.order(f"rater {k}", study.questions[0])[0] for k in range(300)]
    assert max(first.count(name) for name in METHODS) < 150


def test_nothing_that_a_browser_gets_names_a_method(served):
    for path in ("/", "/api/study?rater=a", "/api/question?rater=a&number=1"):
        reply, data = request(served, "GET", path)
        assert reply.status == 200
        assert not any(name.encode() in data.lower() for name in METHODS)
    told = json.loads(request(served, "GET", "/api/question?rater=a&number=1")[1])
    reply, data = request(served, "GET", "/" + told["choices"][0]["picture"])
    assert reply.status == 200 and data.startswith(b"\x89PNG")


def test_an_answer_is_on_the_disk_when_the_reply_comes_and_a_new_server_goes_on(served):
    body = json.dumps({"rater": " ann ", "number": 2, "picked": 1})
    reply, data = request(served, "POST", "/api/answer", body)
    assert reply.status == 200 and json.loads(data)["answered"] == 1
    study = served.study
    stored = json.loads((study.path / "answers.jsonl").read_text())
    assert stored["rater"] == "ann" and stored["choice"] == study.order("ann", study.questions[1])[1]
    with StudyServer(Study(study.path), port=0) as again:
        assert again.about("ann") == {"kind": "best", "total": 4, "answered": 1, "next": 1}
        assert again.question("ann", 2)["picked"] == 1 and again.question("bob", 2)["picked"] is None


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/study.json", None, 404),
        ("GET", "/pictures/..%2Fstudy.json", None, 404),
        ("GET", "/pictures/../study.json", None, 404),
        ("GET", "/pictures/", None, 404),
        ("GET", "/api/study?rater=", None, 400),
        ("GET", "/api/study?rater=%3Cscript%3E", None, 400),
        ("GET", "/api/question?rater=a&number=9", None, 400),
        ("GET", "/api/question?rater=a&number=x", None, 400),
        ("POST", "/api/answer", "{", 400),
        ("POST", "/api/answer", "[" * 3000, 400),
        ("POST", "/api/answer", '{"rater": "a", "number": 1, "picked": 3}', 400),
        ("POST", "/api/answer", '{"rater": "a", "number": true, "picked": 0}', 400),
        ("POST", "/api/answer", '{"rater": 7, "number": 1, "picked": 0}', 400),
        ("POST", "/api/answer", "x" * 5000, 400),
        ("POST", "/elsewhere", "{}", 400),
    ],
)
def test_what_makes_no_sense_is_refused_and_the_server_stays_up(served, method, path, body, status):
    reply, data = request(served, method, path, body)
    assert reply.status == status and json.loads(data)["error"]
    assert not (served.study.path / "answers.jsonl").exists()
    assert request(served, "GET", "/api/study?rater=a")[0].status == 200


def test_a_form_of_another_site_can_not_answer(served):
    body = '{"rater": "a", "number": 1, "picked": 0}'
    assert request(served, "POST", "/api/answer", body, "text/plain")[0].status == 400


def test_many_raters_at_once_lose_no_answer(tmp_path):
    answers = Answers(best_study(tmp_path, num=10))
    ids = [question.question_id for question in answers.study.questions]
    threads = [
        threading.Thread(target=lambda k=k: [answers.add(f"r{k}", one, "lego") for one in ids]) for k in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Answers(answers.study).all()) == 50


def test_a_second_answer_replaces_the_first_and_a_line_cut_by_a_crash_is_asked_again(tmp_path):
    study = best_study(tmp_path)
    answers = Answers(study)
    one, two = (question.question_id for question in study.questions[:2])
    answers.add("ann", one, "lego")
    answers.add("ann", one, "labels")
    assert [answer.choice for answer in Answers(study).all()] == ["labels"]
    with answers.path.open("a") as file:
        file.write('{"rater": "ann", "quest')
    answers = Answers(study)
    assert answers.of("ann") == {one: "labels"}
    answers.add("ann", two, "sdedit")
    assert Answers(study).of("ann") == {one: "labels", two: "sdedit"}
    answers.path.write_text("broken\n" + answers.path.read_text())
    with pytest.raises(AnnotationError, match="line 1"):
        Answers(study)


def test_answers_that_fit_no_question_are_refused(tmp_path):
    answers = Answers(best_study(tmp_path))
    for bad in (("ann", "no", "lego"), ("ann", answers.study.questions[0].question_id, "other"), ("", "x", "lego")):
        with pytest.raises(InputError):
            answers.add(*bad)


def said(study, *picks):
    """picks: for each rater the choices by question."""
    return [
        Answer(f"r{k}", question.question_id, choice)
        for k, row in enumerate(picks)
        for question, choice in zip(study.questions, row, strict=True)
    ]


def test_win_rates_intervals_and_tests_of_known_answers(tmp_path):
    study = best_study(tmp_path, num=20)
    told = results(study, said(study, ["lego"] * 16 + ["labels"] * 4, ["lego"] * 12 + ["labels"] * 8))
    lego = told["choices"]["lego"]
    assert lego["picked"] == 28 and lego["share"] == pytest.approx(0.7)
    assert lego["wilson"] == pytest.approx((0.5457, 0.8193), abs=1e-4)  # of 28 in 40, by the closed formula
    assert lego["bootstrap"][0] < 0.7 < lego["bootstrap"][1]
    assert told["choices"]["sdedit"]["share"] == 0
    assert told["first_against_second"]["p"] == pytest.approx(0.01659, abs=1e-4)
    assert told["first_against_chance"]["p"] < 1e-5
    assert told["agreement"] == pytest.approx((0.8 - 0.58) / 0.42)
    text = markdown(told)
    assert "| lego | 28 | 70.0% |" in text and text.index("| lego |") < text.index("| labels |")


def test_agreement_is_one_where_all_agree_and_nothing_where_nobody_could_disagree(tmp_path):
    study = best_study(tmp_path)
    rows = ["lego", "labels", "lego", "sdedit"]
    assert fleiss_kappa(said(study, rows, rows), METHODS) == pytest.approx(1)
    assert fleiss_kappa(said(study, ["lego"] * 4, ["lego"] * 4), METHODS) is None
    assert fleiss_kappa(said(study, rows), METHODS) is None


def test_the_share_of_descriptions_that_fit(tmp_path):
    study = aligned_study(tmp_path)
    told = results(study, said(study, ["aligned"] * 3 + ["not aligned"]))
    assert told["choices"]["aligned"]["share"] == 0.75 and "first_against_second" not in told
    assert "87.0% on Ego4D" in markdown(told)
    assert "Nobody has answered yet" in markdown(results(study, []))
    assert study.order("a", study.questions[0]) == ("aligned", "not aligned")


def test_the_command_makes_studies_tells_results_and_refuses_in_one_line(tmp_path, capsys):
    folder = pair_folder(tmp_path / "pairs")
    made = rows(folder, tmp_path)
    arguments = ["best", "--pairs", str(folder.path), "--out", str(tmp_path / "a"), "--questions", "3"]
    arguments += [word for name, row in made.items() for word in ("--row", f"{name}={row.path}")]
    assert main(arguments) == 0 and len(Study(tmp_path / "a").questions) == 3
    assert main(["aligned", "--pairs", str(folder.path), "--out", str(tmp_path / "b"), "--questions", "2"]) == 0
    assert Study(tmp_path / "b").questions[0].text.startswith("The right hand opens")
    assert main(["results", str(tmp_path / "a")]) == 0
    assert json.loads((tmp_path / "a" / "results.json").read_text())["num_answers"] == 0
    capsys.readouterr()
    for bad in (
        arguments,
        [*arguments[:4], str(tmp_path / "c"), "--questions", "9", *arguments[7:]],
        ["results", "none"],
    ):
        assert main(bad) == 1
        assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_too_few_methods_or_pairs_are_refused(tmp_path):
    folder = pair_folder(tmp_path / "pairs")
    assert [pair.pair_id for pair in drawn(folder.pairs(), 2, 7)] == [
        pair.pair_id for pair in drawn(folder.pairs(), 2, 7)
    ]
    with pytest.raises(ConfigurationError, match="1 to 4"):
        drawn(folder.pairs(), 5, 0)
    with pytest.raises(RecordingError, match="no study"):
        Study(tmp_path)
    with pytest.raises(ConfigurationError, match="free port"):
        StudyServer(aligned_study(tmp_path / "other"), port=70000)
    assert np.load(folder.path / "inputs.npy").shape == (4, 16, 20, 3)
