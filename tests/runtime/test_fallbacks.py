"""A model never runs on something else than was asked for without saying so."""

import logging

from egoprog.runtime import load, session


def test_a_fallback_is_logged_once_and_kept(doubler, monkeypatch, caplog):
    monkeypatch.setattr(session, "_logged", set())
    with caplog.at_level(logging.WARNING):
        first, second = load(doubler), load(doubler)
    assert first.backend == second.backend == "onnxruntime"
    (kept,) = first.fallbacks
    assert kept.backend == "tensorrt" and kept.reason
    (line,) = [record.message for record in caplog.records]
    assert line == f"not tensorrt: {kept.reason}; onnxruntime runs instead"
    assert second.fallbacks == first.fallbacks


def test_what_was_asked_for_first_runs_without_a_word(doubler, caplog):
    with caplog.at_level(logging.WARNING):
        assert load(doubler, backends=("onnxruntime", "tensorrt")).fallbacks == ()
    assert not caplog.records
