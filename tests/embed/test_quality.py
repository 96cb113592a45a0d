"""How good a map is, against scikit-learn and by counting."""

import pytest
import torch
from sklearn.manifold import trustworthiness as theirs

from vizkit.embed.neighbours import nearest
from vizkit.embed.quality import continuity, kept, kept_by_point, trustworthiness


def scene(n=200):
    chance = torch.Generator().manual_seed(0)
    x = torch.randn(n, 6, generator=chance)
    return x, x[:, :2] + 0.3 * torch.randn(n, 2, generator=chance)


@pytest.mark.parametrize("k", [1, 5, 12])
def test_trustworthiness_is_scikit_learns_and_continuity_the_same_the_other_way(k):
    x, xy = scene()
    assert abs(float(trustworthiness(x, xy, k)) - theirs(x.numpy(), xy.numpy(), n_neighbors=k)) < 1e-7
    assert abs(float(continuity(x, xy, k)) - theirs(xy.numpy(), x.numpy(), n_neighbors=k)) < 1e-7


def test_the_data_itself_is_trusted_wholly():
    x, _ = scene()
    assert float(trustworthiness(x, x)) == 1
    assert float(continuity(x, x * 3 + 1)) == 1


def test_asking_some_points_tells_nearly_the_same():
    x, xy = scene(600)
    assert abs(float(trustworthiness(x, xy, rows=200)) - float(trustworthiness(x, xy))) < 0.02


def test_copies_on_the_map_do_not_hide_a_neighbor():
    x, xy = scene(60)
    xy[:20] = 0
    assert 0 <= float(trustworthiness(x, xy, 5)) <= 1


def test_neighbors_kept_are_counted():
    x, xy = scene()
    before, after = nearest(x, 10).ids, nearest(xy, 10).ids
    counted = [len(set(a.tolist()) & set(b.tolist())) / 10 for a, b in zip(before, after, strict=True)]
    torch.testing.assert_close(kept_by_point(before, after), torch.tensor(counted))
    assert abs(float(kept(before, after)) - sum(counted) / 200) < 1e-6
    assert float(kept(before, before.flip(1))) == 1


def test_what_does_not_belong_together_is_refused():
    x, xy = scene()
    with pytest.raises(ValueError, match="these very rows"):
        trustworthiness(x, xy[:9])
    with pytest.raises(ValueError, match="smaller k"):
        trustworthiness(x, xy, 100)
    with pytest.raises(ValueError, match="Give as many"):
        kept(nearest(x, 3).ids, nearest(xy, 4).ids)
