"""English as written in South Africa."""
