"""The world: robot, arenas, batched physics, tasks, observations, reward terms, terminations and scoring.

Nothing here knows of runs, files of a run, learners or screens. Importing this package loads neither numpy nor mujoco.
"""
