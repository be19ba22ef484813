"""Workbooks and CSV in and out, and the reading of numbers as people type them. No SQL."""
