"""Workbooks in, a checked and versioned pack out."""
