"""Who signs in, and the words for their roles."""
