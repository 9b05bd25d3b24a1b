"""One slot, one thread: what was not taken in time is dropped, and no error ends the work."""

import threading
import time

from egoprog_ros.worker import LatestWorker


def test_worker_takes_the_newest_item_and_counts_those_it_replaced():
    is_free, done = threading.Event(), []

    def work(item):
        is_free.wait(5.0)
        done.append(item)

    worker = LatestWorker(work, on_error=lambda error: None, name="test")
    worker.start()
    assert worker.put(0) is False
    while worker._is_full:
        time.sleep(0.001)
    assert [worker.put(item) for item in (1, 2, 3)] == [False, True, True]
    is_free.set()
    assert worker.wait_until_idle(5.0)
    assert done == [0, 3]
    assert worker.dropped == 2
    assert worker.stop()


def test_worker_drops_an_item_that_waited_too_long():
    begun, is_free, done = threading.Event(), threading.Event(), []

    def work(item):
        begun.set()
        is_free.wait(5.0)
        done.append(item)

    worker = LatestWorker(work, on_error=lambda error: None, name="test", max_age_s=0.03)
    worker.start()
    worker.put("first")
    assert begun.wait(5.0)
    worker.put("old")
    time.sleep(0.06)
    is_free.set()
    assert worker.wait_until_idle(5.0)
    worker.put("fresh")
    assert worker.wait_until_idle(5.0)
    assert done == ["first", "fresh"]
    assert worker.dropped == 1
    worker.stop()


def test_worker_goes_on_after_an_error():
    errors, done = [], []

    def work(item):
        if item == "bad":
            raise ValueError("bad")
        done.append(item)

    worker = LatestWorker(work, on_error=errors.append, name="test")
    worker.start()
    for item in ("bad", "good"):
        worker.put(item)
        assert worker.wait_until_idle(5.0)
    assert [str(error) for error in errors] == ["bad"]
    assert done == ["good"]
    worker.stop()


def test_worker_that_was_stopped_takes_nothing_until_it_starts_again():
    done = []
    worker = LatestWorker(done.append, on_error=lambda error: None, name="test")
    worker.start()
    assert worker.stop()
    worker.start()
    worker.put("again")
    assert worker.wait_until_idle(5.0)
    assert done == ["again"]
    assert worker.stop()
