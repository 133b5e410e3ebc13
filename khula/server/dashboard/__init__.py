"""Pages over cases: reads everything, changes nothing."""
