"""The run's purse, shared by calls that run side by side."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bot.domain.model import NOTHING, Spending
from bot.domain.model_budget import Admission, Allowance, Demand, Purse
from bot.errors import BudgetSpent, ModelUnreachable


class Permit:
    """One call that is out; what it turned out to cost is paid when it is back."""

    def __init__(self) -> None:
        self.spending = NOTHING

    def pay(self, spending: Spending) -> None:
        """Note what the call cost; a call that pays nothing cost nothing."""
        self.spending += spending


class SharedPurse:
    """Admits calls one after the other; which ones, `Purse` decides."""

    def __init__(self, allowance: Allowance) -> None:
        self._purse = Purse(allowance)
        self._changed = threading.Condition()

    @contextmanager
    def call(self, wanted: Demand, *, patience_s: float) -> Iterator[Permit]:
        """Hold the price of a call while it is out.

        Raises BudgetSpent where it does not fit, ModelUnreachable where no other came back in time.
        """
        self._take(wanted, time.monotonic() + patience_s)
        permit = Permit()
        try:
            yield permit
        finally:
            with self._changed:
                self._purse = self._purse.settled(wanted, permit.spending)
                self._changed.notify_all()

    def spent(self) -> Spending:
        """Return what all calls that are back have cost."""
        with self._changed:
            return self._purse.spent

    def _take(self, wanted: Demand, ends_at: float) -> None:
        with self._changed:
            while (admission := self._purse.admission(wanted)) is Admission.WAIT:
                left = ends_at - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    raise ModelUnreachable("no earlier call to the model came back in time")
            if admission is Admission.NO:
                raise BudgetSpent(self._purse.refusal(wanted))
            self._purse = self._purse.taken(wanted)
