"""What the team decides for a child: needs, goals, actions with an owner and a day, and recorded reasons for none."""
