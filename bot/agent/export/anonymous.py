"""One suggestion as a sample: the prompt of production with names and addresses taken out.

Anything that does not fit afterwards is left out whole: a patch that no longer applies to what the
prompt shows, a text with a secret, an address that stayed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.agent.export.held import Held, KeptRun
from bot.agent.prompts.fixing import rewrite_prompt
from bot.agent.replay.digest import Digests
from bot.domain.anonymity import Namer, Scrubber, addresses
from bot.domain.edits import Edit, EditRefused, Patch
from bot.domain.export import About, LeftOut, Message, Sample
from bot.domain.findings import Finding, Location
from bot.domain.model_edits import RewriteReply
from bot.domain.outcomes import OutcomeRecord
from bot.domain.prompt import Seal
from bot.domain.prompt_redaction import PromptRedactor
from bot.domain.pull_records import SuggestionRecord
from bot.domain.rewriting import Rewritten
from bot.domain.secret_scan import SecretScan
from bot.domain.shown_edits import proposed_edits
from bot.domain.untrusted import one_line
from bot.errors import PullwrightError

_LANGUAGES = {
    "py": "python", "pyi": "python", "js": "javascript", "jsx": "javascript", "mjs": "javascript",
    "cjs": "javascript", "ts": "typescript", "tsx": "typescript", "go": "go", "rs": "rust",
    "java": "java", "rb": "ruby", "php": "php", "sh": "shell", "c": "c", "h": "c", "cpp": "c++",
    "cc": "c++", "cs": "c#", "kt": "kotlin", "swift": "swift", "yml": "yaml", "yaml": "yaml",
    "md": "markdown", "toml": "toml", "json": "json",
}  # fmt: skip


class NotExported(PullwrightError):
    """A suggestion becomes no sample."""

    def __init__(self, reason: LeftOut) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True)
class Shown:
    """A finding as the prompt shows it, with the clean text of its file."""

    finding: Finding
    text: str
    failure: str
    scrubber: Scrubber

    @property
    def files(self) -> dict[str, bytes]:
        """The one file that the prompt shows."""
        return {self.finding.location.path: self.text.encode()}


@dataclass(frozen=True)
class Anonymiser:
    """Makes samples of suggestions."""

    namer: Namer
    scan: SecretScan

    def sample(
        self,
        run: KeptRun,
        shown: SuggestionRecord,
        became: OutcomeRecord,
        written: Rewritten | None = None,
    ) -> Sample:
        """Return the sample of a suggestion that people decided about; raises NotExported.

        `written` is what they merged in its place, where that was kept.
        """
        held = run.held(shown.id)
        if held is None:
            raise NotExported(LeftOut.SECRET if run.bundle.redactions else LeftOut.NOT_HELD)
        clean = self._clean(run, held)
        messages, prompt_hash = self._prompt(clean)
        completion = self._completion(held.suggestion.patch, clean, messages)
        about = self._about(run, held, shown, became)
        unproved = dict.fromkeys(self._unproved(run, held, clean, messages))
        unproved.pop(completion, None)
        theirs = self._theirs(run, written, clean, messages)
        return Sample(messages, prompt_hash, completion, about, tuple(unproved), theirs)

    def _clean(self, run: KeptRun, held: Held) -> Shown:
        finding, bundle = held.finding, run.bundle
        place = finding.location
        raw = _utf8(run.head.get(place.path))
        failure = run.failure(finding)
        self._refuse_secrets([raw, finding.title, finding.body, finding.snippet, failure])
        people = {bundle.change.author}
        scrubber = Scrubber(self.namer, bundle.change.repo, run.paths | {place.path}, people)
        location = Location(scrubber.path(place.path), place.start_line, place.end_line, place.side)
        clean = replace(
            finding,
            location=location,
            title=scrubber.prose(finding.title),
            body=scrubber.prose(finding.body),
            snippet=scrubber.code(finding.snippet),
        )
        return Shown(clean, scrubber.code(raw), scrubber.code(failure), scrubber)

    def _prompt(self, clean: Shown) -> tuple[tuple[Message, ...], str]:
        """Return the prompt as it would be sent; its boundary is a name, as random ones are."""
        asked = rewrite_prompt(clean.finding, clean.files, failure=clean.failure, failed=())
        digest, _ = Digests(PromptRedactor()).of(asked)
        seal = Seal(self.namer.name("boundary", digest), PromptRedactor())
        sealed = seal.sealed(asked)
        messages = (
            Message("system", sealed.rules),
            *(Message("user" if turn.is_ours else "assistant", turn.text) for turn in sealed.turns),
        )
        self._refuse_leaks(message.content for message in messages)
        return messages, digest

    def _completion(self, patch: Patch, clean: Shown, messages: tuple[Message, ...]) -> str:
        """Return the patch as the reply that the prompt asks for; raises NotExported."""
        (path,) = patch.paths if len(patch.paths) == 1 else ("",)
        if clean.scrubber.path(path) != clean.finding.location.path:
            raise NotExported(LeftOut.UNSHOWN)
        self._refuse_secrets(text for e in patch.edits for text in (e.old_text, e.new_text))
        own = [self._edit(edit, clean) for edit in patch.edits]
        try:
            edits = proposed_edits(Patch(tuple(own)), clean.files)
        except EditRefused as error:
            raise NotExported(LeftOut.UNSHOWN) from error
        if not all(edit.search in f"{messages[-1].content}\n" for edit in edits):
            raise NotExported(LeftOut.UNSHOWN)
        reply = RewriteReply(edits=edits, explanation=one_line(clean.finding.title))
        self._refuse_leaks(text for e in edits for text in (e.search, e.replace))
        return reply.model_dump_json()

    def _unproved(
        self, run: KeptRun, held: Held, clean: Shown, messages: tuple[Message, ...]
    ) -> Iterable[str]:
        for patch in run.unproved(held):
            try:
                yield self._completion(patch, clean, messages)
            except NotExported:
                # What it would be compared with is a record all the same.
                continue

    def _theirs(
        self,
        run: KeptRun,
        written: Rewritten | None,
        clean: Shown,
        messages: tuple[Message, ...],
    ) -> str | None:
        """Return what people wrote as an answer to the same prompt, or None where it is none."""
        if written is None or written.head != run.bundle.change.head_sha:
            return None
        try:
            return self._completion(Patch(written.edits), clean, messages)
        except (EditRefused, NotExported):
            # Our patch is a record all the same.
            return None

    def _edit(self, edit: Edit, clean: Shown) -> Edit:
        code = clean.scrubber.code
        path = clean.finding.location.path
        return replace(edit, path=path, old_text=code(edit.old_text), new_text=code(edit.new_text))

    def _about(
        self, run: KeptRun, held: Held, shown: SuggestionRecord, became: OutcomeRecord
    ) -> About:
        bundle, name = run.bundle, self.namer.name
        decision = run.decision(shown.decision_id)
        suffix = held.finding.location.path.rpartition(".")[2].lower()
        return About(
            id=name("suggestion", shown.id),
            repo_hash=name("repo", str(run.pull.repo_id)),
            lang=_LANGUAGES.get(suffix, "other"),
            tool=held.suggestion.source,
            outcome=became.verdict.outcome,
            confidence=became.verdict.worth.confidence,
            policy_version=decision.policy_version if decision else bundle.versions.policy,
            propensity=decision.propensities.get(decision.tool) if decision else None,
            model_id=run.model_of(held),
            created_at=became.occurred_at.date().isoformat(),
        )

    def _refuse_secrets(self, texts: Iterable[str]) -> None:
        if self.scan.finds(texts):
            raise NotExported(LeftOut.SECRET)

    def _refuse_leaks(self, texts: Iterable[str]) -> None:
        known = list(texts)
        self._refuse_secrets(known)
        if any(addresses(text) for text in known):
            raise NotExported(LeftOut.ADDRESS)


def _utf8(data: bytes | None) -> str:
    """Return a file's text; raises NotExported for one that a prompt would show otherwise."""
    if data is None:
        raise NotExported(LeftOut.UNSHOWN)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise NotExported(LeftOut.NO_TEXT) from error
