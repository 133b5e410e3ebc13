"""Words in, a PDF out: headings, fields, tables and lines to write on, with page numbers and a language; no records."""
