"""Pairs by the time between their frames."""

import pytest
from small_lego import write_pair_folder

from egoprog.errors import InputError
from egoprog.lego.transition_bins import transition_bins


def test_bins_hold_about_as_many_pairs_each_and_all_of_them(tmp_path):
    pairs = write_pair_folder(tmp_path / "p", 18).pairs()
    bins = transition_bins(pairs)
    assert [len(one.rows) for one in bins] == [5, 4, 4, 5]
    assert sorted(row for one in bins for row in one.rows) == list(range(18))
    for one in bins:
        for row in one.rows:
            assert one.low_s <= pairs[row].target_s - pairs[row].input_s <= one.high_s


def test_pairs_of_one_time_share_a_bin(tmp_path):
    pair = write_pair_folder(tmp_path / "p").pairs()[0]
    assert [one.rows for one in transition_bins([pair] * 5)] == [tuple(range(5))]
    with pytest.raises(InputError, match="at least 4 pairs for 4 bins of time, got 2"):
        transition_bins([pair] * 2)
