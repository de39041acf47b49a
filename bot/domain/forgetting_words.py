"""What `forget` says: what is there, what went, and what stays to be done."""

from datetime import datetime

from bot.domain.forgetting import Found, Target

_NAMED = 8
_LATER = (
    "what was exported or posted before, the forge's own records, "
    "backups, and mirrors in the state folder are not looked at"
)


def plan(target: Target, found: Found) -> list[str]:
    """Say what would go."""
    return [f"stored of {target.name}:", *_counts(found), *_gaps(target, found)]


def question(target: Target) -> str:
    """Ask a person."""
    return f"forget {target.name}? This cannot be undone"


def done(target: Target, found: Found) -> list[str]:
    """Say what went, and what to do now."""
    said = [f"forgotten: {target.name}", *_counts(found)]
    if found.gone.policies:
        names = ", ".join(found.gone.policies)
        said.append(
            f"retired, because they learned from it: {names}; "
            "`pullwright learn --from-seq 0` learns again from what is left"
        )
    return [*said, _LATER]


def nothing(target: Target, since: datetime | None, found: Found) -> str:
    """Say that there is nothing to forget."""
    gaps = "".join(f"; {gap}" for gap in _gaps(target, found))
    if since is None:
        return f"nothing of {target.name} is stored here{gaps}"
    day = since.date().isoformat()
    return f"nothing of {target.name} is stored here: it was forgotten on {day}{gaps}"


def _counts(found: Found) -> list[str]:
    gone = found.gone
    return [
        *(f"  {count} events of the log ({kind})" for kind, count in gone.events.items()),
        *([f"  {gone.censored} outcomes and words, nobody's from now on"] if gone.censored else []),
        *([f"  {gone.dismissals} dismissals, nameless from now on"] if gone.dismissals else []),
        *(f"  {count} {what}" for what, count in gone.rows.items()),
        *([f"  {len(found.runs)} kept runs"] if found.runs else []),
        *([f"  {len(found.jobs)} finished jobs of the queue"] if found.jobs else []),
    ]


def _gaps(target: Target, found: Found) -> list[str]:
    """Say what could not be looked for."""
    said = []
    if not target.repo and target.person_id is None:
        said.append("the log names people by number: give that too, as another --user")
    if not target.repo and not target.login:
        said.append("kept runs and dismissals name people by login: give that too")
    if found.waiting:
        said.append(
            f"{found.waiting} jobs of the queue did not end yet, and stay: "
            "forget again when they have"
        )
    if found.unreadable:
        said.append(
            f"{len(found.unreadable)} kept runs cannot be read, so nobody knows whose they are: "
            f"{', '.join(found.unreadable[:_NAMED])}"
        )
    return said
