"""Chooses by the policy that serves a pull request, and logs a choice before it is acted on.

A choice is a function of its decision's id and of the policy's version, and the log keeps the first
word of a decision: a job that is resumed, by whichever version, does what was logged.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from bot.agent.loop import Loop
from bot.agent.picking import Sampling
from bot.agent.rivals import rivals
from bot.agent.service.desk import Desk
from bot.agent.state import State
from bot.domain import policy_words
from bot.domain.event_forms import Observed, Sifted, sifted
from bot.domain.event_log import EventSource, LoggedEvent
from bot.domain.findings import Finding, FindingId
from bot.domain.identity import decision_id, fixer_id, placement_id
from bot.domain.intake import pull_key
from bot.domain.ledger import PullKey, RunId
from bot.domain.one_click import one_click
from bot.domain.publication import PlannedComment, Publication
from bot.domain.pull_records import DecisionId
from bot.domain.record_json import RecordUnreadable
from bot.domain.repo_config import LearningMode
from bot.domain.review import Decision, Review
from bot.domain.suggested import producing_step
from bot.domain.unreadable import left_out
from bot.policy import placing
from bot.policy.choosing import (
    FIXERS,
    FIXERS_BY_HAND,
    PLACES,
    PLACES_BY_HAND,
    TOOLS_BY_HAND,
    Occasion,
    Placed,
    again,
    fixers_by,
    logged,
    of_step,
    placing_by,
    tools_by,
)
from bot.policy.event_log import DecisionLogged, Event, OutcomeSeen, read
from bot.policy.features import Features
from bot.policy.intrinsic import returns_of
from bot.policy.journal import for_pull_request, notes_of, versions
from bot.policy.ledger_log import DECISION, decision_event, measured_event
from bot.policy.promotion import PolicyVersion
from bot.policy.selection import Choice
from bot.policy.serving import Sampled
from bot.policy.weights import WeightsUnreadable


@dataclass(frozen=True)
class Choosing:
    """The choices of one run on one pull request."""

    desk: Desk
    pull: PullKey
    run_id: RunId
    mode: LearningMode

    @property
    def is_on(self) -> bool:
        """False where the repository wants nothing learned: then nothing is drawn or logged."""
        return self.mode is not LearningMode.OFF

    def loop(self, loop: Loop) -> Loop:
        """Return the loop that draws the order of its tools, or the greedy one as it is."""
        if not self.is_on:
            return loop
        repo, tools = str(self.pull.repo_id), self.tools
        drawn = loop.picking(lambda greedy: Sampling(tools, self.run_id, repo, greedy).pick)
        return drawn.taking_turns(self.first)

    def first(self, state: State, tools: Collection[str]) -> Mapping[str, str]:
        """Say who mends first what several tools could mend, by fingerprint, once it is logged.

        A word that nobody can read is no word: the order is the one by hand then.
        """
        found = rivals(state, tools)
        if not found:
            return {}
        made = [self._fixer(name, able) for name, able in found.items()]
        self._append(decision_event(each, self.pull, self._observed) for each in made)
        standing = self.fixers()
        drawn = {name: standing.get(fixer_id(self.run_id, name)) for name in found}
        return {name: tool for name, tool in drawn.items() if tool is not None}

    def fixers(self) -> dict[DecisionId, str]:
        """Return who mends findings of this run first, as the log has it, by decision."""
        return {
            DecisionId(each.decision_id): each.tools[each.chosen]
            for each in self._logged().found
            if isinstance(each, DecisionLogged) and each.layout_version == FIXERS.version
        }

    def _fixer(self, fingerprint: str, able: Mapping[str, Features]) -> DecisionLogged:
        occasion = self._occasion(fixer_id(self.run_id, fingerprint))
        choice = self.mender.pick(able, decision_id=occasion.decision_id, repo=occasion.repo)
        return logged(choice, able, FIXERS, occasion)

    def log_steps(self, review: Review) -> None:
        """Log the steps of a run, and what each is worth by what was measured."""
        if not self.is_on:
            return
        made = [of_step(each, self._occasion(self._step(each))) for each in review.decisions]
        self._append([decision_event(each, self.pull, self._observed) for each in made])
        worth = returns_of(review.decisions, review.findings)
        self._measure({self._step(d): worth[d.step] for d in review.decisions})

    def place(
        self, publication: Publication, planned: Sequence[PlannedComment]
    ) -> dict[FindingId, Placed]:
        """Decide where findings go that were to have a comment; by the first of each comment."""
        order = {id(one): number for number, one in enumerate(publication.planned)}
        review, fixers = publication.review, self.fixers()
        made = [self._drawn(review, one.findings[0], order[id(one)], fixers) for one in planned]
        self._append(decision_event(each, self.pull, self._observed) for each in made)
        return self.standing()

    def settle(self, chosen: Mapping[FindingId, Placed]) -> None:
        """Log that what has no comment is worth nothing: the reference that a comment has."""
        self._measure({p.decision_id: 0.0 for p in chosen.values() if p.place == placing.SUMMARY})

    def standing(self) -> dict[FindingId, Placed]:
        """Return where findings of this run go, as the log has it: the first word stands."""
        ours = f"{self.run_id}."
        logged_ones = self._logged()
        standing = {
            FindingId(each.decision_id.removeprefix(ours)): self._placed(each)
            for each in logged_ones.found
            if isinstance(each, DecisionLogged) and placing.INLINE in each.tools
        }
        if logged_ones.left_out:
            self.desk.warn(left_out(logged_ones.left_out))
        # A word that nobody can read stands all the same: another one would not be logged.
        lost = [each.decision or "" for each in logged_ones.left_out]
        return standing | {
            FindingId(name.removeprefix(ours)): Placed(name, placing.INLINE) for name in lost
        }

    def _logged(self) -> Sifted[Event]:
        """Return the decisions of this run, as the log has them: the first word stands."""
        log, ours = self.desk.records.events.of_pull(self.pull), f"{self.run_id}."
        own = [each for each in log if str(each.event.decision).startswith(ours)]
        return sifted(own, (DECISION,), lambda event: read(event.body))

    def _placed(self, made: DecisionLogged) -> Placed:
        return Placed(made.decision_id, made.tools[made.chosen], again(made, self.placer))

    def _drawn(
        self, review: Review, finding: Finding, before: int, fixers: Collection[DecisionId]
    ) -> DecisionLogged:
        click = one_click(finding, review.diff, review.contents)
        open_places = placing.places(finding, is_one_click=click is not None, before=before)
        occasion = replace(
            self._occasion(placement_id(self.run_id, finding.id)),
            slot=before + 1,
            after=self._led_to(review, finding, fixers),
        )
        choice = self.placer.pick(open_places, decision_id=occasion.decision_id, repo=occasion.repo)
        return logged(choice, open_places, PLACES, occasion)

    def _led_to(
        self, review: Review, finding: Finding, fixers: Collection[DecisionId]
    ) -> tuple[DecisionId, ...]:
        """Return the decisions that what people say of a comment is about as well."""
        step, fixer = producing_step(review, finding), fixer_id(self.run_id, finding.fingerprint)
        return (*([step] if step else []), *([fixer] if fixer in fixers else []))

    @cached_property
    def placer(self) -> Sampled:
        """The policy of places that serves this pull request; by hand where it is not readable."""
        if self.mode is not LearningMode.ON:
            return PLACES_BY_HAND
        try:
            return placing_by(self._serving().blob)
        except (WeightsUnreadable, RecordUnreadable) as error:
            self.desk.warn(policy_words.by_hand(str(error)))
            # An update changed what is known of a finding: `policy show` says so, and a review
            # must not wait for somebody to learn anew.
            return PLACES_BY_HAND

    @cached_property
    def tools(self) -> Sampled:
        """The policy that draws the order of tools; by hand where none is stored or readable."""
        if self.mode is not LearningMode.ON:
            return TOOLS_BY_HAND
        try:
            return tools_by(self.desk.records.policies.find(self._serving().version))
        except (WeightsUnreadable, RecordUnreadable):
            return TOOLS_BY_HAND

    @cached_property
    def mender(self) -> Sampled:
        """The policy of who mends first; by hand where none is stored or readable."""
        if self.mode is not LearningMode.ON:
            return FIXERS_BY_HAND
        try:
            return fixers_by(self.desk.records.policies.find(self._serving().version))
        except (WeightsUnreadable, RecordUnreadable):
            return FIXERS_BY_HAND

    def _serving(self) -> PolicyVersion:
        records = self.desk.records
        notes = notes_of(records.events)
        return for_pull_request(
            versions(records.policies.all(), notes),
            notes,
            repo_id=self.pull.repo_id,
            pull_request=pull_key(self.pull.repo_id, self.pull.number),
            at=self.desk.now(),
        )

    def _measure(self, worth: Mapping[str, float]) -> None:
        self._append(
            measured_event(
                OutcomeSeen(
                    f"measured:{decision}",
                    self.desk.now(),
                    decision,
                    f"measured:{decision}",
                    None,
                    reward=reward,
                ),
                self.pull,
                self._observed,
            )
            for decision, reward in worth.items()
        )

    def _append(self, events: Iterable[LoggedEvent]) -> None:
        self.desk.records.events.append(events)

    def _step(self, made: Decision) -> DecisionId:
        return decision_id(self.run_id, made.step)

    def _occasion(self, name: str) -> Occasion:
        return Occasion(name, self.pull, self.desk.now())

    @property
    def _observed(self) -> Observed:
        return Observed(self.desk.now(), EventSource.RUN)


def told(chosen: Mapping[FindingId, Placed]) -> tuple[str, ...]:
    """Return a line for each finding: where it went, and the parts of its utility."""
    return tuple(
        f"{name} {policy_words.chosen(each.place, *_figures(each.choice))}"
        for name, each in chosen.items()
        if each.choice is not None
    )


def _figures(choice: Choice) -> tuple[float, Mapping[str, float], float]:
    tool = choice.tool
    return choice.utilities[tool], choice.contributions[tool], choice.propensities[tool]
