"""Compiled loops: arrays in, arrays out. The only room that knows the compiler (numba).

Every kernel is compiled once and kept beside its file, so that only the first call on a machine waits for it.
"""
