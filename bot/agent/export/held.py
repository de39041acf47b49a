"""What a kept run holds of one suggestion: its finding, the code, and what else was tried."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pydantic import ValidationError

from bot.agent.prompts.fixing import failure_of, rewrite_prompt
from bot.agent.replay.bundle import Bundle, CallTaken
from bot.agent.replay.digest import Digests
from bot.domain.edits import EditRefused, Patch
from bot.domain.evidence import Grade, TestReport
from bot.domain.findings import Finding, Suggestion
from bot.domain.gaming import refusal
from bot.domain.identity import decision_id, patch_id
from bot.domain.ledger import PullKey, RunId
from bot.domain.licences import LICENCE_PATHS, licences_of
from bot.domain.model_edits import RewriteReply, patch_of
from bot.domain.prompt_redaction import PromptRedactor
from bot.domain.pull_records import DecisionId, SuggestionId
from bot.domain.review import Decision

_SCHEMA = RewriteReply.__name__


@dataclass(frozen=True, slots=True)
class Held:
    """One suggestion in the run that made it."""

    finding: Finding
    suggestion: Suggestion


@dataclass(frozen=True)
class KeptRun:
    """One kept run of one pull request."""

    bundle: Bundle
    pull: PullKey

    @cached_property
    def head(self) -> Mapping[str, bytes]:
        """The head's contents, as far as the run read them."""
        beside = {
            p: data for step in self.bundle.steps for p, data in step.observation.head.items()
        }
        tree = self.bundle.trees.get(self.bundle.change.head_sha)
        return beside | {file.path: file.data for file in (tree.files if tree else ())}

    @cached_property
    def paths(self) -> frozenset[str]:
        """Every path of the repository that the run saw."""
        trees = self.bundle.trees.values()
        read = {file.path for tree in trees for file in tree.files}
        return frozenset(read | {entry.path for tree in trees for entry in tree.entries})

    @cached_property
    def licences(self) -> frozenset[str]:
        """The licences of the base side; none where it has no file that is known."""
        tree = self.bundle.trees.get(self.bundle.change.base_sha)
        files = {file.path: file.data for file in (tree.files if tree else ())}
        return licences_of({p: files[p] for p in LICENCE_PATHS if p in files})

    @cached_property
    def head_tests(self) -> TestReport | None:
        """How the tests of the head came out."""
        said = [step.observation.head_tests for step in self.bundle.steps]
        return next((report for report in reversed(said) if report is not None), None)

    def held(self, suggestion: SuggestionId) -> Held | None:
        """Return the suggestion of this id, or None where the run holds another patch."""
        head_sha = self.bundle.change.head_sha
        for finding in self._findings:
            made = finding.suggestion
            if made is not None and patch_id(self.pull, head_sha, made.patch) == suggestion:
                return Held(finding, made)
        return None

    def failure(self, finding: Finding) -> str:
        """Return what the prompt says of red tests."""
        return failure_of(finding, self.head_tests)

    def decision(self, wanted: DecisionId) -> Decision | None:
        """Return the choice that led to a suggestion."""
        taken = [step.decision for step in self.bundle.steps]
        run_id = RunId(self.bundle.run_id)
        return next((d for d in taken if decision_id(run_id, d.step) == wanted), None)

    def model_of(self, held: Held) -> str:
        """Return which model wrote the patch; empty for a tool that asks none."""
        if held.suggestion.source != "rewrite":
            return ""
        names = [call.model for call in self.bundle.calls if call.schema == _SCHEMA and call.model]
        return names[-1] if names else (self.bundle.card.id if self.bundle.card else "")

    def unproved(self, held: Held) -> Iterator[Patch]:
        """Yield what was proposed for the very same prompt, was tried in this run, and not proved.

        Only where the suggestion itself was proved: then the tools and the tests did look.
        """
        proof = held.suggestion.proof
        if proof is None or proof.grade is not Grade.PROVED:
            return
        asked = rewrite_prompt(
            held.finding, self.head, failure=self.failure(held.finding), failed=()
        )
        digest, _ = Digests(PromptRedactor()).of(asked)
        for call in self.bundle.calls:
            if call.schema == _SCHEMA and call.prompt == digest:
                yield from self._tried(call, held)

    def _tried(self, call: CallTaken, held: Held) -> Iterator[Patch]:
        try:
            patch = patch_of(RewriteReply.model_validate_json(call.value).edits, self.head)
        except (EditRefused, ValidationError):
            # There was no reply, or it was refused before anything ran.
            return
        protected = self.bundle.repo_config.fix.protected_paths
        if patch != held.suggestion.patch and refusal(patch, protected) is None:
            yield patch

    @property
    def _findings(self) -> Iterator[Finding]:
        """Yield what was found, as it stood after each step, the last first."""
        for step in reversed(self.bundle.steps):
            yield from step.observation.findings or ()
        yield from self.bundle.known.findings
