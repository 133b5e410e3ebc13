"""What happened: audit trail and work list in one table."""
