import pytest
from packaging.version import Version

from vizkit.__main__ import main
from vizkit.commands import doctor


def test_here_nothing_needed_is_missing(capsys):
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert all(line.split()[0] in {"ok", "warn"} for line in out.splitlines())
    assert all(word in out for word in ("Python", "torch ", "ipywidgets", "device", "world", "Chromium"))


def test_something_needed_that_is_missing_sets_the_exit_code(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "installed", lambda name: None if name == "anywidget" else "99")
    assert main(["doctor"]) == 1
    assert "missing anywidget is not installed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("version", "used_for", "level"),
    [
        ("3.0", None, "ok"),
        ("2.9", None, "missing"),
        (None, None, "missing"),
        ("2.9", "fun", "warn"),
        (None, "fun", "warn"),
    ],
)
def test_what_is_needed_weighs_more_than_what_is_only_useful(version, used_for, level):
    assert doctor.package("thing", version, "3", used_for).level == level


@pytest.mark.parametrize(("version", "level"), [("6.31.0", "warn"), ("7.0.1", "warn"), ("7.1.0", "ok"), ("7.4", "ok")])
def test_kernels_that_drop_pictures_or_hear_stop_late_are_told(version, level):
    assert doctor.kernel_caveat(version).level == level


@pytest.mark.parametrize("version", ["2.15.0+cu132", "0.29.2", "7.1", "4.6.6rc1"])
def test_versions_are_read_as_packaging_reads_them(version):
    assert doctor.numbers(version) == Version(version).release


def test_what_is_declared_is_read_from_the_installation():
    declared = doctor.requirements()
    assert declared["torch"] == ("2.6", False)
    assert declared["ipykernel"] == ("7.1", True)


def test_on_the_path_but_not_installed_is_a_warning(monkeypatch):
    monkeypatch.setattr(doctor, "_declared", list)
    (finding,) = doctor.packages(lambda name: "1")
    assert finding.level == "warn"


def test_a_missing_bundled_network_is_told(tmp_path):
    assert doctor.bundled(tmp_path).level == "missing"


def test_without_a_browser_the_tests_that_need_one_are_named(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    assert doctor.browser().level == "warn"
