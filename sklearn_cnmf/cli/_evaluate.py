"""The command ``evaluate``: all subjects, beside baselines and controls."""

import argparse
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import joblib
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from .. import ContrastiveNMF, EnvelopeDecoder
from .._words import number_of
from ..evaluation import StimulusKFold, evaluate
from ..evaluation.subjects import SCHEMES
from ..metrics import separation_scorer
from ..reporting import CalibrationDisplay, EvaluationDisplay
from ._arguments import add_level, count, level_in_db, path, positive, seed
from ._evaluated_data import KINDS, load
from ._listened import write_listened
from ._output import new_folder, write_json
from ._report import PAGE, write_report
from ._separated_folder import LISTENED

_BACKENDS = ("loky", "dask")
_N_INNER_FOLDS = 4


def add_parser(commands: Any) -> None:
    """Add the command to those of the program."""
    parser = commands.add_parser(
        "evaluate",
        help="evaluate over subjects, beside baselines and controls, with statistics",
        description="Fit a decoder and a separator for each fold of stimuli of each "
        "subject, test them on what was left out beside baselines and controls, and "
        "write the table of all scores, its summary and what reproduces it into a new "
        "folder. No stimulus is both trained on and tested.",
    )
    parser.add_argument(
        "--data",
        type=_kind_and_path,
        required=True,
        metavar="KIND[:PATH]",
        help="recordings: simulated, or madeeg:PATH, bids:PATH, trials:FILE (of "
        "save_trials), table:FILE (CSV or TSV)",
    )
    parser.add_argument(
        "--out", type=path, required=True, metavar="DIR", help="folder to make"
    )
    parser.add_argument(
        "--subjects",
        type=positive,
        metavar="N",
        help="the first N subjects alone (default: all; 3 simulated ones)",
    )
    parser.add_argument(
        "--scheme",
        choices=tuple(SCHEMES),
        default="within-subject",
        help="who is trained on: "
        + "; ".join(f"{name}, {what}" for name, what in SCHEMES.items())
        + " (default: within-subject)",
    )
    parser.add_argument(
        "--folds",
        type=positive,
        metavar="N",
        help="folds of stimuli (default: 5, or as many as there are stimuli)",
    )
    parser.add_argument(
        "--deltas",
        type=_numbers,
        metavar="A,B,...",
        help="choose the weight of the contrast from these, in folds of the training "
        "trials of each unit (default: the default weight)",
    )
    parser.add_argument(
        "--candidates",
        type=path,
        metavar="DIR",
        help="sources that another separator made, a folder of audio files for each "
        "stimulus, for the EEG to choose from",
    )
    parser.add_argument(
        "--store",
        type=path,
        metavar="DIR",
        help="keep finished units there: the same command goes on after it was stopped",
    )
    parser.add_argument(
        "--listen",
        type=count,
        default=1,
        metavar="N",
        help="fit the first N models once more and put the trials they were tested on "
        "on a page to listen to (default: 1; 0: no page)",
    )
    parser.add_argument(
        "--jobs", type=positive, default=1, metavar="N", help="processes (default: 1)"
    )
    parser.add_argument(
        "--backend",
        choices=_BACKENDS,
        default="loky",
        help="what runs them: processes of this machine, or Dask (default: loky)",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="of a Dask scheduler that is running; without it, --backend dask starts "
        "workers on this machine",
    )
    parser.add_argument(
        "--plan",
        type=positive,
        metavar="N",
        help="tell, too, what N subjects would take, by what these took",
    )
    parser.add_argument(
        "--seed",
        type=seed,
        default=0,
        metavar="N",
        help="of all chance (default: 0)",
    )
    add_level(parser, "of simulated data: ")
    parser.set_defaults(run=_run)


def _kind_and_path(text):
    kind, _, found = text.partition(":")
    if kind not in KINDS:
        raise argparse.ArgumentTypeError(
            f"expected one of {', '.join(KINDS)}, got {kind!r}"
        )
    if (kind == "simulated") != (found == ""):
        expected = "no path" if kind == "simulated" else f"{kind}:PATH"
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
    return kind, path(found) if found else None


def _numbers(text):
    try:
        found = [float(one) for one in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected numbers between commas, got {text!r}"
        ) from error
    if not all(0 <= one < float("inf") for one in found):
        raise argparse.ArgumentTypeError(f"expected numbers >= 0, got {text!r}")
    return found


def _run(arguments):
    if arguments.scheduler is not None and arguments.backend != "dask":
        raise ValueError("--scheduler: is meant for --backend dask")
    kind, _ = arguments.data
    if kind != "simulated" and (arguments.level or arguments.snr_db is not None):
        raise ValueError("--level, --snr-db: are meant for --data simulated")
    try:
        return _written(arguments, kind)
    except KeyboardInterrupt as interrupt:
        store = arguments.store
        if interrupt.args or store is None or not Path(store).is_dir():
            raise
        raise KeyboardInterrupt(
            f"finished units are kept in {store}; the same command goes on"
        ) from interrupt


def _written(arguments, kind):
    """Evaluate and write all results; what there is to say."""
    with ExitStack() as stack:
        folder = stack.enter_context(new_folder(arguments.out))
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        data = load(
            *arguments.data,
            n_subjects=arguments.subjects,
            seed=arguments.seed,
            snr_db=level_in_db(arguments),
            on_disk=scratch / "trials.h5",
        )
        stack.enter_context(_backend(arguments))
        model = _model(arguments, scratch)
        result = _evaluated(model, arguments, data)
        summary = result.summary(random_state=arguments.seed)
        claims = result.claims(random_state=arguments.seed)
        text = [*data.notes, str(summary), "", *_claims(claims)]
        plan = None
        if arguments.plan is not None:
            plan = result.plan(arguments.plan)
            text += ["", str(plan)]
        n_listened = 0
        if arguments.listen:
            n_listened = write_listened(
                folder / LISTENED,
                model,
                data.trials,
                data.references,
                result,
                n_models=arguments.listen,
                random_state=arguments.seed,
                kind="SIMULATED EEG" if kind == "simulated" else "EEG",
            )
        text += ["", *_files(arguments.out, result, n_listened)]
        _write(folder, result, (summary, claims), text, arguments, data)
        if n_listened:
            simulated = ", SIMULATED EEG" if kind == "simulated" else ""
            write_report(
                folder / PAGE,
                folder / LISTENED,
                title=f"Evaluation{simulated}",
                summary="\n".join(text),
                figures=_figures(result, summary),
                settings=(folder / "settings.json").read_text(encoding="utf-8"),
            )
    return "\n".join(text)


def _model(arguments, scratch):
    model = Pipeline(
        [
            ("decode", EnvelopeDecoder()),
            ("separate", ContrastiveNMF(memory=str(scratch / "spectra"))),
        ]
    )
    if arguments.deltas is None:
        return model
    return GridSearchCV(
        model,
        {"separate__delta": arguments.deltas},
        scoring=separation_scorer("si_sdr", choice="true"),
        cv=StimulusKFold(_N_INNER_FOLDS),
        error_score="raise",
    )


def _evaluated(model, arguments, data):
    try:
        return evaluate(
            model,
            data.trials,
            data.references,
            scheme=arguments.scheme,
            cv=arguments.folds,
            candidates=arguments.candidates,
            conditions=data.conditions,
            n_jobs=arguments.jobs if arguments.backend == "loky" else None,
            store=arguments.store,
            random_state=arguments.seed,
        )
    except RuntimeError as error:  # a worker process died
        raise OSError(str(error)) from error


@contextmanager
def _backend(arguments):
    if arguments.backend == "loky":
        yield
        return
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ValueError(
            "--backend dask: Dask is not installed; pip install 'dask[distributed]'"
        ) from error
    with ExitStack() as stack:
        address = arguments.scheduler
        if address is None:
            address = stack.enter_context(
                LocalCluster(
                    n_workers=arguments.jobs,
                    threads_per_worker=1,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                )
            )
        stack.enter_context(Client(address))
        stack.enter_context(joblib.parallel_config(backend="dask"))
        yield


def _claims(claims):
    return [
        "What the publication claims, on these trials (95 % bootstrap intervals over "
        "subjects\nand stimuli):",
        *map(str, claims),
    ]


def _figures(result, summary):
    """All that can be drawn of an evaluation, without pyplot."""
    from matplotlib.figure import Figure

    figures, shown = {}, {None: "Separation"}
    if "correct" in set(result.table["metric"]):
        shown["correct"] = "Choices"
    for score, title in shown.items():
        figure = Figure(layout="constrained")
        display = EvaluationDisplay.from_predictions(
            result, score, summary=summary, ax=figure.subplots()
        )
        figure.set_size_inches(6, 1.5 + 0.28 * len(display.means))
        figures[title] = figure
    if summary.calibration is not None:
        figure = Figure(figsize=(5, 4), layout="constrained")
        CalibrationDisplay(table=summary.calibration).plot(figure.subplots())
        figures["Calibration"] = figure
    return figures


def _files(out, result, n_listened):
    lines = [
        f"Written to {out}:",
        "  table.csv      a row for each method, subject, fold, trial and metric",
        "  units.csv      a row for each model: folds, parameters, time, memory",
        "  summary.txt    this text",
        "  summary.json   its figures",
        "  settings.json  what reproduces this",
    ]
    if n_listened:
        lines.insert(
            1,
            f"  {PAGE}    {number_of(n_listened, 'trial')} to listen to, in a browser",
        )
        lines.append(f"  {LISTENED}/      their audio, figures and scores")
    if len(result.warnings):
        lines.insert(3, "  warnings.csv   what was warned of, and how often")
    if len(result.errors):
        lines.insert(3, "  errors.csv     what failed")
    return lines


def _write(folder, result, found, text, arguments, data):
    summary, claims = found
    result.table.to_csv(folder / "table.csv", index=False)
    result.units.to_csv(folder / "units.csv", index=False)
    if len(result.errors):
        result.errors.to_csv(folder / "errors.csv", index=False)
    if len(result.warnings):
        result.warnings.to_csv(folder / "warnings.csv", index=False)
    (folder / "summary.txt").write_text("\n".join(text) + "\n", encoding="utf-8")
    claims = [vars(claim) for claim in claims]
    write_json(folder / "summary.json", {**summary.to_dict(), "claims": claims})
    command = {
        name: value
        for name, value in vars(arguments).items()
        if name not in ("run", "out", "store", "jobs", "backend", "scheduler")
    }
    write_json(
        folder / "settings.json",
        {"command": command, **data.settings, **result.settings},
    )
