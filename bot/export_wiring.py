"""Builds what exports feedback and forgets it; it needs the packages of the App's database."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.export_folder import check_empty, write_folder
from bot.adapters.local_key import local_key
from bot.adapters.run_files import RunFiles
from bot.adapters.sql_ledger import open_ledger
from bot.agent.export.anonymous import Anonymiser
from bot.agent.export.gathering import Gathering, Wishes
from bot.agent.replay.bundle import Bundle, BundleUnreadable, Header, decode, decode_header
from bot.domain.anonymity import Namer
from bot.domain.export import Exported, Format, exported
from bot.domain.export_card import CARD, CardFacts, card
from bot.domain.pull_records import Ledger
from bot.domain.pull_request import printable
from bot.domain.secret_scan import SecretScan
from bot.errors import Refused
from bot.run_keeping import run_files
from bot.settings import Settings

__all__ = ["check_empty", "export", "write"]

KEY_FILE = "export.key"


@dataclass(frozen=True)
class Stored:
    """The runs of a folder, one at a time: they are large."""

    files: RunFiles

    def has(self, run_id: str) -> bool:
        return self.files.has(run_id)

    def load(self, run_id: str) -> Bundle:
        return decode(self.files.load(run_id), name=run_id)

    def headers(self) -> Iterator[Header]:
        for run_id, line in self.files.first_lines():
            try:
                yield decode_header(line, name=run_id)
            except BundleUnreadable:
                continue


def export(
    settings: Settings, database_url: str, secrets: tuple[str, ...], form: Format, wishes: Wishes
) -> Exported:
    """Return the records that may leave; raises Refused for a key or a database we cannot use."""
    namer = Namer(local_key(settings.state_dir / KEY_FILE))
    anonymiser = Anonymiser(namer, SecretScan(secrets))
    with closing(_opened(database_url)) as ledger:
        gathering = Gathering(ledger, Stored(run_files(settings.state_dir)), anonymiser, wishes)
        samples = gathering.samples()
    return exported(form, samples, gathering.left_out, least=wishes.least)


def write(folder: Path, found: Exported, facts: CardFacts) -> None:
    """Write the records, their card and their digests; raises Refused, leaving nothing behind."""
    files = {
        name: "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()
        for name, rows in found.files.items()
    }
    write_folder(folder, {**files, CARD: card(found, facts).encode()})


def _opened(database_url: str) -> Ledger:
    """Open what is there: a ledger that was made to be read would be an empty one."""
    _, is_file, path = database_url.partition("sqlite:///")
    if is_file and not Path(path).exists():
        raise Refused(
            f"there is no ledger at {printable(path)}: set PULLWRIGHT_DATABASE_URL, or "
            "PULLWRIGHT_STATE_DIR, as for the App"
        )
    return open_ledger(database_url)
