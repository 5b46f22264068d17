"""The world: robot, terrains, batched physics, tasks, rewards, terminations, scoring."""
