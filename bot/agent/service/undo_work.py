"""`undo`: our own commits on the branch taken back by one commit, byte for byte."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.agent.service.answer import Answer
from bot.agent.service.committing import check_wanted
from bot.agent.service.requeue import Requeue
from bot.agent.service.review_job import ReviewOfPull
from bot.agent.trees import contents
from bot.domain import replies
from bot.domain.commit_rules import STACKED_PREFIX
from bot.domain.forge import HeadMoved, RemotePullRequest, Undoing
from bot.domain.jobs import Json
from bot.domain.own_commits import (
    MAX_UNDONE,
    NOTHING_OF_OURS,
    OwnCommit,
    OwnFiles,
    standing,
    taken_back,
    undo_key,
    undo_message,
)
from bot.domain.ports import Workspace
from bot.domain.pull_request import Sha
from bot.errors import Refused


@dataclass(frozen=True)
class UndoOfPull:
    """One `undo` on one pull request."""

    work: ReviewOfPull
    remote: RemotePullRequest
    requester: str
    """`Name <address>` for the trailer."""
    requeue: Requeue

    def run(self) -> Answer:
        """Take back what stands of ours; raises Refused with who must act."""
        found = self.work.context.step("own commits", self._find)
        if "moved" in found:
            return self.requeue.again(str(found["moved"]))
        own = [OwnCommit(Sha(sha), Sha(parent)) for sha, parent in _pairs(found["commits"])]
        files = self._files(own)
        done = self.work.context.step("commit", lambda: self._commit(own, files))
        if "moved" in done:
            return self.requeue.again(str(done["moved"]))
        urls = [str(url) for url in _items(found["stacked"])]
        return Answer(replies.undone(Sha(str(done["sha"])), [one.sha for one in own], urls))

    def _find(self) -> Json:
        """Return our commits that stand, the newest first, and what is stacked on the branch."""
        if self.remote.head_ref.startswith(STACKED_PREFIX):
            raise Refused("all of this pull request is ours; whoever does not want it closes it")
        history = self.work.connection.history
        commits = history.commits(self.work.number)
        if not commits or commits[-1].sha != self.remote.head_sha:
            return {"moved": f"the branch is no longer at {self.remote.head_sha[:12]}"}
        own = standing(commits, self._is_recorded)
        stacked = list(history.stacked_on(self.remote.head_ref))
        if not own:
            raise Refused(replies.nothing_to_undo(NOTHING_OF_OURS, stacked))
        if len(own) > MAX_UNDONE:
            raise Refused(
                f"{len(own)} commits of ours are more than the {MAX_UNDONE} that are undone at "
                "once; whoever may push reverts them with `git revert`"
            )
        return {"commits": [[one.sha, one.parent] for one in own], "stacked": stacked}

    def _is_recorded(self, key: str, sha: Sha) -> bool:
        found = self.work.desk.records.publications.find(key)
        return found is not None and found.external_id == sha and found.pull == self.work.pull

    def _files(self, own: Sequence[OwnCommit]) -> dict[str, Undoing]:
        """Return what becomes of each file that a commit of ours touched."""
        touched = [self._touched(one) for one in own]
        paths = sorted({path for one in touched for path in one.files})
        since = replace(self.remote, base_sha=own[-1].parent)
        with self.work.connection.checkout(since) as workspace:
            head = contents(workspace, self.remote.head_sha, paths)
        return taken_back(head, touched)

    def _touched(self, one: OwnCommit) -> OwnFiles:
        """Return what a commit did, read from the commit itself."""
        commit = replace(self.remote, base_sha=one.parent, head_sha=one.sha)
        with self.work.connection.checkout(commit) as workspace:
            return _own_files(workspace, one)

    def _commit(self, own: Sequence[OwnCommit], files: dict[str, Undoing]) -> Json:
        work, remote = self.work, self.remote
        message = undo_message(
            [one.sha for one in own], requester=self.requester, run_id=work.run_id
        )
        try:
            with work.connection.committing() as committer:
                check_wanted(work, remote)
                sha = committer.take_back(
                    remote.head_ref, expected=remote.head_sha, files=files, message=message
                )
        except HeadMoved as moved:
            return {"moved": str(moved)}
        work.remember_commit(undo_key(work.run_id), sha)
        return {"sha": sha}


def _own_files(workspace: Workspace, one: OwnCommit) -> OwnFiles:
    files = workspace.diff().files
    paths = sorted({path for file in files for path in (file.path, file.old_path)})
    before, after = (contents(workspace, sha, paths) for sha in (one.parent, one.sha))
    return OwnFiles(one.sha, {path: (before.get(path), after.get(path)) for path in paths})


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _pairs(value: object) -> list[tuple[str, str]]:
    return [(str(sha), str(parent)) for sha, parent in map(_items, _items(value))]
