"""Schools, classes, children, caregivers, and who works where."""
