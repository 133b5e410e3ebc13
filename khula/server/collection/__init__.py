"""The door for tablets (OpenRosa): submissions kept as they came."""
