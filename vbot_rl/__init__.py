"""How to learn: PPO, trainer, schedules, checkpoints, evaluation."""
