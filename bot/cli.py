"""The command line: reads what was typed, calls the wiring, prints what came back."""

import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from bot import (
    __version__,
    config_commands,
    export_commands,
    fixing,
    policy_commands,
    replay_commands,
    service_commands,
    starter_commands,
    wiring,
)
from bot.agent.named import Heeding, Names
from bot.agent.tools.repair import CPU_SECONDS
from bot.demo_run import run_demo
from bot.domain.review import Review
from bot.domain.verdict import Conclusion, FailOn, has_gap, is_failure
from bot.errors import Refused
from bot.guard import Exit, guarded
from bot.model_wiring import open_model
from bot.output import Output
from bot.run_keeping import open_keeper
from bot.settings import load_model_settings, load_settings, state_dir
from bot.wiring import Place, Run, Uncommitted

app = typer.Typer(
    help="Reviews pull requests and patches them, and shows its work.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 clean, 1 findings at or above --fail-on, 2 usage, 3 partial, 4 error.",
)
config_commands.add_to(app)
bench_app = typer.Typer(help="Measure what this version can do.", no_args_is_help=True)
app.add_typer(bench_app, name="bench")
replay_commands.add_to(app)
service_commands.add_to(app)
policy_commands.add_to(app)
export_commands.add_to(app)
starter_commands.add_to(app)

Repository = Annotated[
    str, typer.Option("--repo", "-C", help="A git repository: a folder, or an https URL.")
]
Base = Annotated[
    str | None, typer.Option(help="What to compare with; the main branch where none is named.")
]
Head = Annotated[str | None, typer.Option(help="What is under review; HEAD where none is named.")]
Staged = Annotated[bool, typer.Option("--staged", help="Review what is staged, on top of HEAD.")]
Worktree = Annotated[bool, typer.Option("--worktree", help="Review all uncommitted work.")]
Tests = Annotated[str | None, typer.Option("--tests", help="The shell line that runs the tests.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on standard error.")]
Explain = Annotated[bool, typer.Option("--explain", help="Show why each tool was picked.")]
Sarif = Annotated[Path | None, typer.Option(help="Also write SARIF 2.1.0 to this file.")]
Html = Annotated[Path | None, typer.Option(help="Also write an HTML report to this file.")]
SarifIn = Annotated[
    list[Path] | None,
    typer.Option(help="Findings of another tool on the head, as SARIF; may be repeated."),
]
Fails = Annotated[
    list[FailOn] | None, typer.Option("--fail-on", help="Exit with 1 for this; may be repeated.")
]


def main() -> None:
    """Run the command line; the process ends with one of the documented exit codes."""
    sys.exit(guarded(app, bug_folder=state_dir() / "bugs"))


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"pullwright {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Reviews pull requests and patches them, and shows its work."""


@app.command()
def review(
    repo: Repository = ".",
    base: Base = None,
    head: Head = None,
    staged: Staged = False,
    worktree: Worktree = False,
    tests: Tests = None,
    fail_on: Fails = None,
    as_json: Json = False,
    sarif_in: SarifIn = None,
    sarif: Sarif = None,
    html: Html = None,
    explain: Explain = False,
    quiet: Quiet = False,
) -> None:
    """Review a branch: findings, proved suggestions, and what was not looked at."""
    place = Place(repo, base, head, _uncommitted(staged=staged, worktree=worktree))
    output = Output(as_json, sarif, html, explain, quiet, _is_colour_off())
    with _run(place, output, tests=tests, fail_on=fail_on, sarif_in=sarif_in or ()) as run:
        told = run.review().review
        output.show(told)
        raise typer.Exit(_exit_code(told, run.config.fail_on))


@app.command()
def fix(
    findings: Annotated[
        list[str] | None,
        typer.Argument(help="F1 F2 ..., or all; `F1 revert` takes a hunk back."),
    ] = None,
    repo: Repository = ".",
    base: Base = None,
    head: Head = None,
    commit: Annotated[
        bool, typer.Option("--commit/--no-commit", help="Commit, or only show the patch.")
    ] = True,
    patch: Annotated[
        Path | None, typer.Option(help="Also write what is offered to this file, for `git apply`.")
    ] = None,
    tests: Tests = None,
    time_limit: Annotated[
        float,
        typer.Option(
            min=0, help="CPU seconds of search for an edit that mends red tests; 0: none."
        ),
    ] = CPU_SECONDS,
    failing: Annotated[
        list[str] | None,
        typer.Option(help="Mend only this red test; may be repeated."),
    ] = None,
    is_repair: Annotated[
        bool, typer.Option("--repair/--no-repair", help="Search for a repair of red tests.")
    ] = True,
    as_json: Json = False,
    html: Html = None,
    explain: Explain = False,
    quiet: Quiet = False,
) -> None:
    """Patch what a review found, and commit the patches that are proved."""
    off = _is_colour_off()
    output = Output(as_json, html=html, is_explained=explain, is_quiet=quiet, is_colour_off=off)
    seconds = time_limit if is_repair else 0.0
    order = fixing.order(findings or (), failing or (), is_commit=commit, cpu_seconds=seconds)
    place = Place(repo, base, head, is_to_commit=commit)
    with _run(place, output, tests=tests, order=order) as run:
        outcome = run.fix(order.noted(run.review()), order.asked)
        output.show(outcome)
        if patch is not None:
            fixing.write_patch(patch, outcome, output)
        raise typer.Exit(order.exit_code(outcome, run.config.fail_on))


@app.command("test")
def run_tests(
    repo: Repository = ".",
    base: Base = None,
    head: Head = None,
    tests: Tests = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run the tests at the merge base and at the head, and show the difference."""
    output = Output(as_json, is_quiet=quiet, is_colour_off=_is_colour_off())
    with _run(
        Place(repo, base, head), output, tests=tests, tools=("test", "bisect", "verify")
    ) as run:
        told = run.review().review
        output.show(told)
        raise typer.Exit(_exit_of_tests(told))


@app.command()
def demo(
    into: Annotated[
        Path, typer.Option(help="The folder for the repository and the reports.")
    ] = Path("demo-output"),
) -> None:
    """Build a small repository with a broken branch, review it, and fix it."""
    settings = load_settings()
    raise typer.Exit(run_demo(into, settings, Output(is_colour_off=settings.is_colour_off)))


@app.command()
def doctor() -> None:
    """Check this machine, the model, the App and the Action's token; say what to mend, and how."""
    from bot import machine_wiring

    missing = 0
    checks = machine_wiring.examine(load_settings(), load_model_settings())
    for check in chain(checks, service_commands.app_checks(), starter_commands.action_checks()):
        typer.echo(f"{check.mark} {check.name}: {check.detail}")
        for line in check.paste:
            typer.echo(f"         {line}")
        missing += check.is_failure
    raise typer.Exit(Exit.ERROR if missing else Exit.CLEAN)


@bench_app.command("repair")
def bench_repair(
    data: Annotated[
        Path | None,
        typer.Option(
            envvar="PULLWRIGHT_CONTRACT_DATA",
            help="The folder that holds a folder for each set; docs/repair.md says where from.",
        ),
    ] = None,
    chosen: Annotated[str, typer.Option("--set", help="Which set of problems.")] = "humanevalfix",
    cpu_seconds: Annotated[float, typer.Option(min=1, help="For each problem.")] = 20.0,
    candidates: Annotated[int, typer.Option(min=1, help="For each problem, at the most.")] = 60_000,
    seed: Annotated[int, typer.Option(help="Of the tests' hashes.")] = 0,
    only: Annotated[
        list[str] | None, typer.Option(help="Only this problem; may be given again.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Repair the problems of a set with their visible tests, judge by the hidden ones."""
    from bot.bench import Chosen, bench

    limits = (cpu_seconds, candidates)
    is_quiet = quiet or not sys.stderr.isatty()
    problems = Chosen(chosen, tuple(only or ()))
    for line in bench(data, problems, limits, seed=seed, is_quiet=is_quiet):
        typer.echo(line)


@bench_app.command("policy")
def bench_policy(
    episodes: Annotated[int, typer.Option(min=500, help="Decisions in each stream.")] = 5000,
    seeds: Annotated[int, typer.Option(min=1, help="Streams of each kind.")] = 20,
    out: Annotated[Path | None, typer.Option(help="Also write the plot to this HTML file.")] = None,
    quiet: Quiet = False,
) -> None:
    """Compare what we learn by with the learners of the literature, on a made-up stream.

    Needs `pip install 'pullwright[learn]'`.
    """
    is_quiet = quiet or not sys.stderr.isatty()
    for line in policy_bench().bench(episodes, seeds, out, is_quiet=is_quiet):
        typer.echo(line)


def policy_bench() -> ModuleType:
    """Return the comparison of learners; raises Refused where numpy is not installed."""
    try:
        from bot import policy_bench as module
    except ModuleNotFoundError as error:
        raise Refused(f"{error.name} is missing: pip install 'pullwright[learn]'") from error
    return module


@contextmanager
def _run(
    place: Place,
    output: Output,
    *,
    tests: str | None = None,
    fail_on: Sequence[FailOn] | None = None,
    tools: Collection[str] = (),
    sarif_in: Sequence[Path] = (),
    order: fixing.Order | None = None,
) -> Iterator[Run]:
    """Open the change, its configuration and its sandbox, and build the run."""
    settings = load_settings()
    overrides: dict[str, object] = {}
    if tests is not None:
        overrides["tests"] = {"command": tests}
    if fail_on:
        overrides["fail_on"] = [choice.value for choice in fail_on]
    logs = wiring.sarif_analyzers(sarif_in, place)
    wish = order.wish(output) if order is not None else None
    with wiring.open_workspace(settings, place) as workspace:
        config = wiring.load_config(workspace, overrides).config
        sandboxes = wiring.open_sandboxes(settings, place, _ask)
        listener, models = output.listener(), load_model_settings()
        opened = open_model(models, config.budget, network=settings.network)
        with opened as model:
            names = order.names(may_find_more=model is not None) if order is not None else Names()
            yield wiring.build_run(
                workspace,
                config,
                sandboxes,
                listener,
                tools=tools,
                more_analyzers=logs,
                model=model,
                repair=wish,
                around=partial(Heeding, names=names),
                keeper=open_keeper(settings, config, secrets=models.secrets, tell=output.warn),
            )


def _ask(question: str) -> bool:
    """Ask on a terminal; where nobody can answer, the answer is no."""
    return sys.stdin.isatty() and typer.confirm(question, err=True)


def _is_colour_off() -> bool:
    return load_settings().is_colour_off


def _uncommitted(*, staged: bool, worktree: bool) -> Uncommitted:
    if staged and worktree:
        raise Refused("--staged and --worktree are two different reviews: choose one")
    if staged:
        return Uncommitted.STAGED
    return Uncommitted.WORKTREE if worktree else Uncommitted.NONE


def _exit_of_tests(told: Review) -> Exit:
    """Return the code of who asked for the tests alone: no hunk was to be read."""
    code = _exit_code(told, (FailOn.HIGH,))
    has_run = told.head_tests is not None and not told.verdict.limits
    return Exit.CLEAN if code is Exit.PARTIAL and has_run else code


def _exit_code(told: Review, fail_on: Sequence[FailOn]) -> Exit:
    if is_failure(told.verdict, told.findings, fail_on=fail_on):
        return Exit.FINDINGS
    if told.verdict.conclusion is Conclusion.ERROR:
        return Exit.ERROR
    return Exit.PARTIAL if has_gap(told.verdict) else Exit.CLEAN
