"""Who may see what: one policy, asked before every page."""
