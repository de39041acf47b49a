"""A review as one HTML file: no script, no request, safe to open whatever the pull request holds.

Everything that is not part of the template passes `shown`, is cut to a length and is escaped; the
Content-Security-Policy allows exactly one style sheet, by its digest.
"""

import base64
import functools
import hashlib
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from bot import __version__
from bot.adapters import html_page as page
from bot.adapters.heat_strip import heat_files
from bot.domain import comments
from bot.domain.evidence import Grade
from bot.domain.posts import reach_of
from bot.domain.review import Review
from bot.domain.untrusted import shown

_MAX_TEXT = 2000


def render_html(review: Review) -> str:
    """Return the page; its size is bounded whatever the review holds."""
    css = _style_sheet()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    findings = tuple(page.finding_views(review))
    template = _environment().get_template("report.html")
    return template.render(
        css=Markup(css),  # noqa: S704 - our own file, and its digest is in the policy
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'",
        version=__version__,
        review=review,
        headline=comments.headline(review.verdict, review.open_findings),
        findings=findings,
        findings_left_out=len(review.findings) - len(findings),
        proved=sum(
            v.suggestion is not None and v.suggestion.grade is Grade.PROVED for v in findings
        ),
        tests=page.tests_view(review),
        reached=reach_of(review),
        heat=tuple(heat_files(review)),
        steps=[page.step_view(decision) for decision in review.decisions],
        limits=page.listed(review.verdict.limits),
        skipped=page.listed(
            sorted(review.verdict.coverage.files_skipped, key=lambda file: file.is_exempt)
        ),
        images=sorted({s.image for s in review.sandboxes if s.image != s.kind}),
        notes=page.listed(review.all_notes),
    )


@functools.cache
def _style_sheet() -> str:
    return files("bot.adapters").joinpath("templates/report.css").read_text("utf-8")


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("bot.adapters", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    environment.filters["count"] = _count
    environment.filters["ticks"] = _ticks
    return environment


def _harmless(value: object) -> object:
    """Stand between every expression of the template and the page."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    text = shown(value[: 2 * _MAX_TEXT])
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…"


def _ticks(text: str) -> Markup:
    """Return the text with `words in back ticks` set as code."""
    parts = [escape(_harmless(part)) for part in text.split("`")]
    if len(parts) % 2 == 0:
        return escape(_harmless(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else part
        for index, part in enumerate(parts)
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
