"""A scan over a local Ray of two workers, one of which dies: the index is that of one process."""

import time

import pytest

import vizkit
from tests.measure.deadly import Deadly
from tests.measure.test_scan import differences, made

pytestmark = [pytest.mark.cluster, pytest.mark.filterwarnings("ignore::FutureWarning")]
ray = pytest.importorskip("ray", reason='Ray is not installed. Type: pip install -e ".[cluster]"')

from vizkit.measure.cluster import scan_with_ray, scanning_with_ray  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def started():
    """One Ray for all tests here, as starting it takes seconds."""
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    yield
    ray.shutdown()
    time.sleep(0.1)


def test_two_workers_one_of_them_killed_make_the_index_of_one_process(tmp_path):
    pictures = Deadly(tmp_path / "died")
    alone = vizkit.scan(made(0), pictures, shard=5, batch=5)
    index = scan_with_ray(made(0), pictures, shard=5, batch=5, out=tmp_path / "index", workers=2)
    assert (tmp_path / "died").read_text() == "x"
    assert not differences(index, alone)


def test_what_is_there_is_not_read_again(tmp_path):
    told = scanning_with_ray(made(0), "world/test/12", shard=3, batch=3, out=tmp_path / "index")
    next(told), next(told)
    told.close()
    *_, last = scanning_with_ray(made(0), "world/test/12", shard=3, batch=3, out=tmp_path / "index")
    assert last.complete
    assert not differences(last.index(), vizkit.scan(made(0), "world/test/12", batch=3))


def test_a_shard_that_kills_every_worker_is_said_so(tmp_path):
    with pytest.raises(RuntimeError, match="Workers died 3 times with shard 2"):
        scan_with_ray(made(0), Deadly(tmp_path / "died", deaths=99), shard=5, batch=5)
