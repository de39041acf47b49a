"""What people of a pull request are told of the policy, and what they may take back."""

from dataclasses import dataclass

from bot.agent.service.learning import school_of
from bot.agent.service.review_job import ReviewOfPull
from bot.domain import policy_words as words
from bot.domain import replies
from bot.domain.jobs import Json
from bot.domain.ledger import RunId
from bot.domain.record_json import load
from bot.domain.review import Decision
from bot.domain.unreadable import left_out
from bot.errors import Refused
from bot.policy.journal import for_repository
from bot.policy.ledger_log import readable_events
from bot.policy.standing import explanation, is_of_run, of_run, standing


@dataclass(frozen=True)
class PolicyOfPull:
    """Answers for one pull request; figures are those of its repository alone."""

    work: ReviewOfPull

    def show(self) -> str:
        """Tell who serves, what its choices were worth here, and the weights."""
        school = school_of(self.work.desk)
        return replies.policy(words.shown(standing(school, repo_id=self.work.repo.id)))

    def explain(self) -> str:
        """Tell what the last review chose, with the parts of each utility."""
        records = self.work.desk.records
        last = records.reviewed.last(self.work.pull)
        if last is None:
            raise Refused(replies.NO_RUN_TO_EXPLAIN)
        run = RunId(last.run_id)
        steps = [load(Decision, step.decision) for step in records.runs.steps(run)]
        lines = [words.step(made) for made in steps]
        read = readable_events(records.events.of_pull(self.work.pull))
        known = records.findings.known(self.work.pull)
        names = {each.finding.fingerprint: str(each.id) for each in known}
        lines += [explanation(made, records.policies, names) for made in of_run(read.found, run)]
        lost = [each for each in read.left_out if is_of_run(each, run)]
        lines += [left_out(lost)] if lost else []
        return replies.choices(run, lines)

    def roll_back(self, login: str) -> str:
        """Let the parent of what serves decide in this repository; others keep what they have."""
        # Known first: another attempt would find it taken back, and take the next one back too.
        step = self.work.context.step
        found = step("serving", self._serving)
        version, parent = str(found["version"]), found["parent"]
        if parent is None:
            raise Refused(replies.NEEDS_A_LEARNED_POLICY)

        def take_back() -> Json:
            school, repo = school_of(self.work.desk), self.work.repo.id
            school.take_back_here(version, f"asked for by {login}", by=login, repo_id=repo)
            return {}

        step("act", take_back)
        return replies.rolled_back(words.short(version), words.short(str(parent)))

    def _serving(self) -> Json:
        school = school_of(self.work.desk)
        known, notes = school.versions(), school.notes()
        serving = for_repository(known, notes, repo_id=self.work.repo.id)
        return {"version": serving.version, "parent": serving.parent}
