"""One case per child and wave: its voices, scores and flags."""
