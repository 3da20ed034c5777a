"""One BLAS thread at a time."""

from functools import cache

from threadpoolctl import ThreadpoolController


def one_thread():
    """Hold BLAS to one thread, as a context manager.

    The last digits of a product depend on how many threads share it; so the same
    seed gives the same bits whatever `n_jobs`. Small products don't gain from
    threads on an idle machine either, but lose two orders of magnitude where others
    use the cores too.
    """
    return _controller().limit(limits=1, user_api="blas")


@cache
def _controller():
    return ThreadpoolController()
