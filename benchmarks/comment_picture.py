"""The picture of a comment in README.md: the demo is reviewed, and what is posted of it is drawn.

The Markdown is the product's own, word for word (`bot.domain.publication`); the page around it
looks like GitHub's, and Chromium makes the picture. With Docker the receipt names the image.

    python -m benchmarks.comment_picture docs/comment.png
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

from bot import wiring
from bot.demo import build_demo
from bot.domain.diff import Hunk, LineKind
from bot.domain.findings import Category
from bot.domain.publication import Publication, PublishContext, plan
from bot.output import Output
from bot.settings import load_settings

WIDTH, HEIGHT, SCALE = 860, 540, 1.75
MOST_BYTES = 150_000
_STYLE = """
* { box-sizing: border-box }
body { margin: 0; padding: 16px; width: 860px; background: #fff; color: #1f2328;
  font: 14px/1.5 -apple-system, "Segoe UI", "Liberation Sans", "DejaVu Sans", sans-serif }
code, pre, td { font-family: "Liberation Mono", "DejaVu Sans Mono", monospace; font-size: 12px }
.box { border: 1px solid #d1d9e0; border-radius: 6px; overflow: hidden }
.head { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; padding: 8px 12px;
  font: 12px "Liberation Mono", "DejaVu Sans Mono", monospace }
table { border-collapse: collapse; width: 100% }
td { padding: 1px 10px; white-space: pre; line-height: 20px }
.n { width: 44px; text-align: right; color: #59636e }
.add { background: #dafbe1 } .add .n { background: #aceebb }
.del { background: #ffebe9 } .del .n { background: #ffcecb }
.talk { border-top: 1px solid #d1d9e0; padding: 12px 16px; background: #f6f8fa }
.comment { background: #fff; border: 1px solid #d1d9e0; border-radius: 6px; padding: 12px 16px }
.who { display: flex; align-items: center; gap: 8px; margin-bottom: 8px }
.face { width: 24px; height: 24px; border-radius: 6px; background: #0969da; color: #fff;
  font-weight: 600; display: grid; place-items: center; font-size: 13px }
.bot { border: 1px solid #d1d9e0; border-radius: 1em; padding: 0 7px; font-size: 12px;
  color: #59636e }
p, details { margin: 0 0 10px } p:last-child { margin: 0 }
p code { background: #818b981f; border-radius: 6px; padding: 2px 5px }
.suggest { border: 1px solid #d1d9e0; border-radius: 6px; margin: 0 0 10px; overflow: hidden }
.suggest .title { padding: 6px 12px; border-bottom: 1px solid #d1d9e0; color: #59636e;
  font-size: 12px }
.suggest .foot { padding: 8px 12px; border-top: 1px solid #d1d9e0; text-align: right }
.button { border: 1px solid #d1d9e0; border-radius: 6px; background: #f6f8fa; padding: 3px 12px;
  font-size: 12px; font-weight: 600 }
"""


def main(target: Path) -> int:
    """Write the picture; returns 1 where it is too large for a page."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        print("no chromium: apt-get install chromium")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        publication = _reviewed(folder)
        drawn = folder / "comment.html"
        drawn.write_text(page(publication), "utf-8")
        _draw(browser, drawn, target)
    size = target.stat().st_size
    print(f"{target}: {size} bytes, at most {MOST_BYTES}")
    return int(size > MOST_BYTES)


def _reviewed(folder: Path) -> Publication:
    """Review the demo where code may run on this machine, and plan what is posted."""
    settings = replace(load_settings(), state_dir=folder / "state")
    demo = build_demo(folder / "shop", search_path=settings.search_path)
    place = wiring.Place(str(demo.path), base=demo.base_ref, head=demo.head_ref)
    with wiring.open_workspace(settings, place) as workspace:
        config = wiring.load_config(workspace, {}).config
        sandboxes = wiring.open_sandboxes(settings, place, lambda _question: False)
        run = wiring.build_run(workspace, config, sandboxes, Output().listener())
        return plan(run.review().review, config, PublishContext())


def page(publication: Publication) -> str:
    """Return the page with the comment on what broke a test, below its lines."""
    planned = next(p for p in publication.planned if p.findings[0].category is Category.REGRESSION)
    comment = planned.comment
    review = publication.review
    assert review.diff is not None
    assert comment.line is not None
    lines = _lines(review.diff.by_path[comment.path].hunks, comment.line)
    who = (
        '<div class="who"><span class="face">P</span><b>pullwright</b>'
        '<span class="bot">bot</span></div>'
    )
    return (
        f"<!doctype html><meta charset=utf-8><title>A comment</title><style>{_STYLE}</style>"
        f'<div class="box"><div class="head">{escape(comment.path)}</div>'
        f"<table>{''.join(lines)}</table>"
        f'<div class="talk"><div class="comment">{who}{_html(comment.body)}</div></div></div>'
    )


def _lines(hunks: Sequence[Hunk], last: int) -> Iterator[str]:
    """Yield the rows of the hunk that holds a line of the head, down to that line."""
    hunk = next(h for h in hunks if last in h.new_range)
    for line in hunk.lines:
        if (line.new_number or 0) > last:
            return
        shade = {LineKind.ADDED: "add", LineKind.REMOVED: "del"}.get(line.kind, "")
        numbers = (line.old_number or "", line.new_number or "")
        cells = "".join(f'<td class="n">{number}</td>' for number in numbers)
        yield f'<tr class="{shade}">{cells}<td>{escape(line.kind + " " + line.text)}</td></tr>'


def _html(body: str) -> str:
    """Return a comment as GitHub shows it, where a line feed breaks the line."""
    settings = {"linkify": False, "html": True, "breaks": True}
    return str(MarkdownIt("gfm-like", settings).render(body))


def _draw(browser: str, page_file: Path, target: Path) -> None:
    """Let a browser without a window make the picture."""
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
    argv = [
        browser,
        *flags,
        f"--user-data-dir={page_file.parent / 'profile'}",
        f"--force-device-scale-factor={SCALE}",
        f"--window-size={WIDTH},{HEIGHT}",
        f"--screenshot={target.absolute()}",
        page_file.as_uri(),
    ]
    subprocess.run(argv, check=True, capture_output=True, timeout=120)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/comment.png")))
