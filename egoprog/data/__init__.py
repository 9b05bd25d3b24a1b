"""Recordings and datasets: what was seen, heard and tracked, whatever the file it lies in."""

from egoprog.data.recording import Recording, open_recording
from egoprog.data.samples import AudioBlock, Frame, ImuSample, PoseSample

__all__ = ["AudioBlock", "Frame", "ImuSample", "PoseSample", "Recording", "open_recording"]
