"""Check runs on GitHub: found by our own id, annotated in batches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from github.CheckRun import CheckRun as GitHubCheckRun
from github.Commit import Commit
from github.Repository import Repository

from bot.adapters.github_errors import Uncertain
from bot.adapters.github_http import GitHubRequester, repo_path
from bot.domain.app_forge import run_of_check
from bot.domain.forge import Annotation, CheckRun, CheckStatus, RepoId
from bot.domain.markdown import cut

ANNOTATIONS_PER_REQUEST = 50
"""GitHub appends them from one request to the next."""


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    annotations: int


@dataclass(slots=True)
class CheckRuns:
    """The check runs of one repository; also `OpenChecks`."""

    requester: GitHubRequester
    repo: RepoId
    _known: dict[tuple[str, str], _Known] = field(default_factory=dict)

    def post(self, run: CheckRun) -> int:
        """Create or update the check run; return GitHub's id."""
        try:
            return self._written(run)
        except Uncertain:
            self._known.pop(_key(run), None)
            return self._written(run)

    def conclude(self, run: CheckRun) -> bool:
        wanted = run_of_check(run.external_id)
        for found in self._of(run):
            if run_of_check(found.external_id or "") == wanted:
                if found.status == CheckStatus.COMPLETED.value:
                    return False
                self._edit(run, _Known(found.id, len(run.annotations)))
                return True
        return False

    def _written(self, run: CheckRun) -> int:
        known = self._known.get(_key(run)) or self._find(run)
        known = self._create(run) if known is None else self._edit(run, known)
        while known.annotations < len(run.annotations):
            known = self._edit(run, known)
        return known.id

    def _find(self, run: CheckRun) -> _Known | None:
        for found in self._of(run):
            if found.external_id == run.external_id:
                return self._noted(run, found.id, found.output.annotations_count or 0)
        return None

    def _of(self, run: CheckRun) -> Iterable[GitHubCheckRun]:
        """Return the check runs with our name on this commit, read as they are taken."""
        commit = Commit(self.requester, url=f"{repo_path(self.repo)}/commits/{run.head_sha}")
        return commit.get_check_runs(check_name=run.name, filter="all")

    def _create(self, run: CheckRun) -> _Known:
        repository = Repository(self.requester, url=repo_path(self.repo))
        batch = run.annotations[:ANNOTATIONS_PER_REQUEST]
        made = repository.create_check_run(
            head_sha=run.head_sha, external_id=run.external_id, **_fields(run, batch)
        )
        return self._noted(run, made.id, len(batch))

    def _edit(self, run: CheckRun, known: _Known) -> _Known:
        end = known.annotations + ANNOTATIONS_PER_REQUEST
        batch = run.annotations[known.annotations : end]
        url = f"{repo_path(self.repo)}/check-runs/{known.id}"
        GitHubCheckRun(self.requester, url=url).edit(**_fields(run, batch))
        return self._noted(run, known.id, known.annotations + len(batch))

    def _noted(self, run: CheckRun, check_id: int, annotations: int) -> _Known:
        known = self._known[_key(run)] = _Known(check_id, annotations)
        return known


def _key(run: CheckRun) -> tuple[str, str]:
    return (run.head_sha, run.external_id)


def _fields(run: CheckRun, annotations: Sequence[Annotation]) -> dict[str, Any]:
    output: dict[str, Any] = {"title": run.title, "summary": cut(run.summary)}
    if run.text:
        output["text"] = cut(run.text)
    if annotations:
        output["annotations"] = [_annotation(annotation) for annotation in annotations]
    fields: dict[str, Any] = {"name": run.name, "status": run.status.value, "output": output}
    if run.conclusion is not None:
        fields["conclusion"] = run.conclusion.value
    if run.buttons:
        fields["actions"] = [
            {"label": b.label, "description": b.description, "identifier": b.identifier}
            for b in run.buttons
        ]
    return fields


def _annotation(annotation: Annotation) -> dict[str, str | int]:
    return {
        "path": annotation.path,
        "start_line": annotation.start_line,
        "end_line": annotation.end_line,
        "annotation_level": annotation.level.value,
        "title": annotation.title,
        "message": annotation.message,
    }
