"""A model that somebody else ends: who waits for its answer is let go."""

import threading

import pytest
from pydantic import BaseModel

from bot.adapters.stoppable import StoppableModel
from bot.domain.prompt import ask
from bot.errors import ModelFailed
from tests.agent.model_toys import ToyModel


class Note(BaseModel):
    text: str = ""


def test_who_waits_for_an_answer_is_let_go_at_once() -> None:
    asked, answer = threading.Event(), threading.Event()

    def slowly(_: str) -> Note:
        asked.set()
        answer.wait(60)
        return Note()

    closed: list[str] = []
    model = StoppableModel(ToyModel({"Note": slowly}), lambda: closed.append("closed"))

    def stop() -> None:
        asked.wait(60)
        model.close()

    stopper = threading.Thread(target=stop)
    stopper.start()

    with pytest.raises(ModelFailed, match="stopped"):
        model.complete(ask("rules", "question"), Note)
    stopper.join()
    answer.set()
    model.close()

    assert closed == ["closed"]


def test_an_answer_comes_through_and_after_the_end_none_does() -> None:
    model = StoppableModel(ToyModel({"Note": lambda _: Note(text="yes")}), lambda: None)

    assert model.complete(ask("rules", "question"), Note).value.text == "yes"
    model.close()
    with pytest.raises(ModelFailed):
        model.complete(ask("rules", "question"), Note)
