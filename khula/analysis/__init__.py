"""What the answers mean: values in, values out; no Django, no clock, no network."""
