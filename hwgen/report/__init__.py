"""The report of a design folder: one page, one JSON document, tables for the terminal."""
