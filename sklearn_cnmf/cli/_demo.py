"""The command ``demo``: the whole path on simulated listeners."""

import platform
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from .. import ContrastiveNMF, EnvelopeDecoder, __version__
from .._words import number_of
from ..datasets import Piece, load_example_stems, simulate_trials
from ..decoding import EEGPreparation
from ..evaluation import StimulusKFold, search_delta
from ..evaluation._workers import deaths_explained
from ..model_io import save_model
from ._arguments import LEVELS, add_level, level_in_db, path, positive, seed
from ._held_out import finish_trial, folder_name, write_eeg
from ._output import deaths_as_errors, new_folder, write_json
from ._progress import Progress
from ._report import PAGE, write_report
from ._split import draw_split
from ._summary import summary

DELTAS = (0.0, 0.01, 0.1)
# Fewer spectra than by default, for a demo of a minute or two: a mixture takes half to
# two thirds of the time, at the price of 0.1 dB of SI-SDR gain where the attended
# instrument is known (0.9 dB with recordings of a reverberant room).
SEPARATION: dict[str, Any] = {"n_components": 100, "tol": 1e-3}
_N_STEPS = 4


def add_parser(commands: Any) -> None:
    """Add the command to those of the program."""
    parser = commands.add_parser(
        "demo",
        help="simulate listeners, tune, separate held-out pieces, explain the result",
        description="Simulate listeners who attend to one of two instruments, choose "
        "the weight of the contrast by cross-validation, separate the attended "
        "instrument of pieces that were held out, and write audio, scores, figures "
        "and the fitted model into a new folder.",
    )
    parser.add_argument(
        "--out", type=path, required=True, metavar="DIR", help="folder to make"
    )
    parser.add_argument(
        "--subjects",
        type=positive,
        default=2,
        metavar="N",
        help="listeners (default: 2)",
    )
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="of all chance (default: 0)"
    )
    parser.add_argument(
        "--jobs", type=positive, default=2, metavar="N", help="processes (default: 2)"
    )
    add_level(parser)
    parser.set_defaults(run=_run)


def _run(arguments):
    return run_demo(
        arguments.out,
        n_subjects=arguments.subjects,
        seed=arguments.seed,
        n_jobs=arguments.jobs,
        snr_db=level_in_db(arguments),
    )


def run_demo(
    out: str | Path,
    *,
    pieces: list[Piece] | None = None,
    n_subjects: int = 2,
    seed: int = 0,
    n_jobs: int = 2,
    snr_db: float = LEVELS["realistic"],
    n_held_out: int = 4,
    n_folds: int = 4,
    n_repetitions: int = 4,
    deltas: Sequence[float] = DELTAS,
    separation: dict[str, Any] = SEPARATION,
) -> str:
    """Simulate, tune, separate what was held out, and write all results.

    Parameters
    ----------
    out : str or path-like
        Folder to make.
    pieces : list of Piece, default=None
        What the listeners hear; all example duos if None.
    n_subjects : int, default=2
        Number of listeners. One decoder is fitted for all of them.
    seed : int, default=0
        Decides about the listeners and about which pieces are held out.
    n_jobs : int, default=2
        Number of processes; results do not depend on it.
    snr_db : float, default=-20.0
        As in :func:`~sklearn_cnmf.datasets.simulate_trials`.
    n_held_out, n_folds : int, default=4
        Number of pieces held out, and of folds of the others.
    n_repetitions : int, default=4
        How often a piece is played in a trial.
    deltas : sequence of float
        Weights of the contrast to choose from.
    separation : dict
        Parameters of :class:`~sklearn_cnmf.ContrastiveNMF`.

    Returns
    -------
    summary : str
        What was found and written, also in `summary.txt`.
    """
    settings = {
        "seed": seed,
        "n_subjects": n_subjects,
        "snr_db": snr_db,
        "n_held_out": n_held_out,
        "n_folds": n_folds,
        "n_repetitions": n_repetitions,
        "deltas": list(deltas),
        "separation": dict(separation),
    }
    with (
        new_folder(out) as folder,
        deaths_as_errors(),
        joblib.parallel_config("loky", n_jobs=n_jobs, inner_max_num_threads=1),
        threadpool_limits(1),
    ):
        progress = Progress(_N_STEPS)
        pieces = load_example_stems(ensemble="duo") if pieces is None else pieces
        training, held_out = draw_split(pieces, n_held_out, seed)
        cv = StimulusKFold(n_folds, shuffle=True, random_state=seed)
        n_heard = n_subjects * sum(len(piece.instruments) for piece in pieces)
        progress.step(
            f"Simulate the EEG of {number_of(n_subjects, 'listener')}, {n_heard} "
            f"trials of {len(pieces)} pieces"
        )
        trials, references = simulate_trials(
            pieces,
            n_subjects=n_subjects,
            n_repetitions=n_repetitions,
            snr_db=snr_db,
            random_state=seed,
        )
        names = {piece.name for piece in held_out}
        in_test = np.array([trial.stimulus in names for trial in trials])
        fitting, testing = np.flatnonzero(~in_test), np.flatnonzero(in_test)

        progress.step(
            f"Choose delta: {len(deltas)} values, {n_folds} folds of {len(training)} "
            f"pieces, {len(fitting)} trials"
        )
        search = search_delta(
            EnvelopeDecoder(),
            ContrastiveNMF(random_state=0, **separation),
            [trials[i] for i in fitting],
            [references[i] for i in fitting],
            deltas=deltas,
            cv=cv,
            n_jobs=n_jobs,
            progress=progress.bar,
        )

        progress.step(
            f"Separate, score and draw {len(testing)} trials of {len(held_out)} "
            "pieces held out"
        )
        rows, caught = _finish(search.model, trials, references, testing, folder)

        progress.step("Write the models and the tables")
        first = trials[testing[0]]
        write_eeg(folder / rows[0]["folder"] / "eeg_raw.fif", first)
        description = (
            f"Fitted on SIMULATED EEG of {number_of(n_subjects, 'listener')} at "
            f"{snr_db:g} dB (sklearn-cnmf demo, seed {seed}), {len(fitting)} trials of "
            f"{len(training)} pieces."
        )
        save_model(search.model, folder / "model.skops", description=description)
        save_model(
            _live_model(search.model, trials, references, fitting),
            folder / "live.skops",
            description=f"{description} Its filters are causal.",
        )
        _write_table(folder / "results.csv", rows)
        settings["pieces_in_training"] = [piece.name for piece in training]
        settings["pieces_held_out"] = [piece.name for piece in held_out]
        settings["cross_validation"] = search.scores
        settings["delta_chosen"] = search.delta
        settings["versions"] = _versions()
        write_json(folder / "settings.json", settings)
        text = summary(
            out=Path(out),
            rows=rows,
            search=search,
            settings=settings,
            first=first,
            unfinished=caught,
            seconds=progress.elapsed(),
        )
        (folder / "summary.txt").write_text(text + "\n", encoding="utf-8")
        write_report(folder / PAGE, folder, title="Demo: SIMULATED EEG of listeners")
    return text


def _live_model(model, trials, references, fitting):
    """Fit the same with causal filters."""
    pipeline = Pipeline(
        [
            ("prepare", EEGPreparation(sfreq=None)),
            ("decode", EnvelopeDecoder(phase="forward", scale=None)),
            ("separate", clone(model[-1]).set_params(delta=0.0)),
        ]
    )
    return pipeline.fit([trials[i] for i in fitting], [references[i] for i in fitting])


def _finish(model, trials, references, testing, folder):
    """Rows of the table, and how many factorisations were cut short."""
    from tqdm import tqdm

    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        # Listeners share mixtures; each is factorised once.
        model.set_params(separate__memory=scratch)
        work = joblib.Parallel(return_as="generator")(
            joblib.delayed(finish_trial)(
                model,
                trials[i],
                references[i],
                folder / folder_name(trials[i], references[i]),
            )
            for i in testing
        )
        # joblib renews processes whose memory has grown, and says so.
        warnings.filterwarnings("ignore", "A worker stopped while", UserWarning)
        with deaths_explained():
            results = list(tqdm(work, total=len(testing), leave=False, disable=None))
        model.set_params(separate__memory=None)
    for message in sorted({message for _, _, other in results for message in other}):
        warnings.warn(message, stacklevel=2)
    return [row for row, _, _ in results], sum(count for _, count, _ in results)


def _write_table(path, rows):
    import pandas as pd

    pd.DataFrame(rows).to_csv(path, index=False, float_format="%.6f")


def _versions():
    import librosa
    import mne
    import scipy
    import sklearn

    modules = {
        "numpy": np,
        "scipy": scipy,
        "scikit-learn": sklearn,
        "mne": mne,
        "librosa": librosa,
    }
    return {
        "sklearn_cnmf": __version__,
        "python": platform.python_version(),
        **{name: module.__version__ for name, module in modules.items()},
    }
