"""LEAP's network: recognises what is done in a clip and anticipates what comes next, supervised by action programs."""
