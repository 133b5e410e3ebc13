"""Small marks in the templates."""
