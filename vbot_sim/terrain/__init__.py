"""The ground of the courses: solids by their measured tables, and what height they have where.

Nothing here knows of robots, tasks or rewards. `parts` are the solids, `sections` the tables, `field` the training
field, `relief` the random ground, `ground` puts a world together and knows its heights.
"""
