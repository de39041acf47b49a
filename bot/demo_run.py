"""`pullwright demo`: the main job on a small repository, from the branch to the fix commit."""

import sys
from dataclasses import replace
from pathlib import Path

from bot import wiring
from bot.agent.fix import Asked
from bot.agent.tools.repair import Wish
from bot.demo import build_demo
from bot.domain.review import FixOutcome
from bot.domain.verdict import Conclusion
from bot.guard import Exit
from bot.output import Output, json_text, write
from bot.settings import Settings


def run_demo(folder: Path, settings: Settings, output: Output) -> Exit:
    """Build the repository in the folder, review it, fix it, and write the three reports.

    The fix mends the red test by search. Exits with an error where the review did not find what the
    branch has, or proved no fix.
    """
    folder = folder.absolute()
    demo = build_demo(folder / "shop", search_path=settings.search_path)
    place = wiring.Place(str(demo.path), base=demo.base_ref, head=demo.head_ref)
    own = replace(settings, state_dir=folder / "state")
    reports = replace(output, sarif=folder / "review.sarif", html=folder / "review.html")
    with wiring.open_workspace(own, place) as workspace:
        config = wiring.load_config(workspace, {}).config
        sandboxes = wiring.open_sandboxes(own, place, lambda _question: False)
        wish = Wish(progress=output.searched)
        run = wiring.build_run(workspace, config, sandboxes, output.listener(), repair=wish)
        output.say(f"$ pullwright review --base {demo.base_ref}   # in {demo.path}")
        output.say("(here with the search for repairs, which is part of `pullwright fix`)")
        episode = run.review()
        reports.show(episode.review)
        write(folder / "review.json", json_text(episode.review))
        output.say("\n$ pullwright fix")
        outcome = run.fix(episode, Asked())
        output.show(outcome)
    output.say(_farewell(folder, demo.path))
    return _judged(outcome)


def _farewell(folder: Path, repository: Path) -> str:
    # A fresh shell has no `pullwright`: it is in the virtualenv of the checkout alone.
    command = Path(sys.executable).parent / "pullwright"
    return (
        f"\nThe reports: {folder}/review.html, review.json, review.sarif\n"
        f"The fix commit: git -C {repository} show\n"
        f"Why each tool was picked: cd {repository} && {command} review --explain"
    )


def _judged(outcome: FixOutcome) -> Exit:
    has_found = outcome.review.verdict.conclusion is Conclusion.FINDINGS
    return Exit.CLEAN if has_found and outcome.commit else Exit.ERROR
