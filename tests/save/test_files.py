import pytest

from vizkit.save.files import ending, replacing


def test_an_existing_file_is_replaced_only_when_the_new_one_is_complete(tmp_path):
    path = tmp_path / "x.png"
    path.write_text("old")
    with replacing(path) as draft:
        draft.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_no_draft(tmp_path):
    path = tmp_path / "x.png"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        interrupted(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def interrupted(path):
    with replacing(path) as draft:
        draft.write_text("half")
        raise KeyboardInterrupt


def test_a_link_is_written_through(tmp_path):
    path, link = tmp_path / "x.png", tmp_path / "link.png"
    path.write_text("old")
    link.symlink_to(path)
    with replacing(link) as draft:
        draft.write_text("new")
    assert link.is_symlink()
    assert path.read_text() == "new"


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"), replacing(tmp_path / "nowhere" / "x.png"):
        pass


def test_an_ending_is_read_in_any_case_and_a_wrong_one_refused(tmp_path):
    assert ending(tmp_path / "x.PNG", (".png",)) == ".png"
    with pytest.raises(ValueError, match=r"has no ending, and this can be saved as \.png or \.gif"):
        ending(tmp_path / "x", (".png", ".gif"))
