"""What a recorded run of the live graph looked like: an overlay video, the programs, and one page."""
