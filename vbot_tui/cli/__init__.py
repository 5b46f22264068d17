"""The `vbot` command line: every verb does without a screen what the cockpit does with one."""
