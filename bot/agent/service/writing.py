"""`implement` and `cover`: code that a model wrote is committed with its proof, or not at all."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.agent.review import Episode
from bot.agent.service.answer import Answer
from bot.agent.service.committing import Committing
from bot.agent.service.requeue import Requeue
from bot.agent.service.review_job import ReviewOfPull
from bot.agent.studio import Studio
from bot.agent.trees import contents
from bot.domain import commands, model_words, replies
from bot.domain.forge import RemotePullRequest
from bot.domain.jobs import Json
from bot.domain.ledger import RunKind
from bot.domain.permissions import Allowed
from bot.domain.pull_request import Sha
from bot.domain.repo_config import FixMode
from bot.domain.review import Review
from bot.domain.written import Written, patch_text, tests_of, written_message
from bot.errors import ModelFailed, Refused, SandboxUnavailable

Wish = commands.Implement | commands.Cover


@dataclass(frozen=True)
class WritingOnPull:
    """One request for code on one pull request."""

    work: ReviewOfPull
    remote: RemotePullRequest
    allowed: Allowed
    requester: str
    """`Name <address>` for the trailer."""
    requeue: Requeue
    trigger: str

    def run(self, command: Wish) -> Answer:
        """Write it, prove it, and commit it; raises Refused with what went wrong."""
        kind = RunKind.IMPLEMENT if isinstance(command, commands.Implement) else RunKind.COVER
        with self.work.connection.checkout(self.remote) as workspace:
            config = self.work.configured(workspace)
            with self.work.episode(self.remote, workspace, config, kind) as (episode, gear):
                studio = gear.studio
                if studio is None:
                    raise Refused(replies.NEEDS_A_MODEL)
                done = self.work.context.step("write", lambda: _write(studio, episode, command))
            pieces = _pieces(done)
            paths = sorted({path for piece in pieces for path in piece.files})
            before = contents(workspace, self.remote.head_sha, paths)
        self.work.finish(_with_cost(episode.review, done))
        if "no sandbox" in done:
            raise SandboxUnavailable(str(done["no sandbox"]))
        if "failed" in done:
            raise Refused(str(done["failed"]))
        return self._offered(command, pieces, before, config.config.fix.mode)

    def _offered(
        self,
        command: Wish,
        pieces: Sequence[Written],
        before: Mapping[str, bytes],
        mode: FixMode,
    ) -> Answer:
        """Commit it, or show it as a patch of what is there `before`."""
        files = {path: data for piece in pieces for path, data in piece.files.items()}
        if self.allowed.is_suggestion_only or mode is FixMode.SUGGEST:
            told = model_words.written_patch(patch_text(files, before))
            return Answer(model_words.written(tuple(pieces), told))
        names = [piece.subject.removeprefix("Test ") for piece in pieces]
        is_code = isinstance(command, commands.Implement)
        subject = pieces[0].subject if is_code else tests_of(names)
        message = written_message(
            pieces, requester=self.requester, run_id=self.work.run_id, subject=subject
        )
        is_stacked = mode is FixMode.STACKED
        done = Committing(self.work, self.remote, files, message).run(is_stacked=is_stacked)
        if "moved" in done:
            return self.requeue.again(str(done["moved"]))
        if is_stacked:
            told = replies.stacked(str(done["url"]))
        else:
            told = replies.committed(Sha(str(done["sha"])), (), self.trigger)
        return Answer(model_words.written(tuple(pieces), told))


def _write(studio: Studio, episode: Episode, command: Wish) -> Json:
    """Return what was written, or why nothing was, and what it cost."""
    done: dict[str, object] = {}
    try:
        done["pieces"] = [_kept(piece) for piece in _written(studio, episode, command)]
    except ModelFailed as error:
        done["failed"] = model_words.no_answer(error)
    except Refused as error:
        done["failed"] = str(error)
    except SandboxUnavailable as error:
        done["no sandbox"] = str(error)
    spent = studio.model.spent()
    done |= {"prompt": spent.usage.prompt_tokens, "reply": spent.usage.completion_tokens}
    return done | {"usd": spent.usd}


def _written(studio: Studio, episode: Episode, command: Wish) -> Sequence[Written]:
    match command:
        case commands.Implement(request=request):
            return (studio.implement.run(episode.state, request),)
        case commands.Cover():
            return studio.cover.run(episode.state)


def _kept(piece: Written) -> Json:
    files = {path: base64.b64encode(data).decode() for path, data in piece.files.items()}
    words = {"subject": piece.subject, "receipt": piece.receipt}
    return {"files": files, "explanation": piece.explanation, **words}


def _pieces(done: Json) -> list[Written]:
    pieces = done.get("pieces", [])
    assert isinstance(pieces, list)  # noqa: S101 - as `_write` left it
    return [
        Written(
            {path: base64.b64decode(data) for path, data in kept["files"].items()},
            str(kept["subject"]),
            str(kept["receipt"]),
            str(kept["explanation"]),
        )
        for kept in pieces
    ]


def _with_cost(review: Review, done: Json) -> Review:
    """Return the review with what the writing cost, for the record of the run."""
    cost = replace(
        review.verdict.cost,
        prompt_tokens=int(str(done["prompt"])),
        completion_tokens=int(str(done["reply"])),
        usd=float(str(done["usd"])),
    )
    return replace(review, verdict=replace(review.verdict, cost=cost))
