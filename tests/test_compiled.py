import numba

from sklearn_cnmf._compiled import compiled


def test_compiled_anew_where_no_folder_can_keep_it(monkeypatch):
    njit = numba.njit

    def without_folder(**options):
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return njit(**options)

    monkeypatch.setattr(numba, "njit", without_folder)
    assert compiled(lambda x: x + 1)(2) == 3
