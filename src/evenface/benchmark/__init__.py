"""Benchmark: which mitigation lessens which gap, at what price, by one protocol, on faces whose truth is known.

Suites -> cells (suite, method, seed), each a process and a small file -> rows, one for each selection rule -> table,
pictures and words. docs/MITIGATION_BENCHMARK.md describes all of it.
"""
