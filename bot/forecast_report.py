"""Forecasts of a configuration as a table for people, and as JSON for programs."""

import json
from collections.abc import Iterator, Sequence

from bot.agent.replay.forecast import CommentSeen, Forecast, Outlook
from bot.domain.pull_request import printable
from bot.domain.untrusted import one_line

Found = Sequence[tuple[str, Forecast | str]]
"""By run: what would change, or why nobody can tell."""

_HEAD = ("run", "repository", "comments", "check", "tokens", "dollars", "seconds")


def forecast_lines(found: Found) -> Iterator[str]:
    """Yield a table, and under it what appears, what disappears and what is not known."""
    told = [forecast for _, forecast in found if isinstance(forecast, Forecast)]
    rows = [_HEAD, *(_row(f) for f in told), _totals(told)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for row in rows:
        yield "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
    for run_id, forecast in found:
        if isinstance(forecast, str):
            yield f"{run_id}: {one_line(forecast)}"
            continue
        yield from (f"{run_id} + {_named(comment)}" for comment in forecast.appear)
        yield from (f"{run_id} - {_named(comment)}" for comment in forecast.disappear)
        yield from (f"{run_id} ? {one_line(gap)}" for gap in forecast.gaps)


def forecast_json(found: Found) -> str:
    """Return one JSON document, ASCII only, with a line end."""
    told = [forecast for _, forecast in found if isinstance(forecast, Forecast)]
    document = {
        "schema": 1,
        "runs": [_run(forecast) for forecast in told],
        "skipped": [
            {"run": run_id, "reason": reason} for run_id, reason in found if isinstance(reason, str)
        ],
        "total": {
            "before": _sum([forecast.before for forecast in told]),
            "after": _sum([forecast.after for forecast in told]),
        },
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _row(forecast: Forecast) -> tuple[str, ...]:
    then, now = forecast.before, forecast.after
    return (
        forecast.run_id,
        one_line(forecast.repo, limit=40),
        _change(str(len(then.comments)), str(len(now.comments))),
        _change(then.check, now.check),
        _change(f"{then.tokens:,}", f"{now.tokens:,}"),
        _change(f"{then.usd:.4f}", f"{now.usd:.4f}"),
        _change(f"{then.seconds:.1f}", f"{now.seconds:.1f}"),
    )


def _totals(told: Sequence[Forecast]) -> tuple[str, ...]:
    then, now = (_sum([getattr(f, side) for f in told]) for side in ("before", "after"))
    return (
        f"{len(told)} runs",
        "",
        _change(f"{then['comments']:.0f}", f"{now['comments']:.0f}"),
        "",
        _change(f"{then['tokens']:,.0f}", f"{now['tokens']:,.0f}"),
        _change(f"{then['usd']:.4f}", f"{now['usd']:.4f}"),
        _change(f"{then['seconds']:.1f}", f"{now['seconds']:.1f}"),
    )


def _change(then: str, now: str) -> str:
    return then if then == now else f"{then} -> {now}"


def _sum(outlooks: Sequence[Outlook]) -> dict[str, float]:
    return {
        "comments": sum(len(o.comments) for o in outlooks),
        "tokens": sum(o.tokens for o in outlooks),
        "usd": round(sum(o.usd for o in outlooks), 6),
        "seconds": round(sum(o.seconds for o in outlooks), 3),
    }


def _run(forecast: Forecast) -> dict[str, object]:
    return {
        "run": forecast.run_id,
        "repo": forecast.repo,
        "head_sha": forecast.head_sha,
        "before": _outlook(forecast.before),
        "after": _outlook(forecast.after),
        "appear": [_comment(comment) for comment in forecast.appear],
        "disappear": [_comment(comment) for comment in forecast.disappear],
        "gaps": list(forecast.gaps),
    }


def _outlook(outlook: Outlook) -> dict[str, object]:
    return {**_sum([outlook]), "check": outlook.check}


def _comment(comment: CommentSeen) -> dict[str, object]:
    return {"path": printable(comment.path), "line": comment.line, "title": comment.title}


def _named(comment: CommentSeen) -> str:
    return f"{printable(comment.path)}:{comment.line} {one_line(comment.title)}"
