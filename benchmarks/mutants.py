"""Whether the tests notice what is wrong: mutation testing of the core.

    pip install cosmic-ray pytest-cov
    python -m pytest -vv --cov --cov-context=test --cov-report= --durations=0 > LOG
    python -m benchmarks.mutants --log LOG [--coverage FILE] [--mutants N] [--jobs N]
    python -m benchmarks.mutants --log LOG --constants

Mutants are made by the operators of cosmic-ray: a sample of --mutants of each of
separation, decoding and metrics, one for each place at most, the same for the same
seed. With --constants, each constant of a module is multiplied and divided by four. A
mutant is tested by the tests that reach its line, the fastest first, as many as take
--seconds; the share of killed ones is thus a lower bound. Annotations are left out,
which mypy checks.
"""

import argparse
import ast
import difflib
import io
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import cosmic_ray.plugins
from cosmic_ray.ast import get_ast
from cosmic_ray.mutating import MutationVisitor
from coverage import CoverageData

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "sklearn_cnmf"
PARTS = ("separation", "decoding", "metrics")
SKIPPED = ("VariableReplacer", "VariableInserter")  # need arguments


@dataclass(frozen=True)
class Mutant:
    path: str  # from the root of the repository
    line: int
    what: str
    code: str


# --- mutants -------------------------------------------------------------------------


def untested_lines(tree):
    """Lines of annotations and of what only a checker of types runs."""
    found = set()
    for node in ast.walk(tree):
        annotations = [
            getattr(node, "annotation", None),
            getattr(node, "returns", None),
        ]
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            annotations += node.body
        for one in annotations:
            if one is not None:
                found.add(
                    ((one.lineno, one.col_offset), (one.end_lineno, one.end_col_offset))
                )
    return found


def places(path, source):
    """Operators that fit at each place: (line, column, family) -> [(name, number)]."""
    tree, left_out = get_ast(source), untested_lines(ast.parse(source))
    lines, found = source.splitlines(), {}
    for name in cosmic_ray.plugins.operator_names():
        if name.endswith(SKIPPED):
            continue
        operator, number = cosmic_ray.plugins.get_operator(name)(), 0
        family = name.split("/")[1].split("_")[0]
        for node in nodes(tree):
            for start, _ in operator.mutation_positions(node):
                inside = any(begin <= start < end for begin, end in left_out)
                compiled = "@compiled" in lines[start[0] - 1]
                if not inside and not compiled:
                    found.setdefault((*start, family), []).append((name, number))
                number += 1
    return found


def nodes(tree):
    """All nodes in the order in which cosmic-ray visits them."""
    seen = []

    class Collector(MutationVisitor):
        def visit(self, node):
            seen.append(node)
            return node

    Collector(0, None).walk(tree)
    return seen


def sampled(n_mutants, seed):
    rng = random.Random(seed)
    for part in PARTS:
        choices = []
        for path in sorted((ROOT / PACKAGE / part).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            for place, names in sorted(places(path, source).items()):
                choices.append((path, source, place, rng.choice(names)))
        print(f"{part}: {len(choices)} places", flush=True)
        for path, source, place, (name, number) in rng.sample(
            choices, min(n_mutants, len(choices))
        ):
            operator = cosmic_ray.plugins.get_operator(name)()
            code = MutationVisitor.mutate_code(source, operator, number)
            yield Mutant(str(path.relative_to(ROOT)), place[0], name, code)


class Scaled(ast.NodeTransformer):
    def __init__(self, factor):
        self.factor = factor

    def visit_Constant(self, node):
        value = node.value
        if type(value) is int:
            value = value * 4 if self.factor > 1 else value // 4
        elif type(value) is float:
            value *= self.factor
        return ast.Constant(value)


def constants():
    for part in PARTS:
        for path in sorted((ROOT / PACKAGE / part).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            for node in ast.parse(source).body:
                for name, value in assigned(node):
                    for factor, word in ((4.0, "times 4"), (0.25, "by 4")):
                        code = scaled(source, node, value, factor)
                        if name.isupper() and code != source:
                            where = str(path.relative_to(ROOT))
                            yield Mutant(where, node.lineno, f"{name} {word}", code)


def assigned(node):
    """Names and values of an assignment, one by one."""
    if isinstance(node, ast.AnnAssign) and node.value:
        return [(ast.unparse(node.target), node.value)]
    if not isinstance(node, ast.Assign):
        return []
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return [(ast.unparse(t), v) for t, v in zip(target.elts, value.elts)]
    return [(ast.unparse(target), value)]


def scaled(source, node, value, factor):
    old = ast.unparse(value)
    new = ast.unparse(Scaled(factor).visit(ast.parse(old)))
    if new == old:
        return source
    lines = source.splitlines(keepends=True)
    begin = sum(len(line.encode()) for line in lines[: value.lineno - 1])
    end = sum(len(line.encode()) for line in lines[: value.end_lineno - 1])
    raw = source.encode()
    head, tail = raw[: begin + value.col_offset], raw[end + value.end_col_offset :]
    return (head + f"({new})".encode() + tail).decode()


# --- tests of a mutant ---------------------------------------------------------------


class Tests:
    """Which tests reach a line, and how long each takes."""

    def __init__(self, coverage, log, seconds):
        self.data = CoverageData(coverage)
        self.data.read()
        self.files = {
            name[name.index(f"/{PACKAGE}/") + 1 :]: name
            for name in self.data.measured_files()
        }
        self.by_line = {}
        self.seconds = seconds
        self.took = Counter()
        pattern = re.compile(r"^([\d.]+)s (?:call|setup)\s+(\S.*?)\s*$", re.M)
        for took, test in pattern.findall(Path(log).read_text(encoding="utf-8")):
            self.took[test] += float(took)
        self.all = {
            context.rpartition("|")[0]
            for context in self.data.measured_contexts()
            if "|" in context
        }
        self.of_file = {}
        for test in self.all:
            self.of_file.setdefault(test.partition("::")[0], set()).add(test)

    def _reach(self, path, lines):
        if path not in self.by_line:
            self.by_line[path] = self.data.contexts_by_lineno(self.files[path])
        found = set()
        for line in lines:
            for context in self.by_line[path].get(line, ()):
                test, _, phase = context.rpartition("|")
                if phase == "run":
                    found.add(test)
                elif phase:  # a fixture is made for the first of many
                    found |= self.of_file[test.partition("::")[0]]
        return found

    def of(self, mutant):
        """Tests of a mutant, and the seconds that they take."""
        path, source = mutant.path, (ROOT / mutant.path).read_text(encoding="utf-8")
        found = self._reach(path, [mutant.line])
        if not found:
            found = self._around(path, source, mutant.line)
        own = "tests/" + path.split("/")[1]
        chosen, total = [], 0.0
        for test in sorted(
            found, key=lambda t: (self.took[t], not t.startswith(own), t)
        ):
            if chosen and total + self.took[test] > self.seconds:
                break
            chosen.append(test)
            total += self.took[test]
        return chosen, total

    def _around(self, path, source, line):
        """Tests of what uses a line that runs compiled or while it is imported."""
        names = set()
        for node in ast.parse(source).body:
            first = node.lineno - len(getattr(node, "decorator_list", ()))
            if not first <= line <= node.end_lineno:
                continue
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                names.add(node.name)
            else:
                names |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        for _ in range(4):
            found, more = set(), set()
            for other in sorted(self.files):
                text = (ROOT / other).read_text(encoding="utf-8")
                if not any(re.search(rf"\b{name}\b", text) for name in names):
                    continue
                used = [
                    node.lineno
                    for node in ast.walk(ast.parse(text))
                    if getattr(node, "id", getattr(node, "attr", None)) in names
                ]
                found |= self._reach(other, used)
                for node in ast.parse(text).body:
                    if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and any(
                        node.lineno <= n <= node.end_lineno for n in used
                    ):
                        more.add(node.name)
            if found or not more - names:
                break
            names |= more
        return found or self._reach(path, range(1, source.count("\n") + 1))


# --- running -------------------------------------------------------------------------


def warm():
    """Import all that is not ours, once for all mutants."""
    for name in (
        *("joblib", "librosa", "matplotlib.pyplot"),
        *("mne", "numba", "pandas", "pytest", "scipy.signal", "scipy.optimize"),
        *("sklearn.model_selection", "sklearn.decomposition", "sklearn.utils"),
        *("sklearn.utils.estimator_checks", "skops.io", "soundfile"),
    ):
        __import__(name)


def outcome(clone, mutant, tests, limit):
    """Test a mutant in a process of its own."""
    path = Path(clone, mutant.path)
    before, stat = path.read_bytes(), path.stat()
    path.write_text(mutant.code, encoding="utf-8")
    cache = tempfile.mkdtemp() if b"@compiled" in before else None
    child = os.fork()
    if child == 0:
        os.setsid()
        run_tests(clone, tests, cache)
    deadline = time.monotonic() + limit
    try:
        while time.monotonic() < deadline:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                code = os.waitstatus_to_exitcode(status)
                return "survived" if code == 0 else "invalid" if code > 2 else "killed"
            time.sleep(0.05)
        return "killed"  # it never ends
    finally:
        try:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        path.write_bytes(before)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        if cache:
            shutil.rmtree(cache, ignore_errors=True)


def run_tests(clone, tests, cache):
    import numba
    import pytest

    os.chdir(clone)
    sys.path.insert(0, clone)
    sys.dont_write_bytecode = True
    os.environ |= {"PYTHONPATH": clone, "PYTHONDONTWRITEBYTECODE": "1"}
    if cache:
        os.environ["NUMBA_CACHE_DIR"] = numba.config.CACHE_DIR = cache
    code = 3  # an error of pytest itself
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests])
    finally:
        os._exit(int(code))


def work(clone, todo, answers):
    warm()
    # What is not broken has to pass, or all that follows means nothing.
    control = next(Path(clone, PACKAGE, "metrics").glob("_*.py")).relative_to(clone)
    code = Path(clone, control).read_text(encoding="utf-8")
    tests = ["tests/metrics"]
    found = outcome(clone, Mutant(str(control), 1, "none", code), tests, 600)
    answers.put((None, found, 0.0))
    for number, mutant, tests, seconds in iter(todo.get, None):
        began = time.monotonic()
        found = outcome(clone, mutant, tests, limit_of(seconds)) if tests else "no test"
        answers.put((number, found, time.monotonic() - began))


def limit_of(seconds):
    return 90 + 5 * seconds


def clones(n_jobs, folder):
    for job in range(n_jobs):
        clone = folder / str(job)
        shutil.copytree(
            ROOT, clone, ignore=shutil.ignore_patterns(".git", ".venv*", "docs/_build")
        )
        yield str(clone)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--log", required=True, help="what pytest printed")
    parser.add_argument("--coverage", default=".coverage")
    parser.add_argument("--mutants", type=int, default=150, help="of each part")
    parser.add_argument("--constants", action="store_true")
    parser.add_argument("--only", default="", help="mutants whose path has this in it")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", help="write all outcomes here, one JSON a line")
    options = parser.parse_args()
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    made = constants() if options.constants else sampled(options.mutants, options.seed)
    mutants = [mutant for mutant in made if options.only in mutant.path]
    tests = Tests(options.coverage, options.log, options.seconds)
    context = multiprocessing.get_context("fork")
    todo, answers = context.Queue(), context.Queue()
    for number, mutant in enumerate(mutants):
        todo.put((number, mutant, *tests.of(mutant)))
    for _ in range(options.jobs):
        todo.put(None)
    outcomes = {part: Counter() for part in PARTS}
    with tempfile.TemporaryDirectory() as folder:
        # No daemons, which may have no processes of their own, as tests do.
        workers = [
            context.Process(target=work, args=(clone, todo, answers))
            for clone in clones(options.jobs, Path(folder))
        ]
        for worker in workers:
            worker.start()
        for _ in range(options.jobs + len(mutants)):
            number, found, took = answers.get()
            if number is None:
                if found != "survived":
                    todo.cancel_join_thread()
                    for worker in workers:
                        worker.kill()
                    raise SystemExit("tests fail without a mutant")
                continue
            mutant = mutants[number]
            outcomes[mutant.path.split("/")[1]][found] += 1
            if options.out:
                with open(options.out, "a", encoding="utf-8") as file:
                    row = (mutant.path, mutant.line, mutant.what, found, round(took, 1))
                    file.write(json.dumps(row) + "\n")
            if found != "killed":
                print(f"{found}: {mutant.path}:{mutant.line} {mutant.what}", flush=True)
                old = (ROOT / mutant.path).read_text(encoding="utf-8").splitlines()
                diff = difflib.unified_diff(old, mutant.code.splitlines(), n=0)
                print("\n".join(list(diff)[3:]), flush=True)
    for part, counts in outcomes.items():
        n_mutants = counts.total()
        if n_mutants:
            share = 100 * counts["killed"] / n_mutants
            print(
                f"{part:12}{n_mutants:5} mutants, {share:5.1f} % killed, {dict(counts)}"
            )


if __name__ == "__main__":
    main()
