"""Principal components against a singular value decomposition by numpy."""

import numpy as np
import pytest
import torch

from vizkit.embed import pca as module
from vizkit.embed.pca import axes, pca


def rows(n=80, d=10, seed=0):
    scale = torch.linspace(3, 0.5, d)
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed)) * scale + 7


def theirs(x, dims):
    x = x.double().numpy()
    return np.linalg.svd(x - x.mean(0), full_matrices=False)[2][:dims], x - x.mean(0)


@pytest.mark.parametrize("shape", [(80, 10), (10, 80), (30, 30)])
def test_components_are_those_of_a_singular_value_decomposition(shape):
    x = rows(*shape)
    directions, centered = theirs(x, 3)
    found = axes(x, 3)
    signs = np.sign((directions * found.rows.numpy()).sum(1, keepdims=True))
    np.testing.assert_allclose(found.rows.numpy(), signs * directions, atol=1e-8)
    np.testing.assert_allclose(found.variance.numpy(), (centered @ directions.T).var(0, ddof=1), rtol=1e-8)
    np.testing.assert_allclose(pca(x, 3).numpy(), centered @ (signs * directions).T, rtol=1e-4, atol=1e-4)


def test_the_largest_loading_is_positive_so_nothing_comes_out_mirrored():
    x = rows()
    found = axes(x, 4).rows
    assert bool((found.gather(1, found.abs().argmax(1, keepdim=True)) > 0).all())
    assert torch.equal(pca(x, 2), pca(x.clone(), 2))


def test_in_a_random_subspace_the_first_components_are_the_same(monkeypatch):
    x = rows(200, 120)
    whole = axes(x, 2)
    monkeypatch.setattr(module, "WIDE", 100)
    few = axes(x, 2)
    torch.testing.assert_close(few.variance, whole.variance, rtol=1e-4, atol=0)
    torch.testing.assert_close(few.rows, whole.rows, rtol=0, atol=0.02)
    assert torch.equal(few.rows, axes(x, 2).rows)


def test_new_rows_are_scored_on_the_old_axes():
    x = rows()
    torch.testing.assert_close(axes(x, 2).scores(x[:5]).float(), pca(x, 2)[:5])


def test_more_components_than_there_are_is_refused():
    with pytest.raises(ValueError, match="no more components"):
        pca(rows(4, 10), 5)
