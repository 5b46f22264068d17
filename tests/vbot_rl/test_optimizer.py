"""Adam against torch's, and clipping by hand."""

import numpy as np
import pytest
import torch

from vbot_rl.optimizer import Adam, clip_norm


def test_adam_matches_torch():
    rng = np.random.default_rng(0)
    params = rng.standard_normal(50).astype(np.float32)
    theirs = torch.tensor(params.copy(), requires_grad=True)
    adam, reference = Adam(50), torch.optim.Adam([theirs], lr=1e-2, eps=1e-5)
    for _ in range(20):
        grad = rng.standard_normal(50).astype(np.float32)
        adam.step(params, grad, 1e-2)
        theirs.grad = torch.tensor(grad)
        reference.step()
    assert params == pytest.approx(theirs.detach().numpy(), abs=1e-6)


def test_clipping():
    grad = np.array([3.0, 4.0], np.float32)
    assert clip_norm(grad, 10.0) == 5.0
    assert grad.tolist() == [3.0, 4.0]
    assert clip_norm(grad, 1.0) == 5.0
    assert grad == pytest.approx([0.6, 0.8])
