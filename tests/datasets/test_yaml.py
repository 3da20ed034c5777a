import pytest

from sklearn_cnmf.datasets import _yaml
from sklearn_cnmf.datasets._yaml import read_yaml


def test_large_files_are_not_read(tmp_path, monkeypatch):
    path = tmp_path / "a.yaml"
    path.write_text("subject: [1, 2]\n")
    assert read_yaml(path) == {"subject": [1, 2]}
    monkeypatch.setattr(_yaml, "_LARGEST", 10)
    with pytest.raises(ValueError, match="a YAML file of at most"):
        read_yaml(path)


@pytest.mark.parametrize("content", ["a: [1, 2", "a: b: c", "a: !!unknown 3", "\x00"])
def test_what_is_no_yaml_is_refused(tmp_path, content):
    path = tmp_path / "a.yaml"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"a\.yaml: can't be read as YAML"):
        read_yaml(path)


def test_objects_are_plain_data(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(
        "a: !!python/object:x.Y {b: !!python/tuple [1, 2]}\n"
        "c: !!python/name:os.system\nd: !!python/object/apply:os.getcwd []\n"
    )
    assert read_yaml(path) == {"a": {"b": [1, 2]}, "c": "", "d": []}
