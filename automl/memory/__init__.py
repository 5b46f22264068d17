"""Memory: what was tried, what it came to, what it taught; all of it computed again from the files of runs and studies.

`brief` writes WAKE_UP.md, `records` the experiment records, `search` looks through everything, `compare` sets runs side
by side, `tried` answers before a study starts. Nothing here decides anything about a run or a study.
"""
