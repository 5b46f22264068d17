"""The cockpit (Textual) and, in `vbot_tui.cli`, the `vbot` command line."""
