"""Django's own databases, with less work around each statement: a submission is some twenty of them."""
