"""The `vbot` command line: the cockpit's work without a screen.

One module per group of verbs. A verb may reach every floor of the house, but only inside its functions, so that
`vbot --help` and `vbot status` answer at once.
"""
