"""Benchmarks: how fast we train beside other trainers on the same work, and how long a task takes to be solved.

Nothing here is imported by training itself.
"""
