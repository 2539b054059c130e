"""Grids of trainings: many processes or machines, one file of rows, stopped and continued."""
