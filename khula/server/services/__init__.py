"""Who can help, referrals until they come back done or not done, and what was delivered."""
