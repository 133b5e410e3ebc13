"""Published packs: what we ask, version by version."""
