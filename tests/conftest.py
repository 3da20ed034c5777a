import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data():
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SKLEARN_CNMF_SHARED_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"the shared recordings are not at {folder}")
    return folder
