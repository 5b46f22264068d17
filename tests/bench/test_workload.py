import json

from vbot_rl.bench.workload import Workload


def test_work_survives_the_way_to_another_process():
    work = Workload(control="default", hidden=(8, 4), threads=2)
    assert Workload.from_json(json.loads(json.dumps(work.to_json()))) == work


def test_every_side_does_the_update_that_was_asked_for():
    cfg = Workload(num_envs=8, horizon=6, epochs=3, minibatches=2, hidden=(8, 4), seed=7).config()
    assert (cfg.train.num_envs, cfg.ppo.horizon, cfg.ppo.epochs, cfg.ppo.minibatches) == (8, 6, 3, 2)
    assert (cfg.ppo.hidden, cfg.train.seed, cfg.ppo.schedule, cfg.ppo.kl_stop) == ((8, 4), 7, "constant", None)


def test_control_rate_is_the_only_difference_of_the_task():
    fast, plain = Workload(control="100hz").config().task, Workload(control="default").config().task
    assert (fast.control.rate_hz, fast.substeps) == (100.0, 1)
    assert (plain.control.rate_hz, plain.substeps) == (50.0, 2)
    assert fast.reward == plain.reward and fast.physics == plain.physics


def test_no_evaluation_falls_into_the_measured_updates():
    work = Workload(num_envs=8, horizon=6)
    cfg = work.config().train
    assert cfg.total_env_steps / cfg.evaluations > work.batch * (work.all_updates + 1)
