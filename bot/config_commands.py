"""The commands about the configuration: `config check`, `config schema` and `config show`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot import wiring
from bot.domain import config_words
from bot.domain.effective_config import EffectiveConfig, effective
from bot.domain.repo_config import CONFIG_PATHS, schema
from bot.settings import Settings, load_settings
from bot.wiring import Place


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    config = typer.Typer(help="Check and show the configuration.", no_args_is_help=True)
    app.add_typer(config, name="config")
    config.command("check")(check)
    config.command("schema")(print_schema)
    config.command()(show)


def check(
    file: Annotated[Path, typer.Argument(help="The file to check.")] = Path(
        ".github/pullwright.yml"
    ),
) -> None:
    """Check a configuration file before it is merged."""
    from bot.adapters.yaml_config import parse_config

    effective([parse_config(wiring.read_bytes(file), origin=str(file))])
    typer.echo(f"{file}: valid")


def print_schema() -> None:
    """Print the JSON schema of the configuration, for editors."""
    typer.echo(json.dumps(schema(), indent=2))


def show(
    repo: Annotated[
        str, typer.Option("--repo", "-C", help="A git repository: a folder, or an https URL.")
    ] = ".",
    base: Annotated[
        str | None, typer.Option(help="Where it is read; the main branch where none is named.")
    ] = None,
) -> None:
    """Show every key with its value and who decided it."""
    held = held_config(load_settings(), Place(repo, base))
    rows = held.rows()
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for key, value, origin in rows:
        typer.echo(f"{key:{widths[0]}}  {value:{widths[1]}}  {origin}")
    for note in held.notes:
        sys.stderr.write(f"pullwright: {note}\n")


def held_config(settings: Settings, place: Place) -> EffectiveConfig:
    """Return the configuration of the base side, and say where a file of the checkout is none."""
    from bot.adapters import git_base
    from bot.adapters.git_objects import CheckoutBudget
    from bot.adapters.yaml_config import load_repo_config

    settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    cache, budget = settings.state_dir / "mirrors", CheckoutBudget()
    if place.is_remote:
        found = git_base.remote_base(
            place.repo,
            base=place.base,
            cache=cache,
            budget=budget,
            network=settings.network,
            paths=CONFIG_PATHS,
        )
    else:
        found = git_base.local_base(
            Path(place.repo), base=place.base, cache=cache, budget=budget, paths=CONFIG_PATHS
        )
    own = load_repo_config(found.files, sha=found.sha) if found.sha is not None else None
    waiting = [path for path, data in _written(place).items() if data != found.files.get(path)]
    notes = (
        *(config_words.not_merged(path, found.ref) for path in waiting),
        *(config_words.misnamed(*names) for names in _misnamed(place)),
    )
    if own is None:
        notes = (config_words.no_file(found.ref), *notes)
    return effective([own] if own is not None else [], notes=notes)


def _written(place: Place) -> dict[str, bytes]:
    """Return the files that stand in a checkout, whether they are committed or not."""
    if place.is_remote:
        return {}
    root = wiring.checkout(place)
    there = [path for path in CONFIG_PATHS if (root / path).is_file()]
    return {path: wiring.read_bytes(root / path) for path in there}


def _misnamed(place: Place) -> list[tuple[str, str]]:
    """Return each file of a checkout that is spelt in another way than is read, and how it is."""
    if place.is_remote:
        return []
    root = wiring.checkout(place)
    spelt = [(f"{path.removesuffix('.yml')}.yaml", path) for path in CONFIG_PATHS]
    return [(wrong, right) for wrong, right in spelt if (root / wrong).is_file()]
