"""Benchmarks, one file per phase; see README.md beside this file."""
