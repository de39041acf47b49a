"""Commands that people give in the thread of a finding."""

from bot.domain.events import CommentPlace
from bot.domain.requests import CommentCommand
from tests.agent.service.office import ADA, NUMBER, Office


def test_an_answer_in_a_thread_is_below_the_comment_that_began_it() -> None:
    office = Office()
    office.ask("/agent review")
    thread = office.forge.posted_threads[NUMBER][0]
    said = office.forge.say(NUMBER, "/agent help")
    request = CommentCommand(
        office.repo, NUMBER, ADA, "/agent help", said, CommentPlace.THREAD, thread.comment_id
    )

    office.run(office.submit(f"command:{said}", request))

    *_, reply = office.forge.own(NUMBER)
    assert reply.in_thread == thread.id
