"""The courses as tasks: routes over terrain, their pay, their rules and their points.

`schema` is the settings, `routes` and `rules` the tables, `journey` what is remembered on the way, `task` the
simulations. The flat task knows nothing of this package; what both share is in `vbot_sim`.
"""
