"""Templates of the dashboard: everything that is put into one is made harmless, cut and escaped."""

from collections.abc import Mapping
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from bot import __version__
from bot.domain.redaction import Redactor
from bot.domain.untrusted import shown

_MAX_TEXT = 2000


class Pages:
    """Renders pages without any of our secrets."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._redactor = Redactor(secrets)
        environment = Environment(
            loader=PackageLoader("bot.web", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=self._harmless,
        )
        filters = {
            "when": _when,
            "day": lambda value: f"{value:%Y-%m-%d}",
            "seconds": _seconds,
            "usd": lambda value: (
                f"${value:,.2f}" if value >= 0.01 or not value else f"${value:.4f}"
            ),
            "percent": lambda value: f"{100 * value:.0f} %",
            "count": lambda n, noun: f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s",
            "number": lambda value: f"{value:,}",
            "words": lambda value: str(value).replace("_", " "),
        }
        environment.filters.update(filters)
        environment.globals["version"] = __version__
        self._environment = environment

    def render(self, template: str, values: Mapping[str, object]) -> str:
        """Return a page."""
        return self._environment.get_template(template).render(values)

    def _harmless(self, value: object) -> object:
        """Stand between every expression of a template and the page."""
        if not isinstance(value, str) or isinstance(value, Markup):
            return value
        # Before it is cut: half a secret is not known for one.
        text = shown(self._redactor.clean(value[: 4 * _MAX_TEXT]))
        return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…"


def _when(value: datetime) -> Markup:
    stamp = value.isoformat(timespec="seconds")
    return Markup('<time datetime="{}">{}</time>').format(stamp, escape(f"{value:%Y-%m-%d %H:%M}"))


def _seconds(value: float) -> str:
    if value < 120:
        return f"{value:.1f} s"
    return f"{value / 60:.1f} min" if value < 7200 else f"{value / 3600:.1f} h"
